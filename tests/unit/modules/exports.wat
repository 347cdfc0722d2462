;; SPDX-License-Identifier: MIT
(module
  (memory (export "m") 1 3)
  (table (export "t") 2 5 funcref)
  (global (export "g") (mut i64) (i64.const 7))
  (global (export "c") i32 (i32.const 9))
  (elem (i32.const 1) $f)
  (func $f (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))
