;; flags: --enable-exceptions
;; Exports of every kind, which borrower.wat imports.
(module
  (type $unary (func (param i32) (result i32)))
  (memory (export "memory") 1 3)
  (table $functions (export "functions") 2 8 funcref)
  (table $names (export "names") 1 externref)
  (global $count (export "count") (mut i32) (i32.const 7))
  (global (export "answer") i64 (i64.const -42))
  (global $vector (export "vector") (mut v128) (v128.const i32x4 1 2 3 4))
  (global $chosen (export "chosen") (mut funcref) (ref.null func))
  (tag $thrown (export "thrown") (param i32))
  (elem declare func $twice)

  (func $twice (export "twice") (type $unary)
    (i32.shl (local.get 0) (i32.const 1)))

  (func (export "get_twice") (result funcref)
    (ref.func $twice))

  (func (export "load") (param i32) (result i32)
    (i32.load8_u (local.get 0)))

  (func (export "pages") (result i32)
    (memory.size))

  (func (export "get_count") (result i32)
    (global.get $count))

  (func (export "lane") (result i32)
    (i32x4.extract_lane 3 (global.get $vector)))

  ;; Calls an element of the table.
  (func (export "call") (param $element i32) (param $number i32) (result i32)
    (call_indirect $functions (type $unary) (local.get $number) (local.get $element)))

  (func (export "throw")
    (throw $thrown (i32.const 5))))
