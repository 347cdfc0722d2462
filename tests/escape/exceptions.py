# SPDX-License-Identifier: MIT
"""Throwing for ever does not use memory for ever, and an exception nobody catches ends the call."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wasm import *  # noqa: E402,F403

m = Module()
m.tags.append(b"\0" + u(m.type([I64], [])))
m.function([I64], [], b"\x20\x00\x08\x00")  # throws
# A loop that catches each with its reference, and drops it.
catch = b"\x02\x64\x69\x1f\x40\x01\x03\x00\x42\x07\x10\x00\x0b\x00\x0b\x1a"
m.function([I32], [I32], b"\x03\x40" + catch + b"\x20\x00\x41\x01\x6b\x22\x00\x0d\x00\x0b\x41\x2a", export="f")
m.function([I32], [I32], b"\x42\x01\x10\x00\x41\x00", export="g")
r = run(["run", "--max-memory", "4m", "--invoke", "f", "FILE", "1000000"], m.build())
expect_result(r, 0, "42", "a million throws")
expect(r.peak < 512 << 20, "peak %d" % r.peak)  # the limit above is the sharper test
expect_result(run(["run", "--invoke", "g", "FILE", "0"], m.build()), 134, "uncaught exception", "uncaught")
