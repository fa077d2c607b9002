;; Waits: for an hour, or for a byte of standard input.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\00\01\00\00\01\00\00\00") ;; an iovec: one byte, at 256

  ;; A subscription at 8: clock 1, which is monotonic, 3,600 s from now.
  (func (export "sleep")
    (i32.store (i32.const 24) (i32.const 1))
    (i64.store (i32.const 32) (i64.const 3600000000000))
    (drop (call $poll (i32.const 8) (i32.const 64) (i32.const 1) (i32.const 128))))

  (func (export "read")
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 128)))))
