#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a C header with the test modules: from text where wabt can write it, from the builder where it cannot.

usage: embed.py OUTPUT FILE.wat…
"""
import os
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


modules = {"exception": exception()}
for path in sys.argv[2:]:
    with tempfile.NamedTemporaryFile(suffix=".wasm") as out:
        subprocess.run(["wat2wasm", "--enable-all", "-o", out.name, path], check=True)
        modules[os.path.splitext(os.path.basename(path))[0]] = open(out.name, "rb").read()
with open(sys.argv[1], "w") as out:
    out.write("/* Made by tests/support/embed.py. */\n#include <stdint.h>\n")
    for name_, content in sorted(modules.items()):
        out.write("__attribute__((unused)) static const uint8_t module_%s[] = { %s };\n" %
                  (name_, ", ".join("0x%02x" % b for b in content)))
