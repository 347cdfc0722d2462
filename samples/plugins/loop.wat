;; SPDX-License-Identifier: MIT
;; A handler that never ends.
(module
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "handle") (param i32 i32 i32 i32) (result i32)
    (loop $l (br $l))
    (i32.const 200))
  (data (i32.const 0) "rested"))
