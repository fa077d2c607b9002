;; flags: --enable-relaxed-simd
;; Relaxed vector instructions: where the spec allows several results, it is always that of its
;; deterministic profile, whatever the machine would like better.

(module
  (func (export "swizzle") (param v128 v128) (result v128)
    (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))
  (func (export "trunc_f32_s") (param v128) (result v128)
    (i32x4.relaxed_trunc_f32x4_s (local.get 0)))
  (func (export "trunc_f32_u") (param v128) (result v128)
    (i32x4.relaxed_trunc_f32x4_u (local.get 0)))
  (func (export "trunc_f64_s") (param v128) (result v128)
    (i32x4.relaxed_trunc_f64x2_s_zero (local.get 0)))
  (func (export "trunc_f64_u") (param v128) (result v128)
    (i32x4.relaxed_trunc_f64x2_u_zero (local.get 0)))
  (func (export "f32_madd") (param v128 v128 v128) (result v128)
    (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
  (func (export "f32_nmadd") (param v128 v128 v128) (result v128)
    (f32x4.relaxed_nmadd (local.get 0) (local.get 1) (local.get 2)))
  (func (export "f64_madd") (param v128 v128 v128) (result v128)
    (f64x2.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
  (func (export "f64_nmadd") (param v128 v128 v128) (result v128)
    (f64x2.relaxed_nmadd (local.get 0) (local.get 1) (local.get 2)))
  (func (export "i8_laneselect") (param v128 v128 v128) (result v128)
    (i8x16.relaxed_laneselect (local.get 0) (local.get 1) (local.get 2)))
  (func (export "i16_laneselect") (param v128 v128 v128) (result v128)
    (i16x8.relaxed_laneselect (local.get 0) (local.get 1) (local.get 2)))
  (func (export "i32_laneselect") (param v128 v128 v128) (result v128)
    (i32x4.relaxed_laneselect (local.get 0) (local.get 1) (local.get 2)))
  (func (export "i64_laneselect") (param v128 v128 v128) (result v128)
    (i64x2.relaxed_laneselect (local.get 0) (local.get 1) (local.get 2)))
  (func (export "f32_min") (param v128 v128) (result v128)
    (f32x4.relaxed_min (local.get 0) (local.get 1)))
  (func (export "f32_max") (param v128 v128) (result v128)
    (f32x4.relaxed_max (local.get 0) (local.get 1)))
  (func (export "f64_min") (param v128 v128) (result v128)
    (f64x2.relaxed_min (local.get 0) (local.get 1)))
  (func (export "f64_max") (param v128 v128) (result v128)
    (f64x2.relaxed_max (local.get 0) (local.get 1)))
  (func (export "q15mulr") (param v128 v128) (result v128)
    (i16x8.relaxed_q15mulr_s (local.get 0) (local.get 1))))

;; Indices behind the last byte are zero, below 128 and from there on.
(assert_return (invoke "swizzle"
    (v128.const i8x16 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
    (v128.const i8x16 15 0 16 17 31 127 128 255 1 2 3 4 5 6 7 8))
  (v128.const i8x16 16 1 0 0 0 0 0 0 2 3 4 5 6 7 8 9))

;; What no integer can hold saturates, and not-a-number is 0.
(assert_return (invoke "trunc_f32_s" (v128.const f32x4 -1.9 3e9 -3e9 nan))
  (v128.const i32x4 -1 0x7fffffff 0x80000000 0))
(assert_return (invoke "trunc_f32_u" (v128.const f32x4 4e9 5e9 -1 nan))
  (v128.const i32x4 4000000000 0xffffffff 0 0))
(assert_return (invoke "trunc_f64_s" (v128.const f64x2 -1.9 3e9))
  (v128.const i32x4 -1 0x7fffffff 0 0))
(assert_return (invoke "trunc_f64_s" (v128.const f64x2 nan -3e9))
  (v128.const i32x4 0 0x80000000 0 0))
(assert_return (invoke "trunc_f64_u" (v128.const f64x2 4e9 5e9))
  (v128.const i32x4 4000000000 0xffffffff 0 0))
(assert_return (invoke "trunc_f64_u" (v128.const f64x2 nan -1))
  (v128.const i32x4 0 0 0 0))

;; The product is rounded, too: one rounding alone would leave a tiny number in the first lane. The
;; difference of equals is a positive zero.
(assert_return (invoke "f32_madd"
    (v128.const f32x4 0x1.000002p+0 2 -3 inf)
    (v128.const f32x4 0x1.000002p+0 3 3 1)
    (v128.const f32x4 -0x1.000004p+0 4 9 1))
  (v128.const f32x4 0 10 0 inf))
(assert_return (invoke "f32_nmadd"
    (v128.const f32x4 0x1.000002p+0 2 -3 inf)
    (v128.const f32x4 0x1.000002p+0 3 3 1)
    (v128.const f32x4 0x1.000004p+0 4 -9 1))
  (v128.const f32x4 0 -2 0 -inf))
(assert_return (invoke "f64_madd"
    (v128.const f64x2 0x1.0000000000001p+0 2)
    (v128.const f64x2 0x1.0000000000001p+0 3)
    (v128.const f64x2 -0x1.0000000000002p+0 4))
  (v128.const f64x2 0 10))
(assert_return (invoke "f64_nmadd"
    (v128.const f64x2 0x1.0000000000001p+0 2)
    (v128.const f64x2 0x1.0000000000001p+0 3)
    (v128.const f64x2 0x1.0000000000002p+0 4))
  (v128.const f64x2 0 -2))

;; Bit by bit, though the lane's highest bit might decide for all of it.
(assert_return (invoke "i8_laneselect"
    (v128.const i8x16 0xff 0xff 0xff 0xff 0 0 0 0 0 0 0 0 0 0 0 0)
    (v128.const i8x16 0 0 0 0 0xff 0xff 0 0 0 0 0 0 0 0 0 0)
    (v128.const i8x16 0xff 0x80 0x7f 0 0x80 0x7f 0 0 0 0 0 0 0 0 0 0))
  (v128.const i8x16 0xff 0x80 0x7f 0 0x7f 0x80 0 0 0 0 0 0 0 0 0 0))
(assert_return (invoke "i16_laneselect"
    (v128.const i16x8 0x1234 0x1234 0x1234 0 0 0 0 0)
    (v128.const i16x8 0x5678 0x5678 0x5678 0 0 0 0 0)
    (v128.const i16x8 0xff00 0x00ff 0x0080 0 0 0 0 0))
  (v128.const i16x8 0x1278 0x5634 0x5678 0 0 0 0 0))
(assert_return (invoke "i32_laneselect"
    (v128.const i32x4 0x12341234 0x12341234 0 0)
    (v128.const i32x4 0x56785678 0x56785678 0 0)
    (v128.const i32x4 0xffff0000 0x0000ffff 0 0))
  (v128.const i32x4 0x12345678 0x56781234 0 0))
(assert_return (invoke "i64_laneselect"
    (v128.const i64x2 3 3)
    (v128.const i64x2 4 4)
    (v128.const i64x2 0x8000000000000000 1))
  (v128.const i64x2 4 5))

;; Not-a-number wins on either side, and the zeros are told apart.
(assert_return (invoke "f32_min" (v128.const f32x4 -0 0 nan 0) (v128.const f32x4 0 -0 0 nan))
  (v128.const f32x4 -0 -0 nan:canonical nan:canonical))
(assert_return (invoke "f32_max" (v128.const f32x4 -0 0 nan 0) (v128.const f32x4 0 -0 0 nan))
  (v128.const f32x4 0 0 nan:canonical nan:canonical))
(assert_return (invoke "f64_min" (v128.const f64x2 -0 0) (v128.const f64x2 0 nan))
  (v128.const f64x2 -0 nan:canonical))
(assert_return (invoke "f64_max" (v128.const f64x2 -0 nan) (v128.const f64x2 0 0))
  (v128.const f64x2 0 nan:canonical))

;; The only product that does not fit in its lane.
(assert_return (invoke "q15mulr"
    (v128.const i16x8 -32768 -32768 16384 -1 0 0 0 0)
    (v128.const i16x8 -32768 32767 16384 1 0 0 0 0))
  (v128.const i16x8 32767 -32767 8192 0 0 0 0 0))

;; The dot products, whose names in the text format were not the same at all times.
(module binary
  "\00asm" "\01\00\00\00"
  "\01\0e\02" "\60\02\7b\7b\01\7b" "\60\03\7b\7b\7b\01\7b"  ;; types
  "\03\03\02\00\01"                                          ;; functions
  "\07\11\02" "\03dot\00\00" "\07dot_add\00\01"              ;; exports
  "\0a\17\02"
  "\09\00" "\20\00\20\01" "\fd\92\02\0b"        ;; i16x8.relaxed_dot_i8x16_i7x16_s
  "\0b\00" "\20\00\20\01\20\02" "\fd\93\02\0b") ;; i32x4.relaxed_dot_i8x16_i7x16_add_s

;; No byte is taken for an unsigned one. The greatest sum saturates in 16 bits, before two of them
;; are added up.
(assert_return (invoke "dot"
    (v128.const i8x16 -128 -128 -128 -128 -128 -128 1 2 0 0 0 0 0 0 0 0)
    (v128.const i8x16 -128 -128 -127 -127 127 127 3 4 0 0 0 0 0 0 0 0))
  (v128.const i16x8 32767 32512 -32512 11 0 0 0 0))
(assert_return (invoke "dot_add"
    (v128.const i8x16 -128 -128 -128 -128 -128 -128 -128 -128 1 2 3 4 0 0 0 1)
    (v128.const i8x16 -128 -128 -128 -128 -127 -127 -127 -127 5 6 7 8 0 0 0 1)
    (v128.const i32x4 1 2 -3 0x7fffffff))
  (v128.const i32x4 65535 65026 67 0x80000000))
