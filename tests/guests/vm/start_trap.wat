;; flags: --debug-names
;; Its start function writes into an imported memory, then traps.
(module
  (import "other" "memory" (memory 1))
  (func $begin
    i32.const 5 i32.const 99 i32.store8
    i32.const -1 i32.load8_u drop)
  (start $begin))
