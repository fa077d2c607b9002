;; flags: --enable-tail-call
(module
  (import "host" "double" (func $double (param i32) (result i32)))
  (type $unary (func (param i32) (result i32)))
  (table funcref (elem $double $down $many))

  ;; 0, after as many tail calls as the argument says
  (func $down (export "down") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (return_call $down (i32.sub (local.get 0) (i32.const 1))))))

  ;; the same through the table
  (func $down_indirect (export "down_indirect") (param i32 i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))
    (return_call_indirect (param i32) (result i32)
      (i32.sub (local.get 0) (i32.const 1)) (local.get 1)))

  ;; callers and callees of different frames: more and fewer parameters, locals, results
  (func $few (export "few") (param i32) (result i32)
    (local i64 i64 i64)
    (local.set 2 (i64.const -1))
    (return_call $more (local.get 0) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)))
  (func $more (param i32 i32 i32 i32 i32) (result i32)
    (local i32 i32)
    (if (i32.or (local.get 5) (local.get 6)) (then (return (i32.const -1)))) ;; locals are zero
    (if (i32.eqz (local.get 0))
      (then (return (i32.add (i32.mul (local.get 1) (i32.const 1000))
        (i32.add (i32.mul (local.get 2) (i32.const 100))
          (i32.add (i32.mul (local.get 3) (i32.const 10)) (local.get 4)))))))
    (local.set 6 (i32.const 9))
    (return_call $few (i32.sub (local.get 0) (i32.const 1))))

  ;; arguments that change places
  (func $swap (export "swap") (param i32 i32) (result i32)
    (if (i32.gt_s (local.get 0) (local.get 1))
      (then (return_call $swap (local.get 1) (local.get 0))))
    (i32.sub (local.get 1) (local.get 0)))

  ;; the host, called directly and through the table
  (func (export "to_host") (param i32) (result i32) (return_call $double (local.get 0)))
  (func (export "to_host_indirect") (param i32) (result i32)
    (return_call_indirect (type $unary) (local.get 0) (i32.const 0)))

  (func $many (param i32) (result i32) (local.get 0))
  (func $three (param i64) (result i32 i64 i32)
    (i32.const 1) (local.get 0) (i32.const 3))
  (func $tail_three (param i32) (result i32 i64 i32)
    (return_call $three (i64.extend_i32_u (local.get 0))))
  (func (export "results") (param i32) (result i32)
    (local i32 i64)
    (call $tail_three (local.get 0))
    (local.set 1) (local.set 2)
    (i32.mul (i32.const 100))
    (i32.add (i32.add (i32.wrap_i64 (local.get 2)) (local.get 1))))

  ;; a call behind which the frame of the caller must still be whole
  (func (export "around") (param i32) (result i32)
    (local i32)
    (local.set 1 (i32.const 500))
    (i32.add (call $few (local.get 0)) (local.get 1)))

  (func (export "traps") (param i32) (result i32)
    (return_call_indirect (type $unary) (local.get 0) (i32.const 99)))
  (func $forever (export "forever") (return_call $forever)))
