;; SPDX-License-Identifier: MIT
;; A filter: refuses whatever ends in a digit.
(module
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 0))
  (func (export "filter") (param $path i32) (param $size i32) (result i32)
    (local $last i32)
    (local.set $last (i32.load8_u (i32.sub (i32.add (local.get $path) (local.get $size)) (i32.const 1))))
    (if (result i32) (i32.lt_u (i32.sub (local.get $last) (i32.const 48)) (i32.const 10))
      (then (i32.const 403)) (else (i32.const 0)))))
