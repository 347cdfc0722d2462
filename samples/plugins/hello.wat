;; SPDX-License-Identifier: MIT
;; A handler: says hello, and gives back what it was sent.
(module
  (import "http" "respond" (func $respond (param i32 i32)))
  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 1024))
  (global $count (mut i32) (i32.const 0))
  (func (export "alloc") (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $free))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (local.get $at))
  (func (export "handle") (param $path i32) (param $path_size i32) (param $body i32) (param $body_size i32) (result i32)
    ;; Nothing of the last request is left, though the instance may be the same.
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (if (i32.ne (global.get $count) (i32.const 1)) (then (unreachable)))
    (call $respond (i32.const 0) (i32.const 7))
    (call $respond (local.get $path) (local.get $path_size))
    (call $respond (i32.const 7) (i32.const 1))
    (call $respond (local.get $body) (local.get $body_size))
    (i32.const 200))
  (data (i32.const 0) "hello, \n"))
