;; One instruction that takes long: a gibibyte filled or copied.
(module
  (memory (export "memory") 16384)

  (func (export "fill")
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x40000000)))

  ;; four times the memory
  (func (export "fill_beyond")
    (memory.fill (i32.const 0) (i32.const 1) (i32.const -1)))

  ;; forward and backward
  (func (export "copy_down")
    (i32.store8 (i32.const 0x3FFFFFFF) (i32.const 1))
    (memory.copy (i32.const 0) (i32.const 1) (i32.const 0x3FFFFFFF)))
  (func (export "copy_up")
    (i32.store8 (i32.const 0) (i32.const 1))
    (memory.copy (i32.const 1) (i32.const 0) (i32.const 0x3FFFFFFF)))

  ;; 40 MiB, more than is copied at once: bytes that count, moved by one, then added up
  (func (export "move") (param $to i32) (param $from i32) (result i32)
    (local $i i32) (local $wrong i32)
    (loop $set
      (i32.store8 (i32.add (local.get $from) (local.get $i)) (i32.mul (local.get $i) (i32.const 31)))
      (br_if $set (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 0x2800000))))
    (memory.copy (local.get $to) (local.get $from) (i32.const 0x2800000))
    (local.set $i (i32.const 0))
    (loop $check
      (local.set $wrong (i32.add (local.get $wrong)
        (i32.ne (i32.load8_u (i32.add (local.get $to) (local.get $i)))
          (i32.and (i32.mul (local.get $i) (i32.const 31)) (i32.const 255)))))
      (br_if $check (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 0x2800000))))
    (local.get $wrong)))
