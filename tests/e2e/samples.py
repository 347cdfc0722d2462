#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The samples do what they say."""
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
if not shutil.which("wat2wasm"):
    sys.exit(77)
with tempfile.TemporaryDirectory() as folder:
    guest = os.path.join(folder, "words.wasm")
    subprocess.run(["wat2wasm", os.path.join(ROOT, "samples", "words.wat"), "-o", guest], check=True)
    words = [os.path.join(os.environ["SAMPLES"], "sample_words"), guest]
    for text, out in (("", 0), ("a b a\n", 2), ("  one two \n\n three one\nno newline", 5), ("w%d\n" * 3000 % tuple(range(3000)), 3000)):
        done = subprocess.run(words, input=text, capture_output=True, text=True)
        if done.returncode != 0 or done.stdout != "%d different words\n" % out:
            sys.exit("%r gives %d %r %r" % (text[:50], done.returncode, done.stdout, done.stderr))
