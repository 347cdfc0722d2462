;; SPDX-License-Identifier: MIT
;; Never gets past its start function.
(module (func $f (loop $l (br $l))) (start $f))
