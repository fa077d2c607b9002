;; Two tables that share what the vm allows.
(module
  (table $a (export "a") 60 funcref)
  (table $b (export "b") 30 funcref)
  (func (export "grow_a") (param i32) (result i32)
    (table.grow $a (ref.null func) (local.get 0)))
  (func (export "grow_b") (param i32) (result i32)
    (table.grow $b (ref.null func) (local.get 0))))
