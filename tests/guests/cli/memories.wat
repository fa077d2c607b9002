;; flags: --enable-multi-memory
;; Two memories; the second one grows.
(module
  (memory 1)
  (memory $m 1 20)
  (data (memory $m) (i32.const 4) "four")
  (data $five "five")
  (func (export "grow") (param i32) (result i32) (memory.grow $m (local.get 0)))
  (func (export "load") (param i32) (result i32)
    (memory.init $m $five (i32.const 8) (i32.const 0) (i32.const 4))
    (memory.copy 0 $m (i32.const 0) (i32.const 4) (i32.const 8))
    (i32.add (i32.load8_u offset=4 (i32.const 0)) (i32.load16_u $m offset=4 align=1 (local.get 0)))))
