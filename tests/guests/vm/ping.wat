;; Calls whatever another instance put into its table.
(module
  (table (export "table") 1 funcref)
  (func (export "ping") (param i32) (result i32)
    local.get 0 i32.eqz
    if (result i32)
      i32.const 0
    else
      local.get 0 i32.const 1 i32.sub
      i32.const 0 call_indirect (param i32) (result i32)
      i32.const 1 i32.add
    end))
