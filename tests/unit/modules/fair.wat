;; SPDX-License-Identifier: MIT
;; Good and hostile tenants, for the measurement of fairness.
(module
  (import "h" "nothing" (func $nothing (param i32) (result i32)))
  (memory (export "memory") 1 4096)
  (global $x (mut i64) (i64.const 1))
  (func (export "work") (param $rounds i32) (result i32)
    (loop $l
      (global.set $x (i64.add (i64.mul (global.get $x) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))
      (br_if $l (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32.wrap_i64 (global.get $x)))
  (func (export "spin") (param i32) (result i32) (loop $l (br $l)) (unreachable))
  (func (export "fill") (param i32) (result i32)
    (drop (memory.grow (i32.const 1000)))
    (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536000)) (br $l)) (unreachable))
  (func (export "allocate") (param i32) (result i32)
    (loop $l
      (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1))
        (then (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const 1))))
      (br $l))
    (unreachable))
  (func (export "call") (param i32) (result i32) (loop $l (drop (call $nothing (i32.const 1))) (br $l)) (unreachable)))
