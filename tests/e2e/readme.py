#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The README's commands do what it says. `./dev run` is its demonstration here, `./dev test` is what runs this."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
TENON = os.path.abspath(os.environ.get("TENON", "build/tenon"))
blocks = re.findall(r"```sh\n(.*?)```", open(os.path.join(ROOT, "README.md")).read(), re.S)
known = {"./dev run\n", "./dev test\n"}
ran = 0
for block in blocks:
    if block in known:
        continue
    if "wat2wasm" in block and not shutil.which("wat2wasm"):
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["sh", "-e"], input=block.replace("build/tenon", TENON), cwd=folder, capture_output=True, text=True)
    print(done.stdout, done.stderr)
    if done.returncode != 0 or "\n42\n" not in "\n" + done.stdout or "i32.add" not in done.stdout:
        sys.exit("the block does not do what the README says:\n" + block)
    ran += 1
demo = subprocess.run([os.path.join(ROOT, "samples", "demo.sh"), TENON], capture_output=True, text=True).stdout
for text in ("42", "out of bounds memory access", "call stack exhausted", "-1", "is not defined", "type mismatch"):
    if text not in demo:
        sys.exit("the demonstration does not show: " + text)
sys.exit(0 if ran == 1 and known <= set(blocks) else "the README has other blocks than this test knows")
