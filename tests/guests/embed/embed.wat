;; flags: --debug-names
;; What the programs of tests/embed run.
(module
  (import "env" "add" (func $add (param i32 i32) (result i32)))
  (memory (export "memory") 1 10)

  (func (export "sum") (param i32 i32) (result i32)
    (call $add (local.get 0) (local.get 1)))

  ;; Adds up the bytes in front of the first that is 0.
  (func (export "add_bytes") (param $at i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.load8_u (local.get $at))))
    (local.get $sum))

  (func (export "grow") (param i32) (result i32)
    (memory.grow (local.get 0)))

  (func (export "spin")
    (loop $forever (br $forever)))

  (func $inner unreachable)
  (func $outer (export "trap") (call $inner)))
