;; SPDX-License-Identifier: MIT
;; run(3) = 4
(module (memory 1) (func (export "run") (param i32) (result i32) (drop (memory.grow (local.get 0))) (memory.size)))
