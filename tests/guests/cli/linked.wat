;; Uses another module, which must be preloaded as "r": tests/guests/cli/reactor.c.
(import "r" "state" (func $state (result i32)))
(import "r" "memory" (memory 1))
(func (export "_start") (if (i32.ne (call $state) (i32.const 1)) (then unreachable)))
(func (export "ask") (result i32) (call $state))
