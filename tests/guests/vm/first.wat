;; Functions that call each other in all ways, so that each is called for the first time in one.
(module
  (type $unary (func (param i32) (result i32)))
  (table (export "table") funcref (elem $even $odd $third))

  (func $even (export "even") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 1))
      (else (call $odd (i32.sub (local.get 0) (i32.const 1))))))

  (func $odd (export "odd") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (call $even (i32.sub (local.get 0) (i32.const 1))))))

  (func $third (param i32) (result i32)
    (i32.div_u (local.get 0) (i32.const 3)))

  (func (export "indirect") (param i32 i32) (result i32)
    (call_indirect (type $unary) (local.get 0) (local.get 1)))

  (func (export "never") (result i32) (i32.const 9)))
