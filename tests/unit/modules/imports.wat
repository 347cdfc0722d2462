;; SPDX-License-Identifier: MIT
(module
  (import "e" "m" (memory 1))
  (import "e" "t" (table 1 funcref))
  (import "e" "g" (global $g (mut i64)))
  (import "e" "f" (func $f (param i32) (result i32)))
  (type $t (func (param i32) (result i32)))
  (func (export "run") (param i32) (result i32)
    (global.set $g (i64.add (global.get $g) (i64.const 1)))
    (i32.store (i32.const 4) (local.get 0))
    (i32.add (call $f (local.get 0)) (call_indirect (type $t) (local.get 0) (i32.const 1)))))
