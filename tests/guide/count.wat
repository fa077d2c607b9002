;; A guest for the exercise `wasi`: its status is the number of its arguments.
(module
  (import "wasi_snapshot_preview1" "args_count"
    (func $args_count (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  (func (export "_start")
    (drop (call $args_count (i32.const 8)))   ;; the number goes to 8
    (call $proc_exit (i32.load (i32.const 8)))))
