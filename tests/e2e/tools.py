#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What people look at compiled code with: `tenon explore`, perf's map and dump, GDB, the log of the background compiler; and
what loops become."""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

TENON = os.path.abspath(os.environ.get("TENON", "build/tenon"))
WORK = tempfile.mkdtemp()
os.environ["XDG_DATA_HOME"] = os.environ["XDG_CACHE_HOME"] = WORK
passed = failed = 0

LOOPS = """(module (memory (export "memory") 2)
  (func $axpy (export "axpy") (param $x i32) (param $y i32) (param $n i32) (result f64) (local $i i32)
    (loop $l
      (f64.store (i32.add (local.get $y) (local.get $i))
        (f64.add (f64.load (i32.add (local.get $y) (local.get $i)))
                 (f64.mul (f64.const 3) (f64.load (i32.add (local.get $x) (local.get $i))))))
      (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 8))) (local.get $n))))
    (f64.load (local.get $y)))
  (func $set (export "set") (param $at i32) (param $v f64) (f64.store (local.get $at) (local.get $v)))
  (func $sum (export "sum") (param $n i32) (result i32) (local $s i32)
    (loop $l (local.set $s (i32.add (local.get $s) (local.get $n)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $s)))"""


def check(what, have, want):
    global passed, failed
    if have == want:
        passed += 1
    else:
        failed += 1
        print("FAILED: %s: %r, wanted %r" % (what, have, want))


def tenon(*arguments):
    done = subprocess.run([TENON, *arguments], cwd=WORK, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def make(name, text):
    with open(os.path.join(WORK, name + ".wat"), "w") as out:
        out.write(text)
    subprocess.run(["wat2wasm", "--debug-names", "--enable-all", "-o", os.path.join(WORK, name + ".wasm"), os.path.join(WORK, name + ".wat")],
                   check=True)


def test_explore():
    code, text, _ = tenon("explore", "loops.wasm")
    check("explore", code, 0)
    check("functions by name", re.findall(r"^function (\d+)", text, re.M), ["0", "1", "2"])
    check("instructions in order", [text.find(x) > 0 for x in ("f64.load", "f64.mul", "br_if", "i32.sub")], [True] * 4)
    check("an instruction beside its code", bool(re.search(r"f64\.mul\n\s+[0-9a-f]+  mulpd|mulpd|fmul", text)), True)
    _, plain, _ = tenon("explore", "--hardened", "loops.wasm")
    if "push rbp" in text:
        check("loops are vectorized", ["mulpd" in text, "mulpd" in plain], [True, False])
    code, text, _ = tenon("explore", "--functions", "2", "loops.wasm")
    check("one function", re.findall(r"^function (\d+)", text, re.M), ["2"])
    for target, word in (("x86_64", "push rbp"), ("aarch64", "stp")):
        code, text, _ = tenon("explore", "--target", target, "loops.wasm")
        check("for " + target, [code, word in text], [0, True])
    check("a page", tenon("explore", "-o", "x.html", "loops.wasm")[0], 0)
    page = open(os.path.join(WORK, "x.html")).read()
    check("of HTML", [page.startswith("<!DOCTYPE html>"), page.count("<h2>"), "<script>" in page], [True, 3, True])
    offsets = set(re.findall(r"data-o=(\d+)", page.split("</pre><pre>")[0]))
    right = set(re.findall(r"data-o=(\d+)", page.split("</pre><pre>")[1].split("</pre>")[0]))
    check("both sides name the same places, but for the prologue", [len(right - offsets) <= 1, len(right & offsets) > 5], [True, True])
    check("no module", tenon("explore", "loops.wat")[0], 3)
    check("no such file", tenon("explore", "nothing.wasm")[0], 3)


def test_perf():
    process = subprocess.Popen([TENON, "run", "--tier=opt", "--profile=perfmap", "--profile", "jitdump", "--invoke", "sum", "loops.wasm", "9"],
                               cwd=WORK, stdout=subprocess.PIPE, text=True)
    check("the result", process.communicate()[0].strip(), "45")
    path = "/tmp/perf-%d.map" % process.pid
    rows = [line.split(" ", 2) for line in open(path).read().splitlines()]
    os.unlink(path)
    check("the map", sorted(r[2] for r in rows), ["axpy", "set", "sum"])
    check("sizes", all(int(r[1], 16) > 8 for r in rows), True)
    dump = open(os.path.join(WORK, "jit-%d.dump" % process.pid), "rb").read()
    magic, version, at = struct.unpack_from("<III", dump)
    check("the dump", (magic, version, at), (0x4A695444, 1, 40))
    names = []
    while at < len(dump):
        kind, size = struct.unpack_from("<II", dump, at)
        address, length = struct.unpack_from("<Q8xQ", dump, at + 24)
        name = dump[at + 56:dump.index(b"\0", at + 56)].decode()
        names.append((name, kind, "%x" % address, "%x" % length))
        at += size
    check("has the same code", sorted(names), sorted((r[2], 0, r[0], r[1]) for r in rows))


def test_old_maps():
    """What a process of the same number has left behind is not read as ours."""
    script = 'echo "1 1 old" > /tmp/perf-$$.map && touch -d "1 hour ago" /tmp/perf-$$.map && exec "$@"'
    process = subprocess.Popen(["sh", "-c", script, "sh", TENON, "run", "--tier=opt", "--profile=perfmap", "--invoke", "sum", "loops.wasm", "9"],
                               cwd=WORK, stdout=subprocess.PIPE, text=True)
    check("the result", process.communicate()[0].strip(), "45")
    path = "/tmp/perf-%d.map" % process.pid
    check("no old names", sorted(line.split()[2] for line in open(path)), ["axpy", "set", "sum"])
    os.unlink(path)


def test_gdb():
    clang = next((c for c in ("clang-22", "clang-19", "clang") if shutil.which(c)), None)
    if not shutil.which("gdb") or clang is None or not (shutil.which("wasm-ld-" + clang[6:]) or shutil.which("wasm-ld")):
        print("skipped: gdb, or a clang for wasm32")
        return
    with open(os.path.join(WORK, "g.c"), "w") as out:
        out.write("__attribute__((noinline)) int triple(int x)\n{\n    int y = x * 3;\n    return y + 1;\n}\n"
                  "__attribute__((export_name(\"run\"))) int run(int n)\n{\n    int s = 0;\n    for (int i = 0; i < n; i++)\n"
                  "        s += triple(i);\n    return s;\n}\n")
    subprocess.run([clang, "--target=wasm32", "-O1", "-g", "-nostdlib", "-Wl,--no-entry", "-o", "g.wasm", "g.c"], cwd=WORK, check=True)
    done = subprocess.run(["gdb", "-nx", "-batch", "-ex", "set breakpoint pending on", "-ex", "set confirm off", "-ex", "break triple",
                           "-ex", "run", "-ex", "bt 2", "-ex", "kill", "--args", TENON, "run", "--tier=opt", "--profile=gdb", "--invoke",
                           "run", "g.wasm", "9"], cwd=WORK, capture_output=True, text=True, timeout=120)
    if "ptrace" in done.stderr or "Operation not permitted" in done.stderr:
        print("skipped: gdb may not trace here")
        return
    check("a breakpoint", bool(re.search(r"Breakpoint 1, triple \(\) at g\.c:[34]", done.stdout)), True)
    check("frames", re.findall(r"^#\d.*?(triple|run) \(\) at g\.c:(\d+)", done.stdout, re.M)[-1][0], "run")


def test_background():
    tenon("cache", "clear")
    code, out, _ = tenon("run", "--tier-threshold=10", "--tier-log", "log", "--stats=json", "--invoke", "sum", "loops.wasm", "300000000")
    check("the sum", out.strip(), str((300000000 * 300000001 // 2 + 2**31) % 2**32 - 2**31))
    lines = [json.loads(line) for line in open(os.path.join(WORK, "log"))]
    done = [x for x in lines if x["succeeded"]]
    check("the log", [bool(done), done[0]["functions"], sum(x["loops"] for x in done)], [True, [2], 1])
    for tier, jobs in (("interp", 0), ("opt", 0)):
        code, out, err = tenon("run", "--tier", tier, "--stats=json", "--invoke", "sum", "loops.wasm", "1000000")
        check("--tier=" + tier, [code, json.loads(err.strip().splitlines()[-1])["tiering"]["jobs"]], [0, jobs])
    check("no such tier", tenon("run", "--tier=jit", "loops.wasm")[0], 2)
    check("no such threshold", tenon("run", "--tier-threshold=0", "loops.wasm")[0], 2)
    check("no such profile", tenon("run", "--profile=vtune", "loops.wasm")[0], 2)
    check("a log that cannot be", tenon("run", "--tier-log", "/nonexistent/x", "loops.wasm")[0], 2)


def test_nothing_is_written():
    """A cache folder without a key: an ordinary run looks into it, and leaves it as it is."""
    folder = os.path.join(WORK, "fresh", "tenon")
    os.makedirs(folder)
    done = subprocess.run([TENON, "run", "--invoke", "sum", "loops.wasm", "9"], cwd=WORK, capture_output=True, text=True,
                          env=os.environ | {"XDG_DATA_HOME": os.path.dirname(folder), "XDG_CACHE_HOME": os.path.dirname(folder)})
    check("no key is made", [done.stdout.strip(), done.stderr, os.listdir(folder)], ["45", "", []])


def test_versions():
    """Arrays apart, overlapping by one element, the same, and up to the end of the memory and beyond."""
    cases = [(0, 4096, 800), (4096, 0, 800), (0, 8, 800), (8, 0, 800), (0, 0, 800), (0, 131072 - 800, 800), (131072 - 800, 0, 800),
             (0, 131072 - 799, 800), (131072 - 792, 0, 800), (0, 4096, 8), (0, 4096, 804)]
    for x, y, n in cases:
        results = {tenon("run", "--tier", tier, *extra, "--invoke", "axpy", "loops.wasm", str(x), str(y), str(n))[:2]
                   for tier, extra in (("interp", ()), ("opt", ()), ("opt", ("--hardened",)), ("auto", ("--tier-threshold=20",)))}
        check("axpy %d %d %d" % (x, y, n), len(results), 1)


def main():
    if not os.path.exists(os.path.join(os.path.dirname(TENON), "tenon-llvm")):
        print("skipped: this build has no compiler")
        return 77
    make("loops", LOOPS)
    for test in (test_explore, test_perf, test_old_maps, test_gdb, test_background, test_nothing_is_written, test_versions):
        test()
    shutil.rmtree(WORK)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


sys.exit(main())
