# SPDX-License-Identifier: MIT
"""A million nested blocks and ifs, and a million operands, under a host stack of 64 KiB: nothing recurses."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wasm import *  # noqa: E402,F403

N = 1000000
for what, code, result in (("blocks", b"\x02\x40" * N + b"\x0b" * N + b"\x41\x07", 7),
                           ("loops", b"\x03\x40" * N + b"\x0b" * N + b"\x41\x07", 7),
                           ("ifs", b"\x20\x00\x04\x40" * N + b"\x0b" * N + b"\x41\x07", 7),
                           ("operands", b"\x20\x00" * N + b"\x6a" * (N - 1), 3 * N),
                           ("constants", b"\x41\x01" * N + b"\x6a" * (N - 1), N)):
    m = Module()
    m.function([I32], [I32], code, export="f")
    r = run(["validate", "FILE"], m.build(), stack=64 << 10)
    expect_result(r, 0, "", what)
    r = run(["run", "--max-stack", "64m", "--invoke", "f", "FILE", "3"], m.build(), stack=256 << 10)
    expect_result(r, 0, str(result), what)
    expect(r.seconds < 20, "%s took %.1f s" % (what, r.seconds))
