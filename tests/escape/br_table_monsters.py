# SPDX-License-Identifier: MIT
"""br_table with a million targets, and with thousands of labels that each take operands; every class of index lands right."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wasm import *  # noqa: E402,F403

N = 1000000
m = Module()
table = b"\x0e" + u(N) + b"\x00\x01" * (N // 2) + b"\x02"
m.function([I32], [I32], b"\x02\x40\x02\x40\x02\x40\x20\x00" + table + b"\x0b\x41\x0a\x0f\x0b\x41\x0b\x0f\x0b\x41\x0c", export="f")
module = m.build()
for index, wanted in ((0, 10), (1, 11), (N - 1, 11), (N, 12), (N + 1, 12), (0x7FFFFFFF, 12), (-1, 12), (-2147483648, 12)):
    r = run(["run", "--invoke", "f", "FILE", str(index)], module)
    expect_result(r, 0, str(wanted), "index %d" % index)
    expect(r.seconds < 10, "took %.1f s" % r.seconds)
# 2,000 nested blocks of eight results; a table that names each of them with eight operands to move.
depth, results = 2000, 8
m = Module()
kind = m.type([], [I64] * results)
code = (b"\x02" + u(kind)) * depth + b"".join(b"\x42" + s(i) for i in range(results)) + b"\x20\x00\x0e" + u(depth - 1) + \
    b"".join(u(i) for i in range(depth)) + b"\x0b" * depth + b"\x1a" * (results - 1)
m.function([I32], [I64], code, export="f")
for index in (0, 1, depth - 1, depth + 5):
    r = run(["run", "--invoke", "f", "FILE", str(index)], m.build())
    expect_result(r, 0, "0", "operands, index %d" % index)
