;; SPDX-License-Identifier: MIT
;; Guests whose instructions can be counted by hand.
(module
  (memory 1)
  (func (export "nothing") (param i32) (result i32) (local.get 0))
  (func (export "structure") (param i32) (result i32)
    (nop) (block (nop) (block (nop))) (block (result i32) (local.get 0)))
  ;; 9 in each round; 4 behind it
  (func (export "loop") (param i32) (result i32) (local i32)
    (loop $l
      (local.set 1 (i32.add (local.get 1) (local.get 0)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (nop) (drop (i32.const 0)) (local.get 1) (return))
  (func (export "either") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (i32.const 10)) (else (i32.const 8) (i32.const 12) (i32.add))))
  (func (export "table") (param i32) (result i32)
    (block $c (block $b (block $a (br_table $a $b $c (local.get 0))) (return (i32.const 100))) (return (i32.const 101)))
    (i32.const 102))
  (func (export "divide") (param i32) (result i32)
    (i32.const 5) (local.get 0) (i32.div_u) (i32.const 1) (i32.const 2) (i32.add) (drop))
  (func (export "beyond") (param i32) (result i32) (i32.load (i32.const -8)))
  (func $fact (export "calls") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))
      (else (i32.mul (local.get 0) (call $fact (i32.sub (local.get 0) (i32.const 1)))))))
  (func (export "dead") (param i32) (result i32)
    (return (local.get 0)) (drop (i32.const 1)) (block (drop (i32.const 2))) (if (i32.const 1) (then) (else))
    (i32.const 3)))
