# SPDX-License-Identifier: MIT
"""Endless recursion of every kind ends as a trap, also with the largest frames, and tail calls do not grow the stack."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wasm import *  # noqa: E402,F403

for locals_ in ((), ((1, I32),), ((5000, I64),), ((50000, V128),)):
    m = Module()
    m.function([], [], b"\x10\x00", locals_, export="f")
    expect_result(run(["run", "--invoke", "f", "FILE"], m.build()), 134, "call stack exhausted", "recursion %r" % (locals_,))
m = Module()  # a thousand parameters
m.function([I64] * 1000, [], b"".join(b"\x20" + u(i) for i in range(1000)) + b"\x10\x00")
m.function([], [], b"\x42\x01" * 1000 + b"\x10\x00", export="f")
expect_result(run(["run", "--invoke", "f", "FILE"], m.build()), 134, "call stack exhausted", "parameters")
m = Module()  # through a table
m.tables.append(b"\x70\x00\x01")
m.elems.append(b"\x00\x41\x00\x0b" + vec([u(0)]))
m.function([], [], b"\x41\x00\x11\x00\x00", export="f")
expect_result(run(["run", "--invoke", "f", "FILE"], m.build()), 134, "call stack exhausted", "indirect")
m = Module()  # the start function
m.function([], [], b"\x10\x00")
m.start = 0
expect_result(run(["run", "FILE"], m.build()), 134, "call stack exhausted", "start")
# Ten million tail calls between functions with few and many parameters.
m = Module()
few, many = [I32], [I32] + [I64] * 40
m.function(few, [I32], b"\x20\x00\x45\x04\x40\x41\x2a\x0f\x0b" + b"\x20\x00\x41\x01\x6b" + b"\x42\x07" * 40 + b"\x12\x01", export="f")
m.function(many, [I32], b"\x20\x00\x45\x04\x40\x41\x2b\x0f\x0b" + b"\x20\x00\x41\x01\x6b\x12\x00")
expect_result(run(["run", "--max-stack", "64k", "--invoke", "f", "FILE", "10000000"], m.build()), 0, "42", "tail calls")
