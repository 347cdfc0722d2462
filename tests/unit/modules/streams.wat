;; Loops whose addresses are affine: up, down, and two streams with what they write.
(module
  (memory (export "memory") 2)
  (func (export "scale") (param $to i32) (param $from i32) (param $count i32)
    (local $i i32)
    (loop $next
      (i32.store offset=4 (i32.add (local.get $to) (i32.shl (local.get $i) (i32.const 2)))
        (i32.mul (i32.const 3) (i32.load (i32.add (local.get $from) (i32.shl (local.get $i) (i32.const 2))))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count)))))
  (func (export "sum_down") (param $from i32) (param $unused i32) (param $count i32) (result i32)
    (local $sum i32)
    (local.set $from (i32.add (local.get $from) (i32.shl (local.get $count) (i32.const 2))))
    (loop $next
      (local.set $from (i32.sub (local.get $from) (i32.const 4)))
      (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $from))))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum)))
