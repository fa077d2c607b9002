;; Values of every type in and out, exports of every kind.
(module
  (type $binary (func (param i32 i32) (result i32)))
  (table $functions (export "table") 1 5 funcref)
  (memory (export "memory") 1 3)
  (global (export "answer") i64 (i64.const -42))
  (global $count (export "count") (mut i32) (i32.const 7))
  (elem declare func $add)

  (func (export "reverse") (param i32 i64 f32 f64 funcref externref)
    (result externref funcref f64 f32 i64 i32)
    local.get 5 local.get 4 local.get 3 local.get 2 local.get 1 local.get 0)

  (func (export "nothing"))

  (func $add (export "add") (type $binary)
    local.get 0 local.get 1 i32.add)

  (func (export "add_reference") (result funcref)
    ref.func $add)

  (func (export "call_reference") (param funcref i32 i32) (result i32)
    i32.const 0 local.get 0 table.set $functions
    local.get 1 local.get 2 i32.const 0 call_indirect (type $binary))

  (func (export "bump") (result i32)
    global.get $count i32.const 1 i32.add global.set $count
    global.get $count)

  (func (export "grow") (param i32) (result i32)
    local.get 0 memory.grow)

  (func (export "load") (param i32) (result i32)
    local.get 0 i32.load8_u)

  (func (export "store") (param i32 i32)
    local.get 0 local.get 1 i32.store8))
