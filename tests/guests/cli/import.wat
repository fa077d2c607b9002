;; Imports what nobody provides.
(module
  (import "somewhere" "something" (func (param i32 i64) (result f32)))
  (func (export "_start")))
