;; SPDX-License-Identifier: MIT
;; A handler that sleeps for 50 ms.
(module
  (import "http" "sleep" (func $sleep (param i32)))
  (import "http" "respond" (func $respond (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "handle") (param i32 i32 i32 i32) (result i32)
    (call $sleep (i32.const 50)) (call $respond (i32.const 0) (i32.const 6))
    (i32.const 200))
  (data (i32.const 0) "rested"))
