;; Calls to the host, and from the host back into the guest.
(module
  (import "env" "reverse" (func $reverse (param i32 i64 f32 f64 funcref externref)
    (result externref funcref f64 f32 i64 i32)))
  (import "env" "again" (func $again (param i32) (result i32)))
  (import "env" "fail" (func $fail (param i32)))
  (memory (export "memory") 1)
  (global $failures (export "failures") (mut i32) (i32.const 0))

  (func (export "reverse") (param i32 i64 f32 f64 funcref externref)
    (result externref funcref f64 f32 i64 i32)
    local.get 0 local.get 1 local.get 2 local.get 3 local.get 4 local.get 5
    call $reverse)

  ;; The sum of 0 to n, each step through the host.
  (func (export "sum") (param i32) (result i32)
    local.get 0 i32.eqz
    if (result i32)
      i32.const 0
    else
      local.get 0
      local.get 0 i32.const 1 i32.sub call $again
      i32.add
    end)

  (func (export "fail") (param i32)
    global.get $failures i32.const 1 i32.add global.set $failures
    local.get 0 call $fail
    unreachable)

  (func (export "grow") (result i32)
    i32.const 1 memory.grow))
