;; What bench/growth.c calls, each function with the size of the work.
(module
  (type $one (func (param i32) (result i32)))
  (table $table 0 10000000 funcref)
  (memory (export "memory") 0)
  (elem declare func $one)

  (func $one (type $one)
    (i32.add (local.get 0) (i32.const 1)))

  ;; Calls itself that many times.
  (func $deep (export "deep") (param $n i32) (result i32)
    (if (result i32) (local.get $n)
      (then
        (i32.add (i32.const 1) (call $deep (i32.sub (local.get $n) (i32.const 1)))))
      (else (i32.const 0))))

  ;; That many elements more, all of them functions. Returns how many there are.
  (func (export "table") (param $n i32) (result i32)
    (drop (table.grow $table (ref.func $one) (local.get $n)))
    (table.size $table))

  ;; Calls the function that each of so many elements is.
  (func (export "each") (param $n i32) (result i32)
    (local $i i32) (local $sum i32)
    (loop $next
      (local.set $sum (call_indirect (type $one) (local.get $sum) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $sum))

  ;; That many pages more, filled. Returns how many there are.
  (func (export "pages") (param $n i32) (result i32)
    (drop (memory.grow (local.get $n)))
    (memory.fill (i32.const 0) (i32.const 1) (i32.shl (local.get $n) (i32.const 16)))
    (memory.size)))
