;; The table that failing.wat imports.
(module
  (table (export "table") 2 funcref))
