# SPDX-License-Identifier: MIT
"""Every load and store at the edges of a memory, with every kind of offset, in both bounds modes: inside it works, one byte
beyond traps, and nothing wraps."""
import json
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from wasm import *  # noqa: E402,F403

SIZE = 65536
OFFSETS = [0, 1, 7, 65520, 65536, (32 << 20) - 1, 32 << 20, (32 << 20) + 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF]
LETTER = {"i": (I32, "i32", b"\x41\x00"), "I": (I64, "i64", b"\x42\x00"), "f": (F32, "f32", b"\x43\0\0\0\0"),
          "F": (F64, "f64", b"\x44" + bytes(8)), "v": (V128, "v128", None)}


def rows():
    table = open(os.path.join(HERE, "..", "..", "loader", "opcodes.def")).read()
    for row in re.finditer(r'TN_OP\(\w+,\s*0x(\w+), 0x(\w+),\s*"([^"]+)",\s*MEMARG,\s*a(\w?)_(\w?),\s*(\w+), (\d)\)', table):
        if row[6] != "THREADS":
            prefix, code = int(row[1], 16), int(row[2], 16)
            yield row[3], bytes([code]) if not prefix else bytes([prefix]) + u(code), row[4], row[5], int(row[7])


def main(arguments):
    m, commands = Module(), []
    m.memory(1, 1)
    for text, op, stores, loads, width in rows():
        letter = stores or loads
        for offset in OFFSETS:
            field = "%s %d" % (text, offset)
            access = op + u(width) + u(offset)
            if stores:
                value = LETTER[letter][2] or b"\xfd\x0c" + bytes(16)
                m.function([I32], [], b"\x20\x00" + value + access, export=field)
            else:
                m.function([I32], [], b"\x20\x00" + access + b"\x1a", export=field)
            last = SIZE - (1 << width) - offset
            for address in sorted({a for a in (0, last - 1, last, last + 1, 0x7FFFFFFF, 0xFFFFFFFF, SIZE, 2 ** 32 - offset)
                                   if 0 <= a < 2 ** 32}):
                action = {"type": "invoke", "field": field, "args": [{"type": "i32", "value": str(address)}]}
                if address + offset + (1 << width) <= SIZE:
                    commands.append({"type": "assert_return", "line": 1, "action": action, "expected": []})
                else:
                    commands.append({"type": "assert_trap", "line": 1, "action": action, "text": "out of bounds memory access"})
    with tempfile.TemporaryDirectory() as folder:
        open(os.path.join(folder, "edges.wasm"), "wb").write(m.build())
        commands.insert(0, {"type": "module", "line": 0, "filename": "edges.wasm", "module_type": "binary"})
        path = os.path.join(folder, "edges.json")
        json.dump({"source_filename": "edges", "commands": commands}, open(path, "w"))
        r = run(["wast"] + arguments + [path])
    expect_result(r, 0, "0 failed", "edges %r" % arguments)
    print(r.out)


main([])
main(["--checked"])
