;; flags: --enable-memory64
;; A program for a WASI with 64-bit pointers, which preview1 is not.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i64 i64 i64) (result i32)))
  (memory (export "memory") i64 1 0x10000000000)
  (func (export "_start") (drop (i32.load offset=8 (i64.const 0)))))
