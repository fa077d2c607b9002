;; What is executed how often is told in the names of the functions.
(module
  (memory 1)
  ;; n times around; the condition holds for odd numbers
  (func (export "odd") (param $n i32) (result i32) (local $odd i32)
    (loop $again
      (if (i32.and (local.get $n) (i32.const 1))
        (then (local.set $odd (i32.add (local.get $odd) (i32.const 1))))
        (else (drop (i32.load (local.get $odd)))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $odd))
  ;; a branch that has a value to move: taken unless n is 0
  (func (export "moves") (param $n i32) (result i32)
    (block $out (result i32)
      (i32.const 1)
      (br_if $out (i32.const 7) (local.get $n))
      (drop)
      (drop)
      (i32.const 2)))
  ;; divides by n, and does more behind it
  (func $divide (export "divide") (param $n i32) (result i32)
    (i32.store (i32.const 0) (i32.const 1))
    (i32.div_s (i32.const 1) (local.get $n))
    (i32.store (i32.const 0) (i32.const 2))
    (i32.store (i32.const 4) (i32.const 3)))
  (func (export "calls") (param $n i32) (result i32)
    (call $divide (i32.const 1))
    (call $divide (local.get $n))
    (i32.add)
    (i32.store (i32.const 8) (i32.const 4))
    (return (i32.const 5))
    (unreachable)))
