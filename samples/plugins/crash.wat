;; SPDX-License-Identifier: MIT
;; A handler that crashes.
(module
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "handle") (param i32 i32 i32 i32) (result i32)
    (i32.store (i32.const -4) (i32.const 1))
    (i32.const 200))
  (data (i32.const 0) "rested"))
