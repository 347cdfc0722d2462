;; SPDX-License-Identifier: MIT
;; Adds the words below an address: an innermost loop that pins, with sums as addresses and a latch.
(module
  (memory 1)
  (func (export "run") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (loop $again
      (local.set $s (i32.add (local.get $s) (i32.load (i32.add (local.get $i) (i32.const 16)))))
      (br_if $again (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 64))))
    (i32.add (local.get $s) (local.get $n))))
