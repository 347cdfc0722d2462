# SPDX-License-Identifier: MIT
"""Counts that promise more than the file holds: refused at once, with next to no memory."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wasm import *  # noqa: E402,F403

MANY = b"\xff\xff\xff\xff\x0f"
sections = {n: section(n, MANY) for n in (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13)}
sections["br_table"] = HEADER[8:] + section(1, vec([functype([], [])])) + section(3, vec([u(0)])) + \
    section(10, vec([u(9) + b"\0\x41\0\x0e" + MANY]))
for n in (0xFFFFFFFC, 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF):  # wasm3 #570: count + 4 wraps
    code = b"\0\x41\0\x0e" + u(n) + b"\0" * 20 + b"\x0b"
    sections["br_table %x" % n] = section(1, vec([functype([], [])])) + section(3, vec([u(0)])) + \
        section(10, vec([u(len(code)) + code]))
sections["name"] = section(0, MANY)
sections["params"] = section(1, b"\1\x60" + MANY)
sections["locals"] = section(1, vec([functype([], [])])) + section(3, vec([u(0)])) + \
    section(10, vec([u(8) + b"\1" + MANY + b"\x7f\x0b"]))
sections["locals in two groups"] = section(1, vec([functype([], [])])) + section(3, vec([u(0)])) + \
    section(10, vec([body(b"", [(50000, I32), (1, I32)])]))
for what, content in sections.items():
    r = run(["validate", "FILE"], HEADER + content)
    expect_result(r, 3 if what != 10 else 3, "", "section %s" % what)
    expect(r.seconds < 5, "section %s took %.1f s" % (what, r.seconds))
expect(r.peak < 200 << 20, "peak memory %d" % r.peak)
