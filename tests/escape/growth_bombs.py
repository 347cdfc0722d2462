# SPDX-License-Identifier: MIT
"""Memories and tables that want everything: limits hold, failure is -1, nothing is reserved before it is allowed."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wasm import *  # noqa: E402,F403

m = Module()
m.memory(1)
m.function([], [I32], b"\x03\x40\x41\x01\x40\x00\x41\x7f\x47\x0d\x00\x0b\x3f\x00", export="f")
r = run(["run", "--max-memory", "16m", "--invoke", "f", "FILE"], m.build())
expect_result(r, 0, "", "growing one by one")
expect(100 < int(r.out) <= 256, "pages: " + r.out)
m = Module()
m.tables.append(b"\x70\x00\x00")
m.function([], [I32], b"\x03\x40\xd0\x70\x41\xe8\x07\xfc\x0f\x00\x41\x7f\x47\x0d\x00\x0b\xfc\x10\x00", export="f")
r = run(["run", "--max-memory", "4m", "--invoke", "f", "FILE"], m.build())
expect_result(r, 0, "", "growing a table")
expect(int(r.out) * 8 <= 4 << 20, "elements: " + r.out)
for what, least, flags in (("65536 pages", 65536, 0), ("2^40 pages of 64 bits", 1 << 40, 4)):
    m = Module()
    m.memory(least, None, flags)
    r = run(["run", "--max-memory", "64m", "FILE"], m.build())
    expect_result(r, 1, "no", what)
m = Module()
m.tables.append(b"\x70\x00" + u(0xFFFFFFFF))
expect_result(run(["run", "FILE"], m.build()), 1, "the limit is", "a huge table")
m = Module()
m.memories = [b"\0\1"] * 101
expect_result(run(["validate", "FILE"], m.build()), 1, "too many memories", "memories")
