(module
  (memory (export "memory") 1)
  (table (export "table") 4 funcref)
  (table (export "things") 2 externref)
  (global (export "hook") (mut funcref) (ref.null func))
  (global (export "thing") (mut externref) (ref.null extern))
  (func (export "seven") (result i32) (i32.const 7)))
