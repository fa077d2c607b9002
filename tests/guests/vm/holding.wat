;; flags: --enable-exceptions --enable-multi-memory
;; What makes the host hold memory: two memories, a table, exceptions.
(module
  (tag $tag (param i32))
  (memory $a 1)
  (memory $b 1)
  (table $table 1 funcref)

  (func (export "grow_a") (param i32) (result i32) (memory.grow $a (local.get 0)))
  (func (export "grow_b") (param i32) (result i32) (memory.grow $b (local.get 0)))
  (func (export "grow_table") (param i32) (result i32)
    (table.grow $table (ref.null func) (local.get 0)))

  ;; so many exceptions at a time: each is referred to until those within are done with
  (func $hold (export "hold") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else
        (try (result i32)
          (do (throw $tag (i32.const 1)))
          (catch $tag
            (i32.add (call $hold (i32.sub (local.get 0) (i32.const 1)))))))))

  ;; so many, one after the other
  (func (export "drop") (param i32) (result i32)
    (local i32)
    (loop $again
      (try
        (do (throw $tag (i32.const 1)))
        (catch $tag (local.set 1 (i32.add (local.get 1)))))
      (br_if $again (i32.lt_u (local.get 1) (local.get 0))))
    (local.get 1)))
