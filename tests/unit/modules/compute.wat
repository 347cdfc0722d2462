;; SPDX-License-Identifier: MIT
;; run(3) = 6
(module (func (export "run") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))
