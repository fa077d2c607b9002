;; flags: --debug-names
;; Traps at some depth, with something done before.
(module
  (import "env" "again" (func $again (param i32) (result i32)))
  (table 2 funcref)
  (elem (i32.const 0) $innermost)
  (memory (export "memory") 1)
  (global $count (export "count") (mut i32) (i32.const 0))

  (func $innermost
    global.get $count i32.const 1 i32.add global.set $count
    i32.const 100 i32.const 65 i32.store8
    unreachable)

  (func $middle (param i32)
    local.get 0 call_indirect)

  (func $outermost (export "run") (param i32) (result i32)
    local.get 0 call $middle
    i32.const 1)

  (func (export "fine") (result i32)
    global.get $count)

  (func $recurse (export "recurse")
    call $recurse)

  (func $divide (export "divide") (param i32 i32) (result i32)
    local.get 0 local.get 1 i32.div_s)

  (func $through_host (export "through_host") (result i32)
    i32.const 0 call $again))
