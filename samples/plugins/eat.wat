;; SPDX-License-Identifier: MIT
;; A handler that eats all the memory that it is given, and reads what it was not.
(module
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "handle") (param i32 i32 i32 i32) (result i32)
    (loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (drop (i32.load (i32.mul (memory.size) (i32.const 65536))))
    (i32.const 200))
  (data (i32.const 0) "rested"))
