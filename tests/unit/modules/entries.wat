;; SPDX-License-Identifier: MIT
;; Calls of host functions in every manner that a tier has to serve.
(module
  (type $pick (func (param i32 i64 f32 f64) (result f64)))
  (type $wait (func (param i32) (result i32)))
  (import "h" "pick" (func $pick (type $pick)))
  (import "h" "note" (func $note (param i32)))
  (import "h" "wait" (func $wait (type $wait)))
  (memory (export "second") 1)
  (memory (export "memory") 2)
  (global $g (export "g") (mut i32) (i32.const 0))
  (table funcref (elem $wait))
  (func (export "pick") (result f64)
    (call $pick (i32.const -1) (i64.const 40) (f32.const 0.5) (f64.const 2.5)))
  (func (export "note") (param i32) (call $note (local.get 0)))
  ;; 10 * wait(n) + 1, by a direct, an indirect and a tail call
  (func (export "direct") (param i32) (result i32)
    (i32.add (i32.mul (call $wait (local.get 0)) (i32.const 10)) (i32.const 1)))
  (func (export "indirect") (param i32) (result i32)
    (i32.add (i32.mul (call_indirect (type $wait) (local.get 0) (i32.const 0)) (i32.const 10)) (i32.const 1)))
  (func $tail (param i32) (result i32) (return_call $wait (local.get 0)))
  (func (export "tail") (param i32) (result i32)
    (i32.add (i32.mul (call $tail (local.get 0)) (i32.const 10)) (i32.const 1)))
  (func (export "outermost_tail") (param i32) (result i32) (return_call $wait (local.get 0)))
  ;; waits n times and adds up
  (func (export "many") (param i32) (result i32) (local i32)
    (loop $again
      (local.set 1 (i32.add (local.get 1) (call $wait (local.get 0))))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if $again (local.get 0)))
    (local.get 1)))
