;; flags: --enable-tail-call --enable-exceptions
;; Vectors where they are moved about: two slots of a frame, not one.
(module
  (import "host" "reverse" (func $reverse (param v128 i32) (result i32 v128)))
  (tag $tag (param i32 v128 i32))
  (memory 1)
  (global $before (mut i32) (i32.const 77))
  (global $g (export "g") (mut v128) (v128.const i32x4 1 2 3 4))
  (global $after (mut i32) (i32.const 78))

  (func $sum (export "sum") (param v128) (result i32)
    (i32.add (i32.add (i32x4.extract_lane 0 (local.get 0)) (i32x4.extract_lane 1 (local.get 0)))
             (i32.add (i32x4.extract_lane 2 (local.get 0)) (i32x4.extract_lane 3 (local.get 0)))))

  (func $turn (param i32 v128 v128) (result v128 i32 v128)
    (local.get 2) (local.get 0) (local.get 1))

  ;; globals beside others
  (func (export "double_g") (result i32)
    (local $x v128)
    (local.set $x (i32x4.add (global.get $g) (global.get $g)))
    (global.set $g (local.get $x))
    (i32.add (call $sum (global.get $g)) (i32.add (global.get $before) (global.get $after))))

  ;; a local is written while an operand waits to be read from it, or holds a copy of it
  (func (export "alias") (param $p i32) (result i32)
    (local $x v128) (local $y v128)
    (local.set $x (v128.const i32x4 1 1 1 1))
    (local.get $x)
    (local.set $x (i32x4.add (local.get $x) (i32x4.splat (local.get $p))))
    (local.get $x)
    (local.set $y (i32x4.mul))
    (local.tee $y (i32x4.add (local.get $y) (local.get $y)))
    (local.get $y)
    (local.set $y (v128.const i32x4 9 9 9 9))
    (i32x4.sub)
    (v128.or (local.get $y))
    (i32.add (call $sum) (call $sum (local.get $x))))

  ;; blocks, branches and select with vectors among other values
  (func (export "blocks") (param $p i32) (result i32)
    (local $n i32) (local $v v128)
    (i32.const 5)
    (v128.const i32x4 0 1 2 3)
    (block (param v128) (result v128)
      (loop $again (param v128) (result v128)
        (i32x4.add (v128.const i32x4 1 1 1 1))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $n) (local.get $p)))))
    (drop) (drop)
    (block $out (result v128)
      (i64.const 3)
      (i32x4.add (v128.const i32x4 7 7 7 7) (v128.const i32x4 2 0 0 0))
      (br_table $out $out (local.get $p)))
    (local.set $v)
    (select (v128.const i32x4 100 100 100 100) (local.get $v) (i32.eqz (local.get $p)))
    (if (result v128) (local.get $p)
      (then (local.get $v)) (else (v128.const i32x4 4 4 4 4)))
    (i32x4.add)
    (call $sum)
    (call $turn (local.get $n) (local.get $v) (v128.const i32x4 8 0 0 0))
    (drop) (drop) (call $sum) (i32.add))

  (func $tail (export "tail") (param i32) (result i32)
    (return_call $swap (local.get 0) (v128.const i32x4 1 2 3 4) (i64.const 9)
      (v128.const i32x4 10 20 30 40)))
  (func $swap (param i32 v128 i64 v128) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (call $sum (local.get 1)))))
    (return_call $swap (i32.sub (local.get 0) (i32.const 1)) (local.get 3) (local.get 2)
      (local.get 1)))

  (func (export "to_host") (result i32)
    (local $v v128)
    (call $reverse (v128.const i32x4 1 20 300 4000) (i32.const 5))
    (local.set $v)
    (i32.add (i32.mul (i32.const 10000) (i32x4.extract_lane 0 (local.get $v)))))

  (func (export "thrown") (result i32)
    (local $n i32) (local $v v128)
    (try (result i32)
      (do (throw $tag (i32.const 1) (v128.const i32x4 10 20 30 40) (i32.const 1000)))
      (catch $tag
        (local.set $n) (local.set $v)
        (i32.add (local.get $n)) (i32.add (call $sum (local.get $v))))))

  ;; returned if $p, and used all the same if not
  (func $kept (param $v v128) (param $p i32) (result v128)
    (br_if 0 (local.get $v) (local.get $p))
    (i32x4.add (local.get $v)))
  (func (export "kept") (param $p i32) (result i32)
    (call $sum (call $kept (v128.const i32x4 1 20 300 4000) (local.get $p))))

  ;; what no access may reach over
  (func (export "load") (param i32) (result i32) (call $sum (v128.load (local.get 0))))
  (func (export "load_lane") (param i32) (result i32)
    (call $sum (v128.load32_lane 1 (local.get 0) (v128.const i32x4 1 1 1 1))))
  (func (export "store") (param i32) (v128.store (local.get 0) (v128.const i64x2 -1 -1)))

  (func (export "unreachable_code") (result i32)
    (return (i32.const 3))
    (v128.not) (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    (v128.store8_lane 3)
    (i32x4.splat) (drop) (i32.const 1)))
