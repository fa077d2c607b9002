;; The guide's module: sum(n) is n² + (n - 1)² + ... + 1.
(module
  (func $square (param $x i32) (result i32)
    local.get $x
    local.get $x
    i32.mul)
  (func $sum (export "sum") (param $n i32) (result i32)
    (local $s i32)
    loop $next
      local.get $s
      local.get $n
      call $square
      i32.add
      local.set $s
      local.get $n
      i32.const 1
      i32.sub
      local.set $n
      local.get $n
      br_if $next
    end
    local.get $s))
