;; flags: --enable-tail-call --enable-exceptions
;; What tail_right.wat calls, and whom it calls back.
(module
  (tag $tag (export "tag") (param i32))
  (table (export "table") 2 funcref)
  (func (export "throw") (param i32) (result i32) (throw $tag (local.get 0)))

  ;; 7, after as many tail calls to the other instance and back as the argument says
  (func (export "left") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))
    (return_call_indirect (param i32) (result i32)
      (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))

  ;; the arguments as decimal digits, and as much more as the locals are not zero
  (func (export "digits") (param i32 i32 i32 i32) (result i32 i32)
    (local i32 i32)
    (i32.add (i32.mul (local.get 0) (i32.const 1000)) (i32.mul (local.get 1) (i32.const 100)))
    (i32.add (i32.add (i32.mul (local.get 2) (i32.const 10)) (local.get 3))
             (i32.add (local.get 4) (local.get 5)))))
