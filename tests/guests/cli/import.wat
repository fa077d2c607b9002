;; Imports what nobody provides, and has a terminal's control sequence for a name.
(module
  (import "somewhere" "something" (func (param i32 i64) (result f32)))
  (func (export "_start") (export "\c2\9b31m")))
