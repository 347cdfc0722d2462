;; SPDX-License-Identifier: MIT
(module $mod (func $alpha) (func $beta (export "b") (call $alpha)))
