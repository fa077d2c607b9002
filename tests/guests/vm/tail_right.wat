;; flags: --enable-tail-call --enable-exceptions
;; Tail calls to functions of another instance, tail_left.wat.
(module
  (import "left" "tag" (tag $tag (param i32)))
  (import "left" "table" (table 2 funcref))
  (import "left" "throw" (func $throw (param i32) (result i32)))
  (import "left" "left" (func $left (param i32) (result i32)))
  (import "left" "digits" (func $digits (param i32 i32 i32 i32) (result i32 i32)))
  (elem (i32.const 0) $right $throw)

  (func $right (export "right") (param i32) (result i32) (return_call $left (local.get 0)))

  ;; The frame with the try is gone when the callee throws.
  (func $direct (export "direct") (param i32) (result i32)
    (try (result i32)
      (do (return_call $throw (local.get 0)))
      (catch_all (i32.const -1))))
  (func $indirect (export "indirect") (param i32) (result i32)
    (try (result i32)
      (do (return_call_indirect (param i32) (result i32) (local.get 0) (i32.const 1)))
      (catch_all (i32.const -1))))
  (func (export "caught_direct") (param i32) (result i32)
    (try (result i32) (do (call $direct (local.get 0))) (catch $tag (i32.add (i32.const 100)))))
  (func (export "caught_indirect") (param i32) (result i32)
    (try (result i32) (do (call $indirect (local.get 0))) (catch $tag (i32.add (i32.const 200)))))

  ;; More arguments than the frame of the caller has slots, and the frame below is left alone.
  (func $more (param i32) (result i32 i32)
    (return_call $digits (i32.const 1) (i32.const 2) (i32.const 3) (local.get 0)))
  (func (export "digits") (param i32) (result i32)
    (local i32)
    (local.set 1 (i32.const 50000))
    (local.get 1)
    (call $more (local.get 0))
    (i32.add) (i32.add) (local.get 1) (i32.add)))
