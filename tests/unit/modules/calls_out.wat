;; SPDX-License-Identifier: MIT
;; Calls a host function n times, with as many arguments as travel in registers; the sum of what it returns.
(module
  (import "host" "f" (func $f (param i32 i64 f32 f64 i32 i64 f32 f64 i32) (result i32)))
  (func (export "storm") (param $n i32) (result i32) (local $i i32) (local $sum i32)
    (loop $l
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (local.set $sum (i32.add (local.get $sum)
        (call $f (local.get $i) (i64.const 2) (f32.const 3) (f64.const 4)
                 (i32.const 5) (i64.const 6) (f32.const 7) (f64.const 8) (i32.const 9))))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $sum)))
