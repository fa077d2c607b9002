;; flags: --enable-tail-call --no-check
(module
  (func $callee (result i64) (i64.const 1))
  (func (result i32) (return_call $callee)))
