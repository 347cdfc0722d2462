;; SPDX-License-Identifier: MIT
;; run(3) = 0: the parity of 3
(module
  (type $f (func (param i32) (result i32)))
  (table funcref (elem $run $parity))
  (func $run (export "run") (type $f) (call_indirect (type $f) (local.get 0) (i32.const 1)))
  (func $parity (type $f) (i32.and (i32.popcnt (local.get 0)) (i32.const 1))))
