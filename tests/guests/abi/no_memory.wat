;; No memory at all: nothing can be read from it, nor written.
;;
;; run: --invoke nowhere
;; out: 0
;; status: 0
;;
;; run: --invoke somewhere
;; err: outside memory
;; status: 134
(module
  (import "host" "host_http_request" (func $request (param i32 i32) (result i64)))
  (global $address (mut i32) (i32.const 0))
  (func (export "malloc") (param i32) (result i32) (global.get $address))
  (func (export "nowhere") (result i64) (call $request (i32.const 0) (i32.const 2)))
  (func (export "somewhere") (result i64)
    (global.set $address (i32.const 8))
    (call $request (i32.const 0) (i32.const 0))))
