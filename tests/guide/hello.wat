;; A guest of WASI: it greets, and tries to open what is above its directory.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open
      (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)
  (data (i32.const 0) "\08\00\00\00\0e\00\00\00")   ;; an iovec: pointer, size
  (data (i32.const 8) "Hello, hostel\0a")
  (data (i32.const 32) "../secret")

  (func (export "_start")
    (drop (call $fd_write
      (i32.const 1)               ;; standard output
      (i32.const 0) (i32.const 1) ;; one iovec, at 0
      (i32.const 64)))            ;; how much was written goes to 64
    (call $proc_exit
      (call $path_open
        (i32.const 3) (i32.const 0)       ;; the first directory granted
        (i32.const 32) (i32.const 9)      ;; "../secret"
        (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0)
        (i32.const 68)))))                ;; the descriptor goes to 68
