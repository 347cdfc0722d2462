#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Dispatches per kernel, and machine instructions per dispatch (callgrind), as differences of two sizes.

Needs a build with -DTENON_COUNTERS=ON and, for the second figure, one without and valgrind.
usage: dispatches.py COUNTING_TENON KERNEL_DIR [PLAIN_TENON]
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def dispatches(tenon, path, n):
    done = subprocess.run([tenon, "run", "--invoke", "run", path, str(n)], capture_output=True, text=True)
    return int(re.search(r"dispatches: (\d+)", done.stderr)[1])


def instructions(tenon, path, n):
    with tempfile.TemporaryDirectory() as folder:
        bare = os.path.join(folder, "tenon")  # valgrind of Debian 12 cannot read clang's DWARF 5
        subprocess.run(["strip", "-o", bare, tenon], check=True)
        done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + os.path.join(folder, "out"), bare, "run",
                               "--invoke", "run", path, str(n)], capture_output=True, text=True)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


tenon, kernels = sys.argv[1], sys.argv[2]
plain = sys.argv[3] if len(sys.argv) > 3 and shutil.which("valgrind") else None
print("%-12s %14s %s" % ("kernel", "dispatches", "instructions per dispatch" if plain else ""))
for line in open(os.path.join(HERE, "kernels.txt")):
    words = line.split("#")[0].split()
    if not words:
        continue
    path, small, large = os.path.join(kernels, words[0] + ".wasm"), int(words[2]), int(words[3])
    count = dispatches(tenon, path, large) - dispatches(tenon, path, small)
    text = "%-12s %14d" % (words[0], count)
    if plain:
        text += " %8.2f" % ((instructions(plain, path, large) - instructions(plain, path, small)) / count)
    print(text, flush=True)
