#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Error texts and listings, compared with golden.txt. `golden.py --write` renews the file; read the difference."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from wasm import *  # noqa: E402,F403

V = functype([], [])


def code(bytes_, types=(functype([], [I32]),), extra=b""):
    return HEADER + section(1, vec(types)) + section(3, vec([u(0)])) + extra + section(10, vec([body(bytes_)]))


REJECTED = {
    "not a module": b"hello, world",
    "component": b"\0asm\x0d\0\1\0",
    "section size": HEADER + b"\1\x7f",
    "type mismatch": code(b"\x43\0\0\0\0"),
    "empty stack": code(b"\x6a"),
    "unknown local": code(b"\x20\x05"),
    "unknown label": code(b"\x41\0\x0c\x07"),
    "unknown function": code(b"\x10\x09"),
    "unknown memory": code(b"\x41\0\x28\x02\0"),
    "alignment": code(b"\x41\0\x28\x03\0", extra=section(5, vec([b"\0\1"]))),
    "illegal opcode": code(b"\xff"),
    "feature off": code(b"\x41\0\xfe\x10\x02\0", extra=section(5, vec([b"\0\1"]))),
    "values left": code(b"\x41\0\x41\0"),
    "duplicate export": HEADER + section(5, vec([b"\0\1"])) + section(7, vec([name("m") + b"\2\0"] * 2)),
    "memory too large": HEADER + section(5, vec([b"\0" + u(65537)])),
    "minimum above maximum": HEADER + section(5, vec([b"\1\2\1"])),
    "constant expression": HEADER + section(6, vec([b"\x7f\0\x41\1\x41\1\x6b\x45\x0b"])),
    "start type": HEADER + section(1, vec([functype([I32], [])])) + section(3, vec([u(0)])) + section(8, u(0)),
}


def text():
    out = []
    for title, module in REJECTED.items():
        r = run(["validate", "--standard", "FILE"], module)
        message = r.err.split(".wasm: ", 1)[-1].strip()
        out.append("%s [%d]\n    %s" % (title, r.code, message))
    m = Module()
    m.memory(1)
    loop = b"\x03\x40\x20\0\x41\1\x6b\x22\0\x0d\0\x0b"
    m.function([I32], [I64], loop + b"\x20\0\x29\x03\x08\x42\x2a\x7c\x1a\x02\x7e\x42\x7f\x20\0\x0e\x01\0\0\x0b", export="f")
    out.append("listing\n" + run(["inspect", "--disassemble", "FILE"], m.build()).out.rstrip())
    out.append("inspection\n" + run(["inspect", "FILE"], m.build()).out.rstrip())
    return "\n".join(out) + "\n"


path = os.path.join(HERE, "golden.txt")
now = text()
if "--write" in sys.argv:
    open(path, "w").write(now)
elif open(path).read() != now:
    import difflib
    sys.stdout.writelines(difflib.unified_diff(open(path).read().splitlines(True), now.splitlines(True), "golden", "now"))
    sys.exit(1)
