;; What uses up fuel, time, stack, memory and tables.
(module
  (table $table (export "table") 1 funcref)
  (memory (export "memory") 1)

  ;; Counts its rounds at address 0.
  (func (export "spin")
    loop $forever
      i32.const 0
      i32.const 0 i32.load i32.const 1 i32.add
      i32.store
      br $forever
    end)

  (func (export "fine"))

  ;; work without a loop: a page filled eight times
  (func (export "fill")
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))
    (memory.fill (i32.const 0) (i32.const 2) (i32.const 65536))
    (memory.fill (i32.const 0) (i32.const 3) (i32.const 65536))
    (memory.fill (i32.const 0) (i32.const 4) (i32.const 65536))
    (memory.fill (i32.const 0) (i32.const 5) (i32.const 65536))
    (memory.fill (i32.const 0) (i32.const 6) (i32.const 65536))
    (memory.fill (i32.const 0) (i32.const 7) (i32.const 65536))
    (memory.fill (i32.const 0) (i32.const 8) (i32.const 65536)))

  (func $deep (export "deep") (param i32) (result i32)
    local.get 0 i32.eqz
    if (result i32)
      i32.const 0
    else
      local.get 0 i32.const 1 i32.sub call $deep
      i32.const 1 i32.add
    end)

  (func (export "grow_memory") (param i32) (result i32)
    local.get 0 memory.grow)

  (func (export "memory_size") (result i32)
    memory.size)

  (func (export "grow_table") (param i32) (result i32)
    ref.null func local.get 0 table.grow $table))
