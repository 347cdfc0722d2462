;; SPDX-License-Identifier: MIT
;; What is measured of calls between host and guest.
(module
  (import "h" "nothing" (func $nothing (param i32) (result i32)))
  (memory 1)
  (func (export "same") (param i32) (result i32) (local.get 0))
  (func (export "loop") (param $n i32) (result i32) (local $s i32)
    (loop $l
      (local.set $s (i32.add (local.get $s) (call $nothing (local.get $n))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $s)))
