;; flags: --debug-names
;; What the listings show: tests/cli/listing.py compares.
(module
  (import "env" "log" (func $log (param i32)))
  (memory (export "memory") 1)
  (global $pointer (mut i32) (i32.const 65536))
  (table funcref (elem $twice))
  (type $unary (func (param i32) (result i32)))

  ;; a call whose results, a constant and locals are brought together
  (func $twice (export "twice") (param i32) (result i32)
    local.get 0
    local.get 0
    i32.add)
  (func (export "sum") (param i32) (result i32) (local i32)
    loop
      local.get 1
      local.get 0
      i32.add
      local.set 1
      local.get 0
      i32.const -1
      i32.add
      local.tee 0
      br_if 0
    end
    local.get 1)
  (func $mixed (export "mixed") (param i32 f64) (result i32)
    global.get $pointer
    i32.const 16
    i32.sub
    global.set $pointer
    local.get 0
    i32.const 5
    call $twice
    i32.mul
    local.get 0
    i32.const 3
    i32.lt_s
    if (result i32)
      local.get 0
      i32.const 4
      i32.add
      i32.load offset=8
    else
      i32.const 9
    end
    i32.add
    i32.const 0
    call_indirect (type $unary)
    local.set 0
    i32.const 64
    local.get 1
    f64.const 0.5
    f64.mul
    f64.store
    block
      block
        local.get 0
        br_table 0 1 1
      end
      unreachable
    end
    local.get 0)
  (func (export "vector") (param v128 i64) (result v128) (local v128)
    local.get 0
    local.get 1
    i64x2.splat
    i64x2.add
    local.tee 2)
  (func (export "told") (param i32)
    i32.const 1
    call $log)
  (func (export "fails") (param i32) (result i32)
    local.get 0
    i32.const 65533
    i32.add
    i32.load))
