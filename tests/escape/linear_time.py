# SPDX-License-Identifier: MIT
"""A million functions, types, exports, and 50,000 locals in each of 10,000 functions: time and memory grow with the file."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wasm import *  # noqa: E402,F403


def functions(n):
    return HEADER + section(1, vec([functype([], [])])) + section(3, u(n) + b"\0" * n) + section(10, u(n) + b"\2\0\x0b" * n)


def types(n):
    return HEADER + section(1, u(n) + b"".join(functype([I32 - i % 4], [I32 - i // 4 % 4] * (i % 5)) for i in range(n)))


def exports(n):
    return HEADER + section(1, vec([functype([], [])])) + section(3, b"\1\0") + \
        section(7, u(n) + b"".join(name("%x" % i) + b"\0\0" for i in range(n))) + section(10, b"\1\2\0\x0b")


def locals_(n):
    return HEADER + section(1, vec([functype([], [])])) + section(3, u(n) + b"\0" * n) + \
        section(10, u(n) + body(b"\x20\xcf\x86\x03\x1a", [(50000, I32)]) * n)


for what, make, sizes in (("functions", functions, (10000, 100000, 1000000)), ("types", types, (10000, 100000, 1000000)),
                          ("exports", exports, (10000, 100000, 1000000)), ("locals", locals_, (1000, 10000, 100000))):
    times = []
    for n in sizes:
        module = make(n)
        r = run(["validate", "FILE"], module)
        expect_result(r, 0, "", "%d %s" % (n, what))
        expect(r.peak < 64 * len(module) + (256 << 20), "%d %s: peak %d for %d bytes" % (n, what, r.peak, len(module)))
        times.append(r.seconds)
    print("%-10s" % what, "  ".join("%d: %.3f s" % x for x in zip(sizes, times)))
    # Ten times the size in at most thirty times the time, above the noise of starting a process.
    expect(times[2] < 30 * max(times[1], 0.02), "%s are not linear: %r" % (what, times))
