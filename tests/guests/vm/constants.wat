;; flags: --enable-extended-const
;; Initial values that are computed, as linkers emit them for position-independent code.
(module
  (import "other" "answer" (global $answer i64))
  (memory (export "memory") 1)
  (global (export "computed") i64
    (i64.add (global.get $answer) (i64.mul (i64.const 10) (i64.sub (i64.const 7) (i64.const 2)))))
  (data (i32.add (i32.const 40) (i32.const 2)) "x"))
