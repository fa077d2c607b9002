;; A guest that asks for a page and prints the answer as it comes: JSON.
(module
  (import "host" "host_http_request"
    (func $request (param i32 i32) (result i64)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 4096))
  (data (i32.const 64)
    "{\"method\":\"GET\",\"url\":\"https://example.org/\",\"headers\":{}}")

  ;; The host asks for room for its answer. Nothing is ever given back.
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get $size))))

  (func (export "_start")
    (local $answer i64)
    (local.set $answer (call $request (i32.const 64) (i32.const 58)))
    ;; pointer << 32 | size becomes an iovec at 0: pointer, size
    (i32.store (i32.const 0)
      (i32.wrap_i64 (i64.shr_u (local.get $answer) (i64.const 32))))
    (i32.store (i32.const 4) (i32.wrap_i64 (local.get $answer)))
    (drop (call $fd_write
      (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
