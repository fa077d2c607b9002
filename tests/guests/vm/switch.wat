;; flags: --debug-names
;; An interpreter whose loop is one switch: 0 doubles, 1 adds one, 2 skips the argument, else the end.
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "\01\00\00\01\00\02\05\01\03") ;; ((1 * 2 * 2) + 1) * 2, over five, + 1
  (data (i32.const 65534) "\01\00")                  ;; and off the end of the memory

  (func $run (export "run") (param $pc i32) (param $acc i32) (result i32)
    (loop $next
      (block $end
        (block $skip
          (block $one
            (block $double
              (br_table $double $one $skip $end (i32.load8_u (local.get $pc))))
            (local.set $acc (i32.shl (local.get $acc) (i32.const 1)))
            (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
            (br $next))
          (local.set $acc (i32.add (local.get $acc) (i32.const 1)))
          (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
          (br $next))
        (local.set $pc (i32.add (local.get $pc) (i32.load8_u offset=1 (local.get $pc))))
        (local.set $pc (i32.sub (local.get $pc) (i32.const 3)))
        (br $next)))
    (local.get $acc)))
