;; The guest of the hello samples: it has a text, and a sum to work out.
(module
  (import "host" "print" (func $print (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "Hello from the guest\n")
  (func (export "hello") (call $print (i32.const 16) (i32.const 21)))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
