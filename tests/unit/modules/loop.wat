;; SPDX-License-Identifier: MIT
;; run(3) = 6
(module
  (global $sum (mut i32) (i32.const 0))
  (func (export "run") (param i32) (result i32)
    (loop $again
      (global.set $sum (i32.add (global.get $sum) (local.get 0)))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (global.get $sum)))
