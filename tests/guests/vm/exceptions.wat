;; flags: --enable-exceptions
(module
  (tag $number (param i32))
  (tag $pair (param i32 i64))
  (tag $empty)
  (memory 1)

  (func $throw_number (param i32) (throw $number (local.get 0)))
  (func $throw_by (param i32)
    (if (i32.eq (local.get 0) (i32.const 1)) (then (throw $number (i32.const 100))))
    (if (i32.eq (local.get 0) (i32.const 2)) (then (throw $pair (i32.const 200) (i64.const 7))))
    (if (i32.eq (local.get 0) (i32.const 3)) (then (throw $empty))))

  ;; which clause catches what the argument chooses; 0 throws nothing
  (func (export "choose") (param i32) (result i32)
    (try (result i32)
      (do (call $throw_by (local.get 0)) (i32.const 5))
      (catch $number (i32.add (i32.const 1)))
      (catch $pair (i32.wrap_i64) (i32.add))
      (catch_all (i32.const 300))))

  ;; locals written before and within the try are seen by the clause; so are operands below it
  (func (export "locals") (param i32) (result i32)
    (local i32)
    (local.set 1 (i32.const 10))
    (local.get 1)
    (try (result i32)
      (do
        (local.set 1 (i32.add (local.get 0) (i32.const 20)))
        (call $throw_number (local.get 1))
        (local.set 1 (i32.const 0))
        (i32.const 0))
      (catch $number (i32.mul (local.get 1))))
    (i32.add))

  ;; the innermost try that has a clause for it, over frames in between
  (func $middle (param i32)
    (try (do (call $throw_by (local.get 0)))
      (catch $empty)))
  (func (export "nested") (param i32) (result i32)
    (try (result i32)
      (do
        (try (result i32)
          (do (call $middle (local.get 0)) (i32.const 1))
          (catch $pair (drop) (drop) (i32.const 2))))
      (catch $number)))

  (func (export "rethrow") (param i32) (result i32)
    (try (result i32)
      (do
        (try (result i32)
          (do (call $throw_by (local.get 0)) (i32.const 0))
          (catch $number
            (try (do (throw $empty)) (catch $empty (rethrow 1)))
            (drop) (i32.const -1))))
      (catch $number (i32.add (i32.const 1)))
      (catch_all (i32.const 9))))

  ;; the middle try is skipped
  (func (export "delegate") (param i32) (result i32)
    (try $outer (result i32)
      (do
        (try (result i32)
          (do
            (try (result i32)
              (do (call $throw_by (local.get 0)) (i32.const 0))
              (delegate $outer)))
          (catch $number (drop) (i32.const -1))))
      (catch $number (i32.add (i32.const 2)))))

  (func (export "uncaught") (call $throw_by (i32.const 2)))
  (func (export "uncaught_deep")
    (try (do (call $throw_by (i32.const 3))) (catch $number (drop))))

  ;; as many exceptions as the argument says, one after the other
  (func (export "many") (param i32) (result i32)
    (local i32)
    (loop $again
      (try
        (do (call $throw_number (local.get 0)))
        (catch $number (local.set 1 (i32.add (local.get 1)))))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))

  ;; the same from a recursion that deep
  (func $deep (param i32)
    (if (local.get 0)
      (then (call $deep (i32.sub (local.get 0) (i32.const 1))))
      (else (throw $number (i32.const 77)))))
  (func (export "deep") (param i32) (result i32)
    (try (result i32) (do (call $deep (local.get 0)) (i32.const 0)) (catch $number)))

  ;; branches out of a body and out of a clause, with a value
  (func (export "leave") (param i32) (result i32)
    (block $out (result i32)
      (i32.const 1000)
      (try (result i32)
        (do
          (br_if $out (i32.const 1) (i32.eqz (local.get 0)))
          (drop)
          (call $throw_by (local.get 0))
          (i32.const 2))
        (catch $number (br $out))
        (catch_all (i32.const 4)))
      (i32.add)))

  ;; a trap is not an exception
  (func (export "trap") (param i32) (result i32)
    (try (result i32)
      (do (i32.div_u (i32.const 1) (local.get 0)))
      (catch_all (i32.const 1)))))
