;; flags: --enable-exceptions
;; Passes on all that borrower.wat imports from lender.wat.
(module
  (import "lender" "twice" (func (param i32) (result i32)))
  (import "lender" "functions" (table 2 8 funcref))
  (import "lender" "memory" (memory 1))
  (import "lender" "count" (global (mut i32)))
  (import "lender" "answer" (global i64))
  (import "lender" "thrown" (tag (param i32)))
  (export "twice" (func 0))
  (export "functions" (table 0))
  (export "memory" (memory 0))
  (export "count" (global 0))
  (export "answer" (global 1))
  (export "thrown" (tag 0)))
