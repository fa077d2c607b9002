;; No entry, and more exports than a message should list. One has a name that is no text.
(module
  (func $f)
  (export "f\1b[2Jg" (func $f))
  (export "f02" (func $f)) (export "f03" (func $f)) (export "f04" (func $f))
  (export "f05" (func $f)) (export "f06" (func $f)) (export "f07" (func $f))
  (export "f08" (func $f)) (export "f09" (func $f)) (export "f10" (func $f))
  (export "f11" (func $f)) (export "f12" (func $f)) (export "f13" (func $f))
  (export "f14" (func $f)) (export "f15" (func $f)) (export "f16" (func $f))
  (export "f17" (func $f)) (export "f18" (func $f)) (export "f19" (func $f))
  (export "f20" (func $f)) (export "f21" (func $f)) (export "f22" (func $f)))
