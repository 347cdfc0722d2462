;; SPDX-License-Identifier: MIT
;; The guest of words.c: asks for lines, has them split, and counts different words. Lists cross the border as components
;; do it: an address and a length, in memory that the guest's own allocator gave.
(module
  (import "words" "next_line" (func $next_line (param i32) (result i32)))          ;; at: (address, length); 0 at the end
  (import "words" "split" (func $split (param i32 i32 i32)))                       ;; address, length; at: (address, count)
  (import "words" "dictionary" (func $dictionary (result i32)))                    ;; a handle
  (import "words" "add" (func $add (param i32 i32 i32)))                           ;; handle, address, length
  (import "words" "count" (func $count (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 1024))
  ;; Never gives anything back; grows as needed. 0 when memory is out.
  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
                            (i32.sub (i32.const 0) (local.get $align))))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (block $enough
      (br_if $enough (i32.le_u (global.get $free) (i32.mul (memory.size) (i32.const 65536))))
      (if (i32.eq (memory.grow (i32.add (i32.shr_u (local.get $size) (i32.const 16)) (i32.const 1))) (i32.const -1))
        (then (return (i32.const 0)))))
    (memory.copy (local.get $at) (local.get $old) (local.get $old_size))
    (local.get $at))
  (func (export "run") (result i32)
    (local $words i32) (local $item i32) (local $end i32)
    (local.set $words (call $dictionary))
    (block $done
      (loop $line
        (br_if $done (i32.eqz (call $next_line (i32.const 16))))
        (call $split (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 24))
        (local.set $item (i32.load (i32.const 24)))
        (local.set $end (i32.add (local.get $item) (i32.shl (i32.load (i32.const 28)) (i32.const 3))))
        (block $empty
          (loop $word
            (br_if $empty (i32.eq (local.get $item) (local.get $end)))
            (call $add (local.get $words) (i32.load (local.get $item)) (i32.load offset=4 (local.get $item)))
            (local.set $item (i32.add (local.get $item) (i32.const 8)))
            (br $word)))
        (br $line)))
    (call $count (local.get $words))))
