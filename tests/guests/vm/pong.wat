;; The other end of ping.wat.
(module
  (import "ping" "table" (table 1 funcref))
  (import "ping" "ping" (func $ping (param i32) (result i32)))
  (elem (i32.const 0) $pong)
  (func $pong (param i32) (result i32)
    local.get 0 call $ping))
