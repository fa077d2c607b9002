;; flags: --enable-exceptions
;; Imports of every kind, which lender.wat exports.
(module
  (import "lender" "twice" (func $twice (param i32) (result i32)))
  (import "lender" "functions" (table $functions 1 10 funcref))
  (import "lender" "memory" (memory 1))
  (import "lender" "count" (global $count (mut i32)))
  (import "lender" "answer" (global i64))
  (import "lender" "thrown" (tag (param i32)))
  (elem declare func $thrice)

  (func $thrice (export "thrice") (param i32) (result i32)
    (i32.add (local.get 0) (call $twice (local.get 0))))

  ;; Puts a function of this module into the table of the other.
  (func (export "put_thrice") (param i32)
    (table.set $functions (local.get 0) (ref.func $thrice)))

  (func (export "set_count") (param i32)
    (global.set $count (local.get 0))))
