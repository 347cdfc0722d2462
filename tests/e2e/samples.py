#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The samples do what they say."""
import os
import concurrent.futures
import http.client
import shutil
import subprocess
import sys
import tempfile
import time

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


def check_sleepers(folder):
    program = os.path.join(SAMPLES, "sample_sleepers")
    if not os.path.exists(program):
        return
    code, out, err = run(program, make(folder, "sleepers"))
    lines = out.splitlines()
    expect((code, err, len(lines)), (0, "", 11), out)
    expect(sorted(lines[:-1]), sorted(["slept %d ms" % n for n in (30, 30, 60, 60, 90, 90)] +
                                      ["done, having slept a while"] * 3 + ["ended: interrupt"]), out)
    expect(lines.index("slept 30 ms") < lines.index("slept 60 ms") < lines.index("slept 90 ms"), True, "who sleeps less is first")
    expect(lines[-1], "the loop was alive meanwhile", out)


class Plugins:
    """A running server with a folder of plugins."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "plugins")
        self.server = subprocess.Popen([os.path.join(SAMPLES, "sample_plugins"), "0", self.folder], stdout=subprocess.PIPE, text=True)
        self.port = int(self.server.stdout.readline().rstrip("/\n").rsplit(":", 1)[1])

    def install(self, source, route):
        path = os.path.join(self.folder, route + ".wasm")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        subprocess.run(["wat2wasm", os.path.join(ROOT, "samples", "plugins", source + ".wat"), "-o", path + ".new"], check=True)
        os.rename(path + ".new", path)

    def get(self, route, body=b"", connection=None):
        c = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        c.request("POST", "/" + route, body)
        answer = c.getresponse()
        return answer.status, answer.read().decode()


def check_plugins(folder):
    if not os.path.exists(os.path.join(SAMPLES, "sample_plugins")):
        return
    p = Plugins(folder)
    for source, route in (("hello", "acme/hello"), ("hello", "acme/hello2"), ("slow", "acme/slow"), ("filter", "acme/filter"),
                          ("crash", "evil/crash"), ("loop", "evil/loop"), ("eat", "evil/eat")):
        p.install(source, route)
    hello = (200, "hello, /acme/hello\nbody")
    keep = http.client.HTTPConnection("127.0.0.1", p.port, timeout=60)
    for _ in range(3):
        expect(p.get("acme/hello", b"body", keep), hello, "one connection")
    expect(p.get("acme/hello2"), (403, "the filter refuses\n"), "filter")
    expect(p.get("acme/slow"), (200, "rested"), "slow")
    expect(p.get("evil/crash"), (500, "out of bounds memory access\n"), "crash")
    expect(p.get("evil/eat"), (500, "out of bounds memory access\n"), "eat")
    expect(p.get("evil/loop"), (504, "the plugin took too long\n"), "loop")
    for route in ("acme/none", "acme", "acme/../evil/loop", "acme/hello/", "%2e/x", "x" * 300):
        expect(p.get(route)[0] in (404, 413), True, route)
    # Who misbehaves harms nobody.
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        evil = [pool.submit(p.get, "evil/" + name) for name in ("loop", "crash", "eat") * 4]
        good = [pool.submit(p.get, "acme/hello", b"body") for _ in range(100)]
        slow = [pool.submit(p.get, "acme/slow") for _ in range(20)]
        expect([g.result() for g in good], [hello] * 100, "beside bad neighbours")
        expect([g.result() for g in slow], [(200, "rested")] * 20, "waiting beside bad neighbours")
        expect(sorted(e.result()[0] for e in evil), [500] * 8 + [504] * 4, "bad neighbours")
    # A new version takes over; one that is broken says so and harms nobody.
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        old = pool.submit(p.get, "acme/slow")
        time.sleep(0.02)
        p.install("hello", "acme/slow")
        expect(p.get("acme/slow", b"new"), (200, "hello, /acme/slow\nnew"), "the new version")
        expect(old.result(), (200, "rested"), "a request that had begun")
    with open(os.path.join(p.folder, "acme", "slow.wasm"), "wb") as out:
        out.write(b"no module")
    status, text = p.get("acme/slow")
    expect((status, "WebAssembly" in text), (502, True), text)
    expect(p.get("acme/hello", b"body"), hello, "beside a broken version")
    # Clients that leave.
    for _ in range(5):
        c = http.client.HTTPConnection("127.0.0.1", p.port)
        c.request("GET", "/evil/loop")
        c.close()
    expect(p.get("acme/hello", b"body"), hello, "after clients have left")
    p.server.terminate()
    expect(p.server.wait(timeout=60), 0, "the end")


with tempfile.TemporaryDirectory() as folder:
    check_words(folder)
    check_hello(folder)
    check_calc()
    check_sleepers(folder)
    check_plugins(folder)
