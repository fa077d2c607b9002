;; Puts a function of its own into a table of the host's, if the host has one
;; under that name, and then fails to start.
(module
  (type $unary (func (param i32) (result i32)))
  (import "env" "table" (table 2 funcref))
  (memory 4)
  (elem (i32.const 1) $four)
  (func $four (type $unary) (i32.const 4))
  (func $fail unreachable)
  (start $fail))
