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
SAMPLES, LIBTENON = os.environ["SAMPLES"], os.environ.get("LIBTENON")
PROGRAM = """fib(n) = n < 2 ? n : fib(n - 1) + fib(n - 2)
square(x) = x * x
fib(20)
  square(1.5) - -2 * (3 + 4)

3 < 4
forever(x) = forever(x + 1) + 1
forever(0)
1 +
nobody(3)
fib(1, 2)
even(n) = n > 0 ? 1 - even(n - 1) : 1
even(7) + even(8) * 10
7 / 2
"""
RESULTS = "6765\n16.25\n1\n10\n3.5\n"
ERRORS = ["call stack exhausted", "expected a number, a name or `(` at column 4: 1 +", "expected the name of a function",
          "expected as many arguments as the function has"]


def expect(have, want, what):
    if have != want:
        sys.exit("%s: gave %r, wanted %r" % (what, have, want))


def make(folder, name):
    wasm = os.path.join(folder, name + ".wasm")
    subprocess.run(["wat2wasm", os.path.join(ROOT, "samples", name + ".wat"), "-o", wasm], check=True)
    return wasm


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    return done.returncode, done.stdout, done.stderr


def check_words(folder):
    words = [os.path.join(SAMPLES, "sample_words"), make(folder, "words")]
    for text, out in (("", 0), ("a b a\n", 2), ("  one two \n\n three one\nno newline", 5), ("w%d\n" * 3000 % tuple(range(3000)), 3000)):
        expect(run(*words, input=text), (0, "%d different words\n" % out, ""), repr(text[:50]))


def check_hello(folder):
    wasm = make(folder, "hello")
    programs = [[os.path.join(SAMPLES, "sample_hello")]]
    if os.path.exists(os.path.join(SAMPLES, "sample_hello_cpp")):
        programs.append([os.path.join(SAMPLES, "sample_hello_cpp")])
    if LIBTENON:
        programs.append([sys.executable, os.path.join(ROOT, "samples", "hello.py"), LIBTENON])
    for program in programs:
        expect(run(*program, wasm), (0, "Hello from the guest\n30 + 12 = 42\n", ""), program[-1])
        code, out, err = run(*program, os.path.join(ROOT, "samples", "hello.wat"))
        expect((code, "not a WebAssembly binary" in err), (1, True), "a text is no module for " + program[-1])


def check_calc():
    code, out, err = run(os.path.join(SAMPLES, "sample_calc"), input=PROGRAM)
    expect((code, out), (1, RESULTS), "calc")
    expect([e in line for e, line in zip(ERRORS, err.splitlines(), strict=True)], [True] * len(ERRORS), err)


with tempfile.TemporaryDirectory() as folder:
    check_words(folder)
    check_hello(folder)
    check_calc()
