;; SPDX-License-Identifier: MIT
(module
  (import "h" "f" (func $h (param i32) (result i32)))
  (func (export "run") (param i32) (result i32) (call $h (local.get 0)))
  (func (export "fact") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 1))
      (else (i32.mul (local.get 0) (call $h (i32.sub (local.get 0) (i32.const 1))))))))
