;; Wants 16 MiB to begin with.
(module (memory 256) (func (export "_start")))
