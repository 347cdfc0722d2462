#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A big module is checked side by side, and the error that is told is that of its first wrong function, every time."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wasm import *  # noqa: E402,F403

GOOD = b"\x41\x01\x41\x02\x6a\x1a" * 30
COUNT = 8000


def module(wrong):
    m = Module()
    for i in range(COUNT):
        m.function([], [], GOOD + wrong.get(i, b""))
    return m.build()


expect_result(run(["validate", "FILE"], module({})), 0, "", "a big valid module")
for first in (0, 31, 32, 4000, COUNT - 1):
    # More errors behind the first, of other kinds and sooner found by others.
    wrong = {first: b"\x6a", **{i: b"\x20\x05" for i in range(first + 1, COUNT, 97)}}
    for attempt in range(5):
        r = run(["validate", "--json", "FILE"], module(wrong))
        found = json.loads(r.out)
        expect(r.code == 3 and found["function"] == first and "i32.add" in found["message"], "function %d: %s" % (first, found))
