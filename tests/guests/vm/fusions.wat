;; flags: --debug-names
;; What becomes one cell, and what must not. Each export is a row of tests/unit/test_vm_fusions.c.
(module
  (memory (export "memory") 1)

  ;; ---- comparisons ----
  (func (export "not_less") (param i32 i32) (result i32)
    (i32.eqz (i32.lt_s (local.get 0) (local.get 1))))
  (func (export "not_not_less") (param i32 i32) (result i32)
    (i32.eqz (i32.eqz (i32.lt_u (local.get 0) (local.get 1)))))
  (func (export "not_zero") (param i32 i32) (result i32)
    (i32.eqz (i64.eqz (i64.extend_i32_u (local.get 0)))))
  ;; f32.lt has no opposite: 0 / 0 is neither less than 1 nor at least 1
  (func (export "not_less_branch") (param i32 i32) (result i32)
    (if (result i32)
        (i32.eqz (f32.lt (f32.div (f32.convert_i32_s (local.get 0)) (f32.convert_i32_s (local.get 1)))
                         (f32.const 1)))
      (then (i32.const 1))
      (else (i32.const 2))))
  ;; the comparison's result is needed, too
  (func (export "kept") (param i32 i32) (result i32)
    (local i32)
    (if (i32.eqz (local.tee 2 (f32.lt (f32.convert_i32_s (local.get 0))
                                      (f32.convert_i32_s (local.get 1)))))
      (then (return (i32.add (local.get 2) (i32.const 10)))))
    (local.get 2))

  ;; ---- constants ----
  ;; a double's imm has the high half, and a branch that reads a slot 16 bits of that
  (func (export "short_double") (param i32 i32) (result i32)
    (i32.trunc_f64_s
      (f64.add (f64.mul (f64.const 1048577) (f64.convert_i32_s (local.get 0))) (f64.const 0.1))))
  (func (export "double_branches") (param i32 i32) (result i32) (local f64)
    (local.set 2 (f64.convert_i32_s (local.get 0)))
    (drop (f64.sqrt (local.get 2)))
    (if (f64.lt (local.get 2) (f64.const 0x1.0001p+3)) (then (return (i32.const 1))))
    (if (f64.gt (local.get 2) (f64.const -0x1.8p+4)) (then (return (i32.const 2))))
    (if (i32.eqz (f64.le (f64.mul (local.get 2) (local.get 2)) (f64.const 0x1.0001p+7)))
      (then (return (i32.const 3))))
    (i32.const 4))
  ;; the constant does not fit in the branch, and the i32.eqz stays what it is
  (func (export "not_less_long") (param i32 i32) (result i32) (local f64)
    (local.set 2 (f64.convert_i32_s (local.get 0)))
    (drop (f64.sqrt (local.get 2)))
    (if (i32.eqz (f64.lt (local.get 2) (f64.const 32767))) (then (return (i32.const 1))))
    (i32.const 2))
  (func (export "single_branches") (param i32 i32) (result i32) (local f32)
    (local.set 2 (f32.convert_i32_s (local.get 0)))
    (drop (f32.sqrt (local.get 2)))
    (if (f32.lt (local.get 2) (f32.const 8)) (then (return (i32.const 1))))
    (if (f32.gt (local.get 2) (f32.const 8.1)) (then (return (i32.const 2))))
    (i32.const 3))
  (func (export "on_the_left") (param i32 i32) (result i32)
    (i32.sub (i32.const 1000)
      (i32.add (i32.shl (i32.const 3) (local.get 0))
        (i32.trunc_f64_u (f64.div (f64.const 1) (f64.convert_i32_u (local.get 1)))))))

  ;; ---- the two last results ----
  (func (export "two_last") (param i32 i32) (result i32)
    (i32.xor (i32.add (local.get 0) (local.get 1)) (i32.mul (local.get 0) (i32.const 3))))
  ;; in the other order, which an addition has not, and a subtraction has
  (func (export "two_last_swapped") (param i32 i32) (result i32) (local i32 i32)
    (local.set 2 (i32.shl (local.get 0) (i32.const 4)))
    (local.set 3 (i32.mul (local.get 1) (i32.const 3)))
    (i32.add (local.get 3) (local.get 2)))
  (func (export "two_last_apart") (param i32 i32) (result i32) (local i32 i32)
    (local.set 2 (i32.shl (local.get 0) (i32.const 4)))
    (local.set 3 (i32.mul (local.get 1) (i32.const 3)))
    (i32.sub (local.get 3) (local.get 2)))
  ;; the one before is written by what has no result
  (func (export "two_last_written") (param i32 i32) (result i32) (local i32 i32)
    (local.set 2 (i32.mul (local.get 0) (i32.const 3)))
    (local.set 3 (i32.mul (local.get 1) (i32.const 5)))
    (local.set 2 (i32.const 1000))
    (i32.add (local.get 2) (local.get 3)))
  ;; not the two last: there is one between, of a select and of a global
  (func (export "two_last_between") (param i32 i32) (result i32) (local i32 i32)
    (i32.add (i32.mul (local.get 0) (i32.const 3))
      (i32.add
        (local.tee 2 (select (local.get 0) (local.get 1) (local.get 0)))
        (local.tee 3 (global.get $seven)))))
  ;; a comparison that is taken back has not been there
  (func (export "two_last_branch") (param i32 i32) (result i32) (local i32 i32)
    (local.set 2 (i32.mul (local.get 0) (i32.const 3)))
    (drop (br_if 0 (i32.const 1) (i32.lt_s (local.get 1) (i32.const 5))))
    (local.set 3 (i32.mul (local.get 1) (i32.const 5)))
    (i32.xor (local.get 2) (local.get 3)))
  (func (export "two_last_taken_back") (param i32 i32) (result i32) (local i32)
    (local.set 2 (i32.mul (local.get 0) (i32.const 3)))
    (drop (br_if 0 (i32.const 1) (i32.lt_s (local.get 1) (i32.const 5))))
    (i32.mul (local.get 2) (local.get 2)))
  ;; there are two ways to the exclusive or
  (func (export "two_last_label") (param i32 i32) (result i32) (local i32 i32)
    (local.set 2 (i32.mul (local.get 0) (i32.const 3)))
    (if (local.get 1)
      (then (local.set 2 (i32.mul (local.get 1) (i32.const 7)))))
    (local.set 3 (i32.mul (local.get 0) (i32.const 5)))
    (i32.xor (local.get 2) (local.get 3)))
  ;; a call has results of its own in between
  (func (export "two_last_call") (param i32 i32) (result i32)
    (i32.xor (i32.mul (local.get 0) (i32.const 3))
      (call $square (i32.add (local.get 1) (i32.const 1)))))
  ;; the address of the store is computed behind the value
  (func (export "two_last_store") (param i32 i32) (result i32) (local i32)
    (i32.store (i32.add (local.get 0) (local.get 1))
      (local.tee 2 (i32.mul (local.get 1) (i32.const 3))))
    (i32.xor (i32.load (i32.add (local.get 0) (local.get 1)))
      (i32.shl (local.get 2) (i32.const 1))))
  (func (export "two_last_doubles") (param i32 i32) (result i32) (local f64 f64)
    (local.set 2 (f64.convert_i32_s (local.get 0)))
    (local.set 3 (f64.convert_i32_s (local.get 1)))
    (i32.trunc_f64_s
      (f64.sub (f64.mul (local.get 2) (local.get 2)) (f64.mul (local.get 3) (local.get 3)))))
  (func (export "two_last_pinned") (param i32 i32) (result i32) (local i32)
    (local.set 2 (local.get 1))
    (loop
      (local.set 2 (i32.xor (i32.mul (local.get 2) (i32.const 3)) (i32.shl (local.get 2) (i32.const 2))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 2))

  ;; ---- pairs ----
  ;; with a call, which is another operation until it has been made
  (func $square (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))
  (func (export "calls") (param i32 i32) (result i32)
    (i32.sub
      (call $square (i32.add (local.get 1) (i32.const 1)))
      (call $square (local.get 0))))

  ;; its end is never come to
  (func (export "returns") (param i32 i32) (result i32)
    (return (i32.add (local.get 0) (local.get 1)))
    unreachable)

  ;; ---- heads of loops ----
  (func (export "while") (param i32 i32) (result i32)
    (local i32)
    (block
      (loop
        (br_if 1 (i32.eq (local.get 0) (local.get 1)))
        (local.set 2 (i32.add (i32.mul (local.get 2) (i32.const 3)) (local.get 0)))
        (local.set 0 (i32.add (local.get 0) (i32.const 1)))
        (br 0)))
    (local.get 2))
  ;; the head writes a local and may trap, the second time round
  (func (export "head_traps") (param i32 i32) (result i32)
    (local i32)
    (block
      (loop
        (local.set 2 (i32.div_u (i32.const 100) (local.get 0)))
        (br_if 1 (i32.gt_u (local.get 2) (local.get 1)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br 0)))
    (local.get 2))
  ;; the first branch stays within the loop
  (func (export "skips") (param i32 i32) (result i32)
    (local i32)
    (block
      (loop
        (block
          (br_if 0 (i32.and (local.get 0) (i32.const 1)))
          (local.set 2 (i32.add (local.get 2) (local.get 0))))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if 1 (i32.eqz (local.get 0)))
        (br 0)))
    (local.get 2))

  ;; ---- steps ----
  (func (export "stride") (param i32 i32) (result i32)
    (local i32 i32)
    (local.set 3 (i32.const 3))
    (loop
      (if (i32.eqz (i32.eq (local.get 0) (local.get 1)))
        (then
          (local.set 2 (i32.add (local.get 2) (i32.add (local.get 0) (local.get 3))))
          (local.set 0 (i32.add (local.get 3) (local.get 0)))
          (br 1))))
    (i32.add (local.get 2) (i32.const 1)))
  ;; x is on the right of the comparison, and the limit a local
  (func (export "stride_right") (param i32 i32) (result i32)
    (local i32 i64 i64 i64)
    (local.set 3 (i64.extend_i32_u (local.get 0)))
    (local.set 4 (i64.extend_i32_u (local.get 1)))
    (local.set 5 (i64.const 3))
    (loop
      (local.set 2 (i32.add (local.get 2) (i32.const 1)))
      (local.set 3 (i64.add (local.get 3) (local.get 5)))
      (br_if 0 (i64.ge_u (local.get 4) (local.get 3))))
    (local.get 2))
  (func (export "step_wide") (param i32 i32) (result i32)
    (local i32 i64)
    (local.set 3 (i64.const -163835))
    (loop
      (local.set 2 (i32.add (local.get 2) (i32.const 1)))
      (local.set 3 (i64.sub (local.get 3) (i64.const -32767)))
      (br_if 0 (i64.ne (local.get 3) (i64.const 0))))
    (local.get 2))
  (func (export "step_long") (param i32 i32) (result i32)
    (local i32 i64)
    (local.set 3 (i64.const -163840))
    (loop
      (local.set 2 (i32.add (local.get 2) (i32.const 1)))
      (local.set 3 (i64.add (local.get 3) (i64.const 32768)))
      (br_if 0 (i64.ne (local.get 3) (i64.const 0))))
    (local.get 2))
  (func (export "step_itself") (param i32 i32) (result i32)
    (loop
      (local.set 0 (i32.add (local.get 0) (local.get 0)))
      (br_if 0 (i32.lt_u (local.get 0) (local.get 1))))
    (local.get 0))

  ;; ---- sums as addresses ----
  (func (export "store_sum") (param i32 i32) (result i32)
    (i32.store8 offset=1 (i32.add (local.get 0) (local.get 1)) (i32.load8_u (local.get 0)))
    (i32.store16 (i32.add (local.get 0) (i32.const -2)) (local.get 1))
    (i32.load16_u offset=1 (i32.add (local.get 0) (local.get 1))))
  (func (export "sum_wide") (param i32 i32) (result i32)
    (i32.store (i32.add (local.get 0) (i32.const 40000)) (local.get 1))
    (i32.load (i32.add (local.get 0) (i32.const 40000))))
  ;; the sum has 32 bits
  (func (export "sum_wraps") (param i32 i32) (result i32)
    (i32.store8 (i32.add (local.get 0) (i32.const 0xFFFF0005)) (local.get 1))
    (i32.load8_u (i32.const 5)))
  ;; the addresses are constants, to which offsets are added
  (func (export "fixed") (param i32 i32) (result i32)
    (i32.store offset=4 (i32.const 100) (i32.add (local.get 0) (local.get 1)))
    (i32.store16 offset=2 (i32.const 104) (local.get 1))
    (i32.store8 (i32.const 105) (i32.const -1))
    (i32.load offset=96 (i32.const 8)))
  ;; one that is past all memories, and so is not taken for a smaller one
  (func (export "fixed_past") (param i32 i32) (result i32)
    (if (local.get 0)
      (then (return (i32.load offset=0xffffffff (i32.const 1)))))
    (local.get 1))
  (func (export "sum_wide_offset") (param i32 i32) (result i32)
    (i32.store offset=4 (i32.add (local.get 0) (i32.const 40000)) (local.get 1))
    (i32.load offset=4 (i32.add (local.get 0) (i32.const 40000))))
  ;; the right operand of the sum is where the value goes
  (func (export "store_temporary") (param i32 i32) (result i32)
    (i32.store (i32.add (i32.and (local.get 0) (i32.const 60)) (i32.and (local.get 1) (i32.const 60)))
               (i32.xor (local.get 0) (local.get 1)))
    (i32.load (i32.add (i32.and (local.get 0) (i32.const 60)) (i32.and (local.get 1) (i32.const 60)))))
  (func (export "store_constant") (param i32 i32) (result i32)
    (i32.store (i32.add (i32.and (local.get 0) (i32.const 60)) (i32.and (local.get 1) (i32.const 60)))
               (i32.const 123456))
    (i32.load (i32.add (i32.and (local.get 0) (i32.const 60)) (i32.and (local.get 1) (i32.const 60)))))

  ;; Loops that have pins (vm/fusions/pins.c): local 2 is in a register too, and so whatever writes it
  ;; has to write both.
  (func (export "pin_select") (param i32 i32) (result i32) (local i32)
    (loop
      (local.set 2 (select (i32.mul (local.get 2) (i32.const 3)) (local.get 1)
                           (i32.and (local.get 0) (i32.const 1))))
      (local.set 2 (i32.add (local.get 2) (local.get 0)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 2))

  (global $seven (mut i32) (i32.const 7))
  (func (export "pin_global") (param i32 i32) (result i32) (local i32)
    (loop
      (local.set 2 (i32.add (local.get 2) (local.get 0)))
      (global.set $seven (i32.add (local.get 2) (i32.const 1)))
      (local.set 2 (global.get $seven))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 2))

  (func (export "pin_double") (param i32 i32) (result i32) (local f64)
    (loop
      (local.set 2 (f64.add (f64.mul (local.get 2) (local.get 2)) (f64.convert_i32_u (local.get 1))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (i32.trunc_f64_u (local.get 2)))

  ;; The value from before is copied first, by the same cell.
  (func (export "pin_old") (param i32 i32) (result i32) (local i32)
    (loop
      (local.get 0)
      (local.set 0 (i32.add (local.get 0) (i32.const -1)))
      (local.set 2 (i32.add (local.get 2)))
      (br_if 0 (i32.gt_u (local.get 0) (local.get 1))))
    (local.get 2))

  ;; What a round leaves in r0 (vm/fusions/carried.c): local 0, while local 2 is pinned. Its last
  ;; value is read first;
  (func (export "carry") (param i32 i32) (result i32) (local i32)
    (loop
      (i32.mul (local.get 0) (local.get 1))
      (local.set 2 (i32.add (i32.xor (local.get 2) (i32.add (local.get 2) (local.get 2)))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 2))
  ;; compared with a constant of 16 bits, which has 32 then;
  (func (export "carry_branch") (param i32 i32) (result i32) (local i32)
    (block
      (loop
        (br_if 1 (i32.eq (local.get 0) (i32.const -5)))
        (local.set 2 (i32.add (i32.xor (local.get 2) (i32.add (local.get 2) (local.get 2)))
                              (local.get 1)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if 0 (i32.gt_s (local.get 0) (local.get 1)))))
    (i32.add (local.get 2) (local.get 0)))
  ;; stored and moved, before r0 is written;
  (func (export "carry_store") (param i32 i32) (result i32) (local i32 i32)
    (loop
      (i32.store (i32.const 8) (local.get 0))
      (local.set 3 (local.get 0))
      (local.set 2 (i32.add (i32.xor (local.get 2) (i32.mul (local.get 2) (local.get 2)))
                            (i32.load (i32.const 8))))
      (local.set 2 (i32.add (local.get 2) (local.get 1)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (local.get 1)))))
    (i32.add (local.get 2) (local.get 3)))
  ;; after r0 is written;
  (func (export "carry_late") (param i32 i32) (result i32) (local i32)
    (loop
      (i32.xor (local.get 2) (i32.add (local.get 2) (local.get 2)))
      (local.set 2 (i32.add (i32.mul (local.get 0) (local.get 1))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 2))
  ;; after the local is written;
  (func (export "carry_written") (param i32 i32) (result i32) (local i32)
    (loop
      (local.set 0 (local.get 1))
      (local.set 2 (i32.add (i32.mul (local.get 0) (i32.const 3))
                            (i32.xor (local.get 2) (i32.add (local.get 2) (local.get 2)))))
      (local.set 2 (i32.add (local.get 2) (local.get 2)))
      (local.set 1 (i32.sub (local.get 1) (i32.const 1)))
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if 0 (i32.ge_s (local.get 0) (i32.const 3))))
    (local.get 2))
  ;; not where another branch goes back.
  (func (export "carry_not") (param i32 i32) (result i32) (local i32 i32)
    (loop
      (i32.mul (local.get 0) (local.get 1))
      (local.set 2 (i32.add (i32.xor (local.get 2) (i32.add (local.get 2) (local.get 2)))))
      (br_if 0 (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 4)))
      (local.set 2 (i32.mul (local.get 2) (local.get 2)))
      (br_if 0 (local.tee 3 (i32.and (local.get 0) (i32.const 2)))))
    (local.get 2))

  ;; The loop within may use the registers; behind it nothing is in them.
  (func (export "pin_outer") (param i32 i32) (result i32) (local i32 i32)
    (loop
      (local.set 3 (local.get 1))
      (loop
        (local.set 2 (i32.add (local.get 2) (local.get 3)))
        (br_if 0 (local.tee 3 (i32.sub (local.get 3) (i32.const 1)))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 2)))
