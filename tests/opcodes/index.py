#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""loader/opcodes.def against index.tsv: the same encodings, the same names, nothing missing and nothing more."""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
rows = {}
for match in re.finditer(r'TN_OP\((\w+),\s*0x(\w+), 0x(\w+),\s*"([^"]+)"',
                         open(os.path.join(HERE, "..", "..", "loader", "opcodes.def")).read()):
    rows[(int(match[2], 16), int(match[3], 16))] = match[4]
index = {}
for line in open(os.path.join(HERE, "index.tsv")):
    if not line.startswith("#"):
        prefix, code, name = line.split()
        index[(int(prefix, 16), int(code, 16))] = name
wrong = ["%02X %02X: %s, the standard has %s" % (*k, rows.get(k), index.get(k))
         for k in sorted(set(rows) | set(index)) if rows.get(k) != index.get(k)]
print("\n".join(wrong))
print("%d rows, %d differ" % (len(rows), len(wrong)))
sys.exit(1 if wrong or len(rows) < 570 else 0)
