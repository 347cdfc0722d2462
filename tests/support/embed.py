#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a C header with the test modules: from text where wabt can write it, from the builder where it cannot.

usage: embed.py OUTPUT FILE.wat…
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wasm import *  # noqa: E402,F403


def exception():
    """run(3) = 3: throws its argument and catches it."""
    m = Module()
    m.tags.append(b"\0" + u(m.type([I32], [])))
    m.function([I32], [I32], b"\x02\x7f\x1f\x40\x01\x00\x00\x00\x20\x00\x08\x00\x0b\x00\x0b", export="run")
    return m.build()


def tier_catch():
    """Loops that end by an exception: caught around them, and in a frame further out that stays interpreted."""
    m = Module()
    m.tags.append(b"\0" + u(m.type([I32], [])))
    # thrower(i, n): throws i when it is n.
    m.function([I32, I32], [], b"\x20\x00\x20\x01\x46\x04\x40\x20\x00\x08\x00\x0b")
    loop = b"\x03\x40\x20\x01\x20\x00\x10\x00\x20\x01\x41\x01\x6a\x21\x01\x0c\x00\x0b"
    m.function([I32], [I32], b"\x41" + s(100) + b"\x02\x7f\x1f\x40\x01\x00\x00\x00" + loop + b"\x0b\x00\x0b\x6a",
               [(1, I32)], export="catch")
    m.function([I32], [], loop, [(1, I32)])
    m.function([I32], [I32], b"\x02\x7f\x1f\x40\x01\x00\x00\x00\x20\x00\x10\x02\x0b\x41\x7f\x0b", export="catch_outside")
    return m.build()


def lines():
    """A function with a line table: line 10 of a.c, then line 11 (DWARF 4, section 6.2)."""
    header = bytes([1, 1, 1, 0xFD, 12, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]) + b"\0" + b"a.c\0\0\0\0" + b"\0"
    program = b"\x00\x05\x02\0\0\0\0" + b"\x03\x09\x01" + b"\x02\x05\x03\x01\x01" + b"\x02\x14\x00\x01\x01"
    unit = (4).to_bytes(2, "little") + len(header).to_bytes(4, "little") + header + program
    m = Module()
    m.function([], [], b"\x01\x01\x01\x01\x00", export="run")
    return m.build() + section(0, name(".debug_line") + len(unit).to_bytes(4, "little") + unit)


def door():
    """A guest that does what it is told: one export for each function of WASI, and a memory of 4 pages."""
    table = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "hostcalls", "wasi_p1.def")
    rows = re.findall(r"^WASI\((\w+),.*\(([\w, ]+)\), (\d)\)$", open(table).read(), re.M)
    types = {"i32": I32, "i64": I64}
    m = Module()
    m.memory(4, 4)
    m.export("memory", 2, 0)
    signatures = [(item, [types[p] for p in parameters.split(", ") if p in types], [I32] * int(results))
                  for item, parameters, results in rows]
    for item, parameters, results in signatures:
        m.import_function("wasi_snapshot_preview1", item, parameters, results)
    for index, (item, parameters, results) in enumerate(signatures):
        gets = b"".join(b"\x20" + u(i) for i in range(len(parameters)))
        m.function(parameters, results, gets + b"\x10" + u(index), export=item)
    return m.build()


def typed():
    """References with exact types, and external references that a guest keeps."""
    m = Module()
    sig, ref = 0, b"\x64\x00"
    m.types = [functype([I32], [I32]),                              # 0: $sig
               b"\x60\x00\x01" + ref,                              # 1: gives a (ref $sig)
               b"\x60\x02" + ref + bytes([I32]) + b"\x01\x7f",      # 2: takes one, and an argument
               functype([EXTERNREF], []), functype([], [EXTERNREF]), functype([EXTERNREF], [EXTERNREF]),
               functype([I32], [EXTERNREF])]
    m.imports = [name("host") + name("make") + b"\0\x01", name("host") + name("object") + b"\0\x04"]
    m.imported_functions = 2
    call_sig = b"\x14" + u(sig)
    loop = b"\x03\x40\x10\x01\x1a\x20\x00\x41\x01\x6b\x22\x00\x0d\x00\x0b"
    for export, kind, code, locals_ in (
            ("twice", 0, b"\x20\x00\x41\x02\x6c", ()),
            ("own", 1, b"\xd2\x02", ()),
            ("through", 2, b"\x20\x01\x20\x00" + call_sig, ()),
            ("made", 0, b"\x20\x00\x10\x00" + call_sig, ()),
            ("keep", 3, b"\x20\x00\x24\x00", ()),
            ("give", 4, b"\x23\x00", ()),
            ("same", 5, b"\x20\x00", ()),
            # Makes one object, then n others, and returns the first.
            ("hoard", 6, b"\x10\x01\x21\x01" + loop + b"\x20\x01", [(1, EXTERNREF)])):
        m.functions.append((kind, body(code, locals_)))
        m.export(export, 0, m.imported_functions + len(m.functions) - 1)
    m.tables.append(b"\x6f\x00\x0a")
    m.globals.append(b"\x6f\x01\xd0\x6f\x0b")
    m.export("shelf", 1, 0)
    m.export("kept", 3, 0)
    m.elems.append(b"\x03\x00\x01\x02")
    return m.build()


modules = {"typed": typed(), "exception": exception(), "lines": lines(), "door": door(), "tier_catch": tier_catch()}
for path in sys.argv[2:]:
    with tempfile.NamedTemporaryFile(suffix=".wasm") as out:
        subprocess.run(["wat2wasm", "--enable-all", "-o", out.name, path], check=True)
        modules[os.path.splitext(os.path.basename(path))[0]] = open(out.name, "rb").read()
with open(sys.argv[1], "w") as out:
    out.write("/* Made by tests/support/embed.py. */\n#ifndef MODULES_MADE_H\n#define MODULES_MADE_H\n#include <stdint.h>\n")
    for name_, content in sorted(modules.items()):
        out.write("__attribute__((unused)) static const uint8_t module_%s[] = { %s };\n" %
                  (name_, ", ".join("0x%02x" % b for b in content)))
    out.write("#endif\n")
