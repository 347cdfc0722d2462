#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command line: help, exit codes, typed arguments, errors that say what to do, JSON."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wasm import *  # noqa: E402,F403

m = Module()
for i, t in enumerate((I32, I64, F32, F64, V128, EXTERNREF)):
    m.function([t], [t], b"\x20\x00", export="id%d" % i)
m.function([], [I32, I64], b"\x41\x07\x42\x7f", export="two")
m.function([], [], b"\x00", export="trap")
bytes_ = m.build()

for command in ("run", "validate", "inspect", "wast"):
    expect_result(run([command, "--help"]), 0, "Usage: tenon " + command, command)
    expect_result(run([command]), 2, "Usage", command)
    expect_result(run([command, "--nonsense", "x"]), 2, "nonsense", command)
expect_result(run(["--version"]), 0, "simd", "version")
expect_result(run(["nonsense"]), 2, "no command", "unknown command")
expect_result(run([]), 2, "Commands:", "no command")

VECTOR = "0x000102030405060708090a0b0c0d0e0f"
for i, text, out in ((0, "-7", "-7"), (0, "0xffffffff", "-1"), (1, "9223372036854775807", "9223372036854775807"),
                     (2, "1.5", "1.5"), (3, "-inf", "-inf"), (3, "0x1p-1074", "4.9406564584124654e-324"),
                     (4, VECTOR, VECTOR), (5, "null", "null"), (5, "externref:9", "externref:9")):
    r = run(["run", "--invoke", "id%d" % i, "FILE", text], bytes_)
    expect_result(r, 0, out, "id%d %s" % (i, text))
    expect(r.out.strip() == out, "id%d %s gives %s" % (i, text, r.out))
for i, text in ((0, "4294967296"), (0, "x"), (1, ""), (3, "1,5"), (4, "0x12"), (5, "externref:0")):
    expect_result(run(["run", "--invoke", "id%d" % i, "FILE", text], bytes_), 2, "is not a value of type", "bad argument")
expect(run(["run", "--invoke", "two", "FILE"], bytes_).out == "7\n-1\n", "several results")
expect_result(run(["run", "--invoke", "id0", "FILE"], bytes_), 2, "takes 1 arguments, not 0", "count")
expect_result(run(["run", "--invoke", "none", "FILE"], bytes_), 2, "no function `none`", "no export")
expect_result(run(["run", "--invoke", "trap", "FILE"], bytes_), 134, "unreachable", "trap")
expect_result(run(["FILE"], bytes_), 0, "", "short form without a start")
expect_result(run(["run", "/nonexistent"]), 3, "No such file", "missing file")
expect_result(run(["run", "--max-memory", "much", "FILE"], bytes_), 2, "is not a size", "size")
expect_result(run(["run", "FILE"], b"\0asm\x02\0\0\0"), 3, "unknown binary version", "version")

expect_result(run(["validate", "FILE"], bytes_), 0, "", "valid")
r = run(["validate", "--json", "FILE"], bytes_[:-3])
expect(r.code == 3 and json.loads(r.out)["valid"] is False and "offset" in json.loads(r.out), "validate --json: " + r.out)
done = subprocess.run([TENON, "validate", "-"], input=bytes_, capture_output=True)
expect(done.returncode == 0, "standard input")
info = json.loads(run(["inspect", "--json", "FILE"], bytes_).out)
expect(info["functions"] == 8 and info["exports"][0] == {"name": "id0", "kind": "function", "type": "(i32) -> (i32)"},
       "inspect --json")
expect_result(run(["inspect", "--disassemble=0", "FILE"], bytes_), 0, "local.get 0", "listing")
expect_result(run(["inspect", "--disassemble=99", "FILE"], bytes_), 2, "is not the index", "listing")
