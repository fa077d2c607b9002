;; A malloc of another type is none.
;;
;; run: --invoke run
;; err: trap: host_http_request: the guest exports no malloc of type (i32) -> i32
;; status: 134
(module
  (import "host" "host_http_request" (func $request (param i32 i32) (result i64)))
  (memory (export "memory") 1)
  (func (export "malloc") (param i64) (result i32) (i32.const 16))
  (func (export "run") (drop (call $request (i32.const 0) (i32.const 0)))))
