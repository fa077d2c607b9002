;; A guest by hand: imports in an order of its own, no _initialize, malloc and memory after use.
;;
;; run: --invoke run
;; out: {"error":{"kind":"invalid_request","message":"the request is not an object"}}
;; status: 0
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "host" "host_http_request" (func $request (param i32 i32) (result i64)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory 1)
  (data (i32.const 64) "[] ")
  (data (i32.const 96) "\n")
  (func (export "run") (local $reply i64)
    (local.set $reply (call $request (i32.const 64) (i32.const 3)))
    (i32.store (i32.const 0) (i32.wrap_i64 (i64.shr_u (local.get $reply) (i64.const 32))))
    (i32.store (i32.const 4) (i32.wrap_i64 (local.get $reply)))
    (i32.store (i32.const 8) (i32.const 96))
    (i32.store (i32.const 12) (i32.const 1))
    (call $exit (call $write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 32))))
  (func $malloc (param i32) (result i32) (i32.const 1024))
  (export "malloc" (func $malloc))
  (export "memory" (memory 0)))
