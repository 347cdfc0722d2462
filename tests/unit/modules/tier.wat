;; SPDX-License-Identifier: MIT
;; Functions that are hot, and loops that are entered in the middle: everything that may be alive at the head of a loop.
(module
  (memory (export "memory") 1)
  (global $rounds (mut i32) (i32.const 0))

  ;; An operand below the loops, a loop in a loop, a block around them that the inner one leaves.
  (func (export "sum") (param $n i32) (result i64) (local $s i64) (local $i i32) (local $j i32)
    (i64.const 1000)
    (block $out
      (loop $outer
        (local.set $j (i32.const 0))
        (loop $inner
          (local.set $s (i64.add (local.get $s) (i64.extend_i32_u (i32.mul (local.get $i) (local.get $j)))))
          (br_if $inner (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 100))))
        (br_if $out (i32.ge_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))
        (br $outer)))
    (i64.add (local.get $s)))

  ;; The loop skips itself in some rounds of the one around it; its operands come from before both.
  (func (export "skip") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (i32.mul (local.get $n) (i32.const 3))
    (loop $outer
      (i32.add (local.get $i) (i32.const 7))
      (block $past
        (br_if $past (i32.and (local.get $i) (i32.const 1)))
        (loop $inner
          (local.set $s (i32.add (local.get $s) (i32.const 1)))
          (br_if $inner (i32.and (local.get $s) (i32.const 63)))))
      (local.set $s (i32.add (local.get $s)))
      (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (i32.add (local.get $s)))

  ;; A constant below a block that is left before the loop in it.
  (func (export "constant") (param $n i32) (result i32) (local $i i32)
    (i32.const 1234)
    (block $past
      (br_if $past (i32.and (local.get $n) (i32.const 1)))
      (loop $l
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))))
    (i32.add (local.get $i)))

  ;; A loop with parameters and results of every type.
  (func (export "params") (param $n i32) (result i32 i64 f32 f64 i32)
    (local $i i32) (local $v v128)
    (local.set $v (i32x4.splat (i32.const 5)))
    (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4)
    (loop $l (param i32 i64 f32 f64) (result i32 i64 f32 f64)
      (local.set $v (i32x4.add (local.get $v) (i32x4.splat (local.get $i))))
      (f64.add (f64.const 0.5))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (i32x4.extract_lane 2 (local.get $v)))

  ;; A trap in the middle of a loop leaves what was stored before it.
  (func (export "trap") (param $n i32) (local $i i32)
    (loop $l
      (i32.store (i32.const 16) (local.get $i))
      (global.set $rounds (i32.add (global.get $rounds) (i32.const 1)))
      (if (i32.eq (local.get $i) (local.get $n)) (then (unreachable)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $l)))
  (func (export "left") (result i32) (i32.mul (i32.load (i32.const 16)) (global.get $rounds)))

  ;; Out of the loop by a tail call.
  (func $last (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "tail") (param $n i32) (result i32) (local $i i32)
    (loop $l
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (return_call $last (local.get $i) (local.get $n)))

  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))

  (func (export "endless") (local $i i32)
    (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $l))))
