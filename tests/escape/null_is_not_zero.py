# SPDX-License-Identifier: MIT
"""References that were never set are null and not function 0; stale table entries keep their function (Epsilon's case)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wasm import *  # noqa: E402,F403

m = Module()
m.tables.append(b"\x70\x00\x04")
m.function([], [I32], b"\x41\x2a")  # function 0, which nobody may reach
m.function([], [I32], b"\x20\x00\xd1", [(1, FUNCREF)], export="local_is_null")
m.function([], [I32], b"\x41\x00\x25\x00\xd1", export="table_is_null")
m.function([], [I32], b"\x41\x00\x11\x00\x00", export="call_null")
m.function([], [I32], b"\x20\x00\x41\x02\x20\x00\x26\x00\x1a\x41\x02\x11\x00\x00", [(1, FUNCREF)], export="set_null_and_call")
module = m.build()
for field, code, text in (("local_is_null", 0, "1"), ("table_is_null", 0, "1"), ("call_null", 134, "uninitialized element"),
                          ("set_null_and_call", 134, "uninitialized element")):
    expect_result(run(["run", "--invoke", field, "FILE"], module), code, text, field)
# Shrinking is impossible, but copying over an entry must take the old one away.
m = Module()
m.tables.append(b"\x70\x00\x02")
m.elems.append(b"\x00\x41\x01\x0b" + vec([u(0)]))
m.function([], [I32], b"\x41\x2a")
m.function([], [I32], b"\x41\x01\x41\x00\x41\x01\xfc\x0e\x00\x00\x41\x01\x11\x00\x00", export="f")
expect_result(run(["run", "--invoke", "f", "FILE"], m.build()), 134, "uninitialized element", "overwritten entry")
# The wrong type through a table.
m = Module()
m.tables.append(b"\x70\x00\x01")
m.elems.append(b"\x00\x41\x00\x0b" + vec([u(0)]))
m.function([I64], [I64], b"\x20\x00")
m.function([], [I32], b"\x41\x00\x11" + u(m.type([], [I32])) + b"\x00", export="f")
expect_result(run(["run", "--invoke", "f", "FILE"], m.build()), 134, "indirect call type mismatch", "another type")
