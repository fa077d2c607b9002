;; A start function that traps: the export is never reached.
(module
  (func $start unreachable)
  (func (export "_start"))
  (start $start))
