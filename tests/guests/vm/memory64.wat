;; flags: --enable-memory64 --enable-multi-memory
;; A memory that may be larger than 32 bits can say, and one that may not.
(module
  (memory $w i64 1)
  (memory $n 1)
  (func (export "grow") (param i64) (result i64) (memory.grow $w (local.get 0)))
  (func (export "set") (param i64 i64) (i64.store $w offset=8 (local.get 0) (local.get 1)))
  (func (export "get") (param i64) (result i64) (i64.load $w offset=8 (local.get 0)))
  (func (export "copy") (param i64 i64 i64)
    (memory.copy $w $w (local.get 0) (local.get 1) (local.get 2)))
  (func (export "fill") (param i64 i32 i64)
    (memory.fill $w (local.get 0) (local.get 1) (local.get 2)))
  (func (export "out") (param i32 i64 i32)
    (memory.copy $n $w (local.get 0) (local.get 1) (local.get 2)))
  (func (export "near") (param i32) (result i64) (i64.load $n (local.get 0))))
