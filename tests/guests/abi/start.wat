;; A start function that asks for HTTP while its instance is being made.
;;
;; run: --invoke size
;; out: 77
;; status: 0
(module
  (import "host" "host_http_request" (func $request (param i32 i32) (result i64)))
  (memory (export "memory") 1)
  (data (i32.const 8) "\"\"")
  (global $reply (mut i64) (i64.const 0))
  (func $start (global.set $reply (call $request (i32.const 8) (i32.const 2))))
  (start $start)
  (func (export "size") (result i32) (i32.wrap_i64 (global.get $reply)))
  (func (export "malloc") (param i32) (result i32) (i32.const 1024)))
