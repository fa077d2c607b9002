;; A start function that never ends.
(module
  (func $start (loop br 0))
  (func (export "_start"))
  (start $start))
