;; flags: --enable-multi-memory
;; What system calls see is the memory that is exported as "memory", not the first.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory 1)
  (memory $m (export "memory") 1)
  (data (memory $m) (i32.const 0) "\10\00\00\00\06\00\00\00")
  (data (memory $m) (i32.const 16) "hello\n")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100)))))
