#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The hot handlers keep the machine's state in registers: no push, no pop, no stack access, and one way on, by jump.

Looks at the machine code of the command under test; skipped where it is not an optimized x86-64 build with tail calls.
`handlers.py --show NAME…` prints handlers.
"""
import os
import re
import shutil
import subprocess
import sys

TENON = os.environ.get("TENON", "build/tenon")
HOT = re.compile(r"h_(br_(when|unless)_)?((I32|I64)_(ADD|SUB|MUL|AND|OR|XOR|SHL|SHR_S|SHR_U|EQ|NE|LT_S|LT_U|GT_S|GT_U|LE_S|"
                 r"LE_U|GE_S|GE_U|LOAD\w*|STORE\w*)|(F32|F64)_(ADD|SUB|MUL|DIV|LOAD|STORE|LT|GT))_[SAPI]+$|"
                 r"h_(mov|imm|return|global|select)_\w+$")
if not shutil.which("objdump"):
    sys.exit(77)
text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "-j", "tn_handlers", TENON], capture_output=True, text=True).stdout
if "elf64-x86-64" not in text:
    sys.exit(77)
handlers = {}
for block in re.split(r"\n\n", text):
    match = re.match(r"[0-9a-f]+ <(\w+)>:\n", block)
    if match:
        handlers[match[1]] = block
if "--show" in sys.argv:
    for name in sys.argv[sys.argv.index("--show") + 1:]:
        print(handlers[name].split(":\n", 1)[0] + ":")
        print("\n".join("  " + re.sub(r"^\s*[0-9a-f]+:\s*", "", x) for x in handlers[name].split("\n")[1:] if "nop" not in x))
    sys.exit(0)
hot = {n: b for n, b in handlers.items() if HOT.match(n)}
# Sanitizers and -O0 spill everywhere; they are not what this test is about.
if len(hot) < 1000 or "__asan" in text or "jmp    *" not in hot["h_I32_ADD_SSS"]:
    print("skipped: not an optimized build with tail calls (%d hot handlers)" % len(hot))
    sys.exit(77)
bad = []
for name, code in sorted(hot.items()):
    for line in code.split("\n")[1:]:
        if re.search(r"\b(push|pop|call)\b|%rsp|\(%rbp", line):
            bad.append("%s spills: %s" % (name, line.strip()))
            break
    if len(re.findall(r"\n.*\bjmp\s+\*", code)) > (2 if "_br_" in name or name.startswith("h_br_") else 1):
        bad.append("%s has more than one way on" % name)
print("\n".join(bad[:30]))
print("%d hot handlers, %d bad" % (len(hot), len(bad)))
sys.exit(1 if bad else 0)
