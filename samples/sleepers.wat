;; SPDX-License-Identifier: MIT
;; The guest of sleepers.c: sleeps and reports, as if it were alone on the machine.
(module
  (import "host" "sleep" (func $sleep (param i32) (result i32))) ;; milliseconds; how many it really were
  (import "host" "report" (func $report (param i32)))
  (func (export "nap") (param $milliseconds i32) (param $times i32) (result i32)
    (local $slept i32)
    (loop $again
      (local.set $slept (i32.add (local.get $slept) (call $sleep (local.get $milliseconds))))
      (call $report (local.get $milliseconds))
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (local.get $slept))
  (func (export "spin") (param i32 i32) (result i32) (loop $l (br $l)) (unreachable)))
