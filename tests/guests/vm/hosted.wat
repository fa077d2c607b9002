;; Imports from the host: a memory, a table, globals and a function.
(module
  (type $unary (func (param i32) (result i32)))
  (import "env" "memory" (memory 1 3))
  (import "env" "table" (table $table 2 8 funcref))
  (import "env" "fixed" (global $fixed i64))
  (import "env" "count" (global $count (mut i32)))
  (import "env" "change" (func $change))
  (export "memory" (memory 0))

  (func (export "twice") (type $unary)
    (i32.shl (local.get 0) (i32.const 1)))

  (func (export "load") (param i32) (result i32)
    (i32.load8_u (local.get 0)))

  (func (export "store") (param i32 i32)
    (i32.store8 (local.get 0) (local.get 1)))

  (func (export "grow") (param i32) (result i32)
    (memory.grow (local.get 0)))

  (func (export "bump") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (global.get $count))

  (func (export "get_fixed") (result i32)
    (i32.wrap_i64 (global.get $fixed)))

  (func (export "elements") (result i32)
    (table.size $table))

  ;; Calls an element of the table.
  (func (export "call") (param $element i32) (param $number i32) (result i32)
    (call_indirect $table (type $unary) (local.get $number) (local.get $element)))

  ;; What the host changes meanwhile is seen: a byte that was not there before.
  (func (export "store_after_change") (param $at i32) (result i32)
    (drop (i32.load8_u (i32.const 0)))
    (call $change)
    (i32.store8 (local.get $at) (global.get $count))
    (i32.load8_u (local.get $at))))
