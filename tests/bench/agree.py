#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The kernels give the same result in both bounds modes, and not zero. usage: agree.py FOLDER"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import wasm  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
for line in open(os.path.join(HERE, "kernels.txt")):
    words = line.split("#")[0].split()
    if not words:
        continue
    path = os.path.join(sys.argv[1], words[0] + ".wasm")
    results = [wasm.run(["run"] + extra + ["--invoke", "run", path, words[2]]) for extra in ([], ["--checked"])]
    wasm.expect(results[0].code == 0, "%s ends with %d: %s" % (words[0], results[0].code, results[0].err))
    wasm.expect(results[0].out == results[1].out, "%s differs: %s %s" % (words[0], results[0].out, results[1].out))
    wasm.expect(results[0].out.strip() not in ("", "0"), "%s gives nothing" % words[0])
