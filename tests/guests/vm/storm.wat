;; flags: --enable-exceptions
;; Exceptions without end. Their number is counted at address 0.
(module
  (tag $tag (param i32))
  (tag $other)
  (memory (export "memory") 1)

  (func $count (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))))

  (func $storm (export "storm")
    (loop $forever
      (call $count)
      (try (do (throw $tag (i32.const 1))) (catch $tag (drop)))
      (br $forever)))

  ;; the same above so many frames
  (func $above (export "above") (param i32)
    (if (local.get 0)
      (then (call $above (i32.sub (local.get 0) (i32.const 1))))
      (else (call $storm))))

  ;; thrown again by every frame on the way
  (func $passed (param i32)
    (try
      (do
        (if (local.get 0)
          (then (call $passed (i32.sub (local.get 0) (i32.const 1))))
          (else (throw $tag (i32.const 1)))))
      (catch_all (rethrow 0))))
  (func (export "passed_on")
    (loop $forever
      (call $count)
      (try (do (call $passed (i32.const 1000))) (catch $tag (drop)))
      (br $forever))))
