;; flags: --enable-multi-memory
;; What tests/embed/store.c and the second program in REFERENCE.md share with a guest.
(module
  (import "env" "memory" (memory 1 3))
  (global $count (export "count") (mut i32) (i32.const 7))
  (table $functions (export "functions") 2 8 funcref)
  (memory $own (export "own") 1)

  (func $seven (export "seven") (result i32)
    (i32.const 7))

  ;; Adds the number of pages to the first byte, and counts how often it was called.
  (func (export "fill")
    (i32.store8 0 (i32.const 0) (i32.add (i32.load8_u 0 (i32.const 0)) (memory.size 0)))
    (global.set $count (i32.add (global.get $count) (i32.const 1))))

  (func (export "call") (param i32) (result i32)
    (call_indirect $functions (result i32) (local.get 0))))
