;; SPDX-License-Identifier: MIT
;; Guests that share processors.
(module
  (import "h" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 1 65536)
  (global $rounds (export "rounds") (mut i64) (i64.const 0))
  (func (export "spin") (loop $l (global.set $rounds (i64.add (global.get $rounds) (i64.const 1))) (br $l)))
  (func (export "fills")
    (drop (memory.grow (i32.const 4000)))
    (loop $l (memory.fill (i32.const 0) (i32.const 7) (i32.const 0xF000000)) (br $l)))
  (func (export "grows") (loop $l (drop (memory.grow (i32.const 0))) (br $l)))
  (func (export "asks") (loop $l (drop (call $wait (i32.const 0))) (br $l)))
  ;; all that a change of threads could lose: integers, floats and vectors across each round
  (func (export "work") (param $n i32) (result i64)
    (local $a i64) (local $b f64) (local $c f32) (local $v v128) (local $i i32)
    (local.set $b (f64.const 1))
    (local.set $v (i32x4.splat (i32.const 3)))
    (loop $l
      (local.set $a (i64.add (i64.mul (local.get $a) (i64.const 6364136223846793005)) (i64.extend_i32_u (local.get $i))))
      (local.set $b (f64.add (f64.mul (local.get $b) (f64.const 0.5)) (f64.convert_i32_u (local.get $i))))
      (local.set $c (f32.add (local.get $c) (f32.const 0.25)))
      (local.set $v (i32x4.add (local.get $v) (i32x4.splat (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (i64.add (i64.add (local.get $a) (i64.reinterpret_f64 (local.get $b)))
      (i64.add (i64.extend_i32_u (i32.reinterpret_f32 (local.get $c))) (i64x2.extract_lane 1 (local.get $v)))))
  (func $fact (export "fact") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))
      (else (i32.mul (local.get 0) (call $wait (i32.sub (local.get 0) (i32.const 1))))))))
