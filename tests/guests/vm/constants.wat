;; flags: --enable-extended-const --no-check
;; Initial values that are computed, as linkers emit them for position-independent code, and that
;; refer to globals of the module itself (which is why wabt 1.0.32 must not check it).
(module
  (import "other" "answer" (global $answer i64))
  (memory (export "memory") 1)
  (table (export "table") 10 funcref)
  (global (export "computed") i64
    (i64.add (global.get $answer) (i64.mul (i64.const 10) (i64.sub (i64.const 7) (i64.const 2)))))

  ;; arithmetic wraps around
  (global (export "add_i32") i32 (i32.add (i32.const 0x7fffffff) (i32.const 1)))
  (global (export "sub_i32") i32 (i32.sub (i32.const 0) (i32.const 1)))
  (global (export "mul_i32") i32 (i32.mul (i32.const 0x10001) (i32.const 0x10001)))
  (global (export "add_i64") i64 (i64.add (i64.const -1) (i64.const 1)))
  (global (export "sub_i64") i64 (i64.sub (i64.const 0x8000000000000000) (i64.const 1)))
  (global (export "mul_i64") i64 (i64.mul (i64.const 0x100000001) (i64.const 0x100000001)))

  ;; globals that stand before, of every kind
  (global $base (export "base") i32 (i32.const 40))
  (global $next (export "next") i32 (i32.add (global.get $base) (i32.const 2)))
  (global $vector v128 (v128.const i32x4 1 2 3 4))
  (global (export "vector") v128 (global.get $vector))
  (global $function funcref (ref.func $seven))
  (global $third i32 (i32.mul (i32.const 3) (i32.sub (global.get $next) (i32.const 41))))
  (data (global.get $next) "x")
  (data (i32.add (global.get $base) (global.get $next)) "y")
  (elem (table 0) (global.get $third) funcref
    (global.get $function) (ref.null func) (ref.func $seven))

  (func $seven (result i32) (i32.const 7))
  (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))
