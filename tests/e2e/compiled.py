#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiled code: the calling convention in every mixture of tiers, what traps leave behind, and files that must be refused.

Exit code 77 (skipped) when this build has no compiler.
"""
import ctypes
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import wasm  # noqa: E402

TENON = os.path.abspath(os.environ.get("TENON", "build/tenon"))
WORK = tempfile.mkdtemp()
os.environ["XDG_DATA_HOME"] = os.path.join(WORK, "data")
passed = failed = 0


def check(what, have, want):
    global passed, failed
    if have == want:
        passed += 1
    else:
        failed += 1
        print("%s: gave %r, wanted %r" % (what, have, want))


def tenon(*arguments):
    done = subprocess.run([TENON, *arguments], cwd=WORK, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def path(name):
    return os.path.join(WORK, name)


def module(name, text):
    with open(path(name + ".wat"), "w") as out:
        out.write(text)
    subprocess.run(["wat2wasm", "--enable-tail-call", path(name + ".wat"), "-o", path(name + ".wasm")], check=True)
    return name + ".wasm"


# How much is compiled, at which level.
MIXTURES = [["-O0"], ["-O1"], ["-O2"], ["-O3"], ["--functions", "even"], ["--functions", "odd"], ["--checked"]]


def in_all_mixtures(wasm, call, want):
    """Runs an export interpreted and in every mixture; want: standard output, or a part of the complaint."""
    for options in [None] + MIXTURES:
        file, checked = wasm, []
        if options is not None:
            file = "mixed.tenon"
            code, _, err = tenon("compile", *options, "-o", file, wasm)
            check("compile %s %s" % (options, wasm), (code, err), (0, ""))
            checked = ["--checked"] if "--checked" in options else []
        code, out, err = tenon("run", *checked, "--invoke", call[0], file, *call[1:])
        got = out if code == 0 else next((want for _ in [0] if want in err), err)
        check("%s %s %s" % (wasm, call, options), got, want)


# ---- the convention ----

TAILS = """(module
 (type $c (func (param i32 i64 i64) (result i64)))
 (table 4 funcref) (elem (i32.const 0) $odd $even $many $three)
 (func $even (param i64 i64) (result i64)
   (if (i64.eqz (local.get 0)) (then (return (local.get 1))))
   (return_call $odd (i64.sub (local.get 0) (i64.const 1)) (i64.add (local.get 1) (i64.const 1))))
 (func $odd (param i64 i64) (result i64)
   (return_call $many (local.get 0) (f64.const 1) (local.get 1) (i32.const 3) (i64.const 4) (i64.const 5) (i64.const 6)
     (i64.const 7) (i64.const 8) (i64.const 9) (f32.const 1) (f32.const 2) (f64.const 3) (f64.const 3) (f64.const 3)
     (f64.const 3) (f64.const 3) (f64.const 3) (f64.const 42)))
 (func $many (param i64 f64 i64 i32 i64 i64 i64 i64 i64 i64 f32 f32 f64 f64 f64 f64 f64 f64 f64) (result i64)
   (if (f64.ne (local.get 18) (f64.const 42)) (then (unreachable)))
   (if (i64.ne (local.get 9) (i64.const 9)) (then (unreachable)))
   (if (i32.ne (local.get 3) (i32.const 3)) (then (unreachable)))
   (return_call_indirect (type $c) (i32.const 7) (local.get 0) (local.get 2) (i32.const 3)))
 (func $three (type $c) (return_call $even (local.get 1) (local.get 2)))
 (func (export "run") (param i64) (result i64) (call $even (local.get 0) (i64.const 0))))"""


def many_values():
    """A function of 60 parameters that returns them in reverse, through another one."""
    types = ["i32", "i64", "f32", "f64", "v128"]
    params = [types[i % 5] for i in range(60)]

    def constant(i):
        return "(v128.const i64x2 %d %d)" % (i, i + 1) if params[i] == "v128" else "(%s.const %d)" % (params[i], i + 1)

    reverse = " ".join("(local.get %d)" % i for i in reversed(range(60)))
    same = " ".join("(local.get %d)" % i for i in range(60))
    results = "(result %s)" % " ".join(reversed(params))
    text = "(module (func $b (param %s) %s %s)" % (" ".join(params), results, reverse)
    text += "(func $a (param %s) %s (call $b %s))" % (" ".join(params), results, same)
    text += "(func $t (param %s) %s (return_call $a %s))" % (" ".join(params), results, same)
    text += '(func (export "run") %s (call $t %s)))' % (results, " ".join(constant(i) for i in range(60)))
    want = []
    for i in reversed(range(60)):
        want.append("0x%016x%016x" % (i + 1, i) if params[i] == "v128" else str(i + 1))
    return text, "\n".join(want)


MEMORY = """(module (memory 2) (global $g (mut i64) (i64.const 7)) (table $t 8 funcref)
 (func $keep (param i32 i32) (result i32)
   (i32.store (local.get 0) (local.get 1)) (i32.load (local.get 0)))
 (func $deep (param i32) (result i32)
   (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
     (else (i32.add (call $keep (i32.const 64) (local.get 0)) (call $deep (i32.sub (local.get 0) (i32.const 1)))))))
 (func (export "run") (result i32) (call $deep (i32.const 2000)))
 (func $forever (param i32) (result i32) (local $x i32)
   (local.set $x (call $forever2 (local.get 0))) (i32.store (i32.const 0) (local.get $x)) (local.get $x))
 (func $forever2 (param i32) (result i32) (local $x i32)
   (local.set $x (call $forever (local.get 0))) (i32.store (i32.const 4) (local.get $x)) (local.get $x))
 (func (export "overflow") (result i32) (call $forever (i32.const 0))))"""


def test_convention():
    in_all_mixtures(module("tails", TAILS), ["run", "1000000"], "1000000")
    text, want = many_values()
    in_all_mixtures(module("many", text), ["run"], want)
    wasm = module("stack", MEMORY)
    in_all_mixtures(wasm, ["run"], str(sum(range(1, 2001))))
    in_all_mixtures(wasm, ["overflow"], "call stack exhausted")


def test_large_frames():
    """Few bytes of code may need a large frame: what calls return. It must never reach beyond the stack."""
    results = "(result %s)" % " ".join(["i64"] * 100)
    text = "(module (memory 1) (func $r %s %s)" % (results, " ".join("(i64.load (i32.const %d))" % (8 * i) for i in range(100)))
    text += "(func $big (param i32) (result i64) %s (if (i32.eqz (local.get 0)) (then) (else (drop (call $big (i32.sub (local.get 0) " \
            "(i32.const 1)))))) %s)" % ("call $r " * 200, "i64.add " * 19999)
    text += '(func (export "run") (param i32) (result i64) (i64.store (i32.const 0) (i64.const 1)) (call $big (local.get 0))))'
    wasm = module("frames", text)
    for options in (["-O0"], ["-O2"], ["--functions", "odd"]):
        tenon("compile", *options, "-o", "frames.tenon", wasm)
        check("a large frame %s" % options, tenon("run", "--invoke", "run", "frames.tenon", "1")[1], "200")
        code, _, err = tenon("run", "--invoke", "run", "frames.tenon", "100000")
        check("too many %s" % options, (code, "call stack exhausted" in err), (134, True))


def test_deep_tails():
    tenon("compile", "-o", "tails.tenon", "tails.wasm")
    check("10^8 tail calls", tenon("run", "--invoke", "run", "tails.tenon", "100000000")[1], "100000000")


# ---- what a trap leaves behind ----

TRAPS = [
    # What traps, after a store of each kind; the state is read afterwards.
    ("load", "(drop (i32.load (i32.const 131072)))"),
    ("store", "(i64.store (i32.const 131065) (i64.const -1))"),
    ("far", "(drop (i32.load offset=4294967295 (i32.const 8)))"),
    ("divide", "(drop (i32.div_s (i32.const 1) (global.get $zero)))"),
    ("overflow", "(drop (i64.div_s (i64.const 0x8000000000000000) (i64.extend_i32_s (i32.sub (global.get $zero) (i32.const 1)))))"),
    ("convert", "(drop (i32.trunc_f64_s (f64.const 1e30)))"),
    ("nan", "(drop (i32.trunc_f32_u (f32.const nan)))"),
    ("table", "(drop (table.get $t (i32.const 99)))"),
    ("indirect", "(call_indirect (param i64) (i64.const 1) (i32.const 0))"),
    ("null", "(call_indirect (i32.const 3))"),
    ("fill", "(memory.fill (i32.const 131000) (i32.const 1) (i32.const 100))"),
    ("unreachable", "(unreachable)"),
    ("loop", "(local.set $i (i32.const 131000)) (loop (i32.store8 (local.get $i) (i32.const 5)) (br_if 0 (i32.lt_u "
             "(local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 131090))))"),
]


def trap_module():
    """Stores to memory, a global and a table around something that traps; `state` sums all of it."""
    text = """(module (memory 2) (global $g (mut i64) (i64.const 0)) (global $zero (mut i32) (i32.const 0)) (table $t 4 funcref)
     (elem (i32.const 0) $nothing) (elem declare func $nothing)
     (func $nothing)
     (func (export "state") (result i64) (local $i i32) (local $sum i64)
       (loop (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.load8_u (local.get $i))))
         (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 131072))))
       (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (global.get $g)))
       (local.set $i (i32.const 0))
       (loop (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31))
           (i64.extend_i32_u (ref.is_null (table.get $t (local.get $i))))))
         (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4))))
       (local.get $sum))"""
    for name, trap in TRAPS:
        text += """(func (export "%s") (local $i i32)
          (i32.store (i32.const 100) (i32.const 1)) (global.set $g (i64.const 1))
          (table.set $t (i32.const 1) (ref.func $nothing))
          %s
          (i32.store (i32.const 100) (i32.const 2)) (global.set $g (i64.const 2)) (i32.store (i32.const 104) (i32.const 3))
          (table.set $t (i32.const 1) (ref.null func)) (table.set $t (i32.const 2) (ref.func $nothing)))""" % (name, trap)
    return text + ")"


def test_traps():
    """`wast` keeps the instance after a trap, so a script asks for the state; the interpreter says what it must be."""
    wasm = module("traps", trap_module())
    for name, _ in TRAPS:
        commands = [{"type": "module", "line": 1, "filename": wasm},
                    {"type": "assert_trap", "line": 2, "action": {"type": "invoke", "field": name, "args": []}, "text": ""},
                    {"type": "assert_return", "line": 3, "action": {"type": "invoke", "field": "state", "args": []},
                     "expected": [{"type": "i64", "value": "0"}]}]
        script(commands)
        _, out, _ = tenon("wast", "script.json")
        state = out.split()[0] if out else ""
        check("interpreted %s: %s" % (name, out), state.lstrip("-").isdigit(), True)
        commands[2]["expected"][0]["value"] = str(int(state) % 2**64 if state else 0)
        script(commands)
        for mode in ([], ["--compiled"], ["--odd"], ["--even"], ["--compiled", "--checked"]):
            check("state after %s %s" % (name, mode), tenon("wast", *mode, "script.json")[0], 0)


def script(commands):
    import json
    with open(path("script.json"), "w") as out:
        json.dump({"commands": commands}, out)


def test_backtraces():
    wasm = module("trace", """(module (memory 1) (func $in (param i32) (result i32) (i32.load (local.get 0)))
      (func $mid (param i32) (result i32) (i32.add (i32.const 1) (call $in (local.get 0))))
      (func (export "run") (result i32) (i32.add (i32.const 1) (call $mid (i32.const 65536)))))""")
    want = [line for line in tenon("run", "--invoke", "run", wasm)[2].split("\n")[1:] if "function" in line]
    check("frames interpreted", len(want), 3)
    for options in (["-O0"], ["-O2"], ["--functions", "even"], ["--functions", "odd"]):
        tenon("compile", *options, "-o", "trace.tenon", wasm)
        have = [line for line in tenon("run", "--invoke", "run", "trace.tenon")[2].split("\n")[1:] if "function" in line]
        check("frames %s" % options, have, want)


def test_collection():
    """An exception that only compiled code holds survives the sweep of 100,000 others."""
    m = wasm.Module()
    exnref = 0x69
    m.type([wasm.I64], [])
    m.type([wasm.I64], [exnref])
    m.type([], [wasm.I64, exnref])
    m.tags.append(b"\0\0")
    m.function([wasm.I64], [], b"\x20\0\x08\0")
    # The exception of a call that throws its argument.
    m.function([wasm.I64], [exnref], b"\x02\x02\x1f\x40\x01\x01\0\0\x20\0\x10\0\x0b\0\x0b\x21\x01\x1a\x20\x01", [(1, exnref)])
    # Holds that of 42 while a loop makes others of 7, then throws it again and returns what it carries.
    m.function([wasm.I32], [wasm.I64], b"\x42\x2a\x10\x01\x21\x01\x03\x40\x42\x07\x10\x01\x21\x02\x20\0\x41\x01\x6b\x22\0\x0d\0\x0b"
               b"\x02\x7e\x1f\x40\x01\0\0\0\x20\x01\x0a\x0b\0\x0b", [(2, exnref)], export="run")
    with open(path("hold.wasm"), "wb") as out:
        out.write(m.build())
    in_all_mixtures("hold.wasm", ["run", "100000"], "42")


# ---- files ----

def refused(file, why, *options):
    code, _, err = tenon("run", *options, "--invoke", "run", file, "10")
    check("%s is refused" % file, (code, why in err), (3, True))


def test_files():
    check("compile", tenon("compile", "tails.wasm")[0], 0)
    check("run", tenon("run", "--invoke", "run", "tails.tenon", "10")[1], "10")
    whole = open(path("tails.tenon"), "rb").read()
    for at in (9, 40, 90, 150, 70000, 131072 + 9, len(whole) - 1):
        damaged = bytearray(whole)
        damaged[at] ^= 0x10
        open(path("damaged.tenon"), "wb").write(damaged)
        refused("damaged.tenon", "refused")
    ends = set()
    for at in range(8, len(whole), 1499):
        damaged = bytearray(whole)
        damaged[at] ^= 0x10
        open(path("damaged.tenon"), "wb").write(damaged)
        code, out, err = tenon("run", "--invoke", "run", "damaged.tenon", "10")
        ends.add((code, out if code == 0 else "refused" in err))
    check("wherever damaged: refused, or what is damaged is not used", ends, {(0, "10"), (3, True)})
    for size in (0, 7, 8, 100, 65536, len(whole) - 1):
        open(path("short.tenon"), "wb").write(whole[:size])
        code, _, err = tenon("run", "--invoke", "run", "short.tenon", "10")
        check("%d bytes are refused" % size, code, 3)
    open(path("other.key"), "w").write("5a" * 32)
    refused("tails.tenon", "key", "--key", "other.key")
    tenon("compile", "--key", "other.key", "-o", "keyed.tenon", "tails.wasm")
    check("its own key", tenon("run", "--key", "other.key", "--invoke", "run", "keyed.tenon", "10")[1], "10")
    refused("keyed.tenon", "key")
    other = "aarch64" if os.uname().machine == "x86_64" else "x86_64"
    check("another CPU", tenon("compile", "--target", other, "-o", "other.tenon", "tails.wasm")[0], 0)
    refused("other.tenon", "another kind of CPU")
    check("the same bytes", image("tails.wasm", 1) == image("tails.wasm", 4), True)
    check("no module", tenon("compile", "other.key")[0], 3)
    check("no such CPU", tenon("compile", "--cpu", "z80", "tails.wasm")[0], 1)


# Opens a file that it is given and calls $change with the descriptor; then exits with what $late gives.
CHANGING = """(module
 (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
 (import "wasi_snapshot_preview1" "fd_pwrite" (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
 (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $resize (param i32 i64) (result i32)))
 (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
 (memory (export "memory") 16)
 (type $late (func (result i32)))
 (table 1 funcref)
 (elem (i32.const 0) $late)
 (data (i32.const 0) "%(file)s")
 (data (i32.const 200) "%(bytes)s")
 (func (export "_start")
  (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const %(length)d) (i32.const 0) (i64.const 0xffffff) (i64.const 0)
       (i32.const 0) (i32.const 100)) (then (call $exit (i32.const 70))))
  (if (call $change (i32.load (i32.const 100))) (then (call $exit (i32.const 71))))
  (call $exit (call_indirect (type $late) (i32.const 0))))
 (func $change (param $fd i32) (result i32) %(change)s)
 %(filler)s
 (func $late (result i32) (i32.const 0x11)))"""
OVERWRITE = """(i32.store (i32.const 104) (i32.const 200)) (i32.store (i32.const 108) (i32.const %d))
  (call $pwrite (local.get $fd) (i32.const 104) (i32.const 1) (i64.const %d) (i32.const 112))"""


def changing(name, file, change, bytes="", filler=""):
    module(name, CHANGING % {"file": file, "length": len(file), "change": change, "bytes": bytes, "filler": filler})


def test_changes():
    """Guests that are given their own file to write."""
    body = b"\x41\x11\x0b"
    at = 300
    for _ in range(2):
        changing("self", "self.wasm", OVERWRITE % (1, at + 1), bytes="\\22")
        at = open(path("self.wasm"), "rb").read().index(body)
    whole = open(path("self.wasm"), "rb").read()
    for tier in (("--tier=interp",), ("--tier=opt",), ("--tier-threshold=1",)):
        open(path("self.wasm"), "wb").write(whole)
        check("bodies stay what was checked %s" % tier[0], tenon("run", *tier, "--dir", ".::/", "self.wasm")[0], 0x11)
        check("although the file is another", open(path("self.wasm"), "rb").read()[at + 1], 0x22)
    filler = "\n".join("(func (param i32) (result i32) (i32.mul (i32.add (local.get 0) (i32.const %d)) (i32.const %d)))" % (i, i + 3)
                       for i in range(4000))
    for name, change in (("overwritten", OVERWRITE % (900000, 70000)), ("cut", "(call $resize (local.get $fd) (i64.const 100))")):
        changing(name, name + ".tenon", change, filler=filler)
        check("compile", tenon("compile", name + ".wasm")[0], 0)
        code, _, err = tenon("run", "--dir", ".::/", name + ".tenon")
        check("%s while it runs" % name, (code, "refused" in err), (3, True))
        tenon("compile", name + ".wasm")
        tenon("compile", "--checked", name + ".wasm")
        check("not when all is read at the start", tenon("run", "--checked", "--dir", ".::/", name + ".tenon")[0], 0x11)


IN_OPEN, IN_CLOSE = 0x20, 0x18  # equal events in a row would be one


def opens_of(file, *command):
    """How often a command opens a file."""
    libc = ctypes.CDLL(None)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    libc.inotify_add_watch(watch, path(file).encode(), IN_OPEN | IN_CLOSE)
    result = tenon(*command)[1]
    events = b""
    try:
        events = os.read(watch, 4096)
    except BlockingIOError:
        pass
    os.close(watch)
    return result, sum(mask & IN_OPEN != 0 for _, mask, _, _ in struct.iter_unpack("iIII", events))


def test_signs():
    """Files that stay as they were need not be read again."""
    os.environ["XDG_CACHE_HOME"] = path("signs")
    folder = path("signs/tenon")
    for name, value in (("one", 1), ("two", 2), ("six", 6)):
        module(name, '(module (func (export "run") (result i32) (i32.const %d)))' % value)
    time.sleep(3.5)

    def run(name):
        return opens_of(name + ".wasm", "run", "--tier=opt", "--invoke", "run", name + ".wasm")

    def sign_of(name):
        before = set(os.listdir(folder)) if os.path.isdir(folder) else set()
        check("read", run(name), (name == "one" and "1" or "2", 2))
        return os.path.join(folder, next(e for e in set(os.listdir(folder)) - before if e.endswith(".sign")))

    one, two = sign_of("one"), sign_of("two")
    check("not read again", [run("one"), run("two")], [("1", 1), ("2", 1)])
    shutil.copy(one, two)
    check("the sign of another", run("two"), ("2", 2))
    check("is made again", run("two"), ("2", 1))
    open(two, "wb").write(b"short")
    check("a damaged sign", run("two"), ("2", 2))
    shutil.copy(path("six.wasm"), path("one.wasm"))
    check("another file", run("one")[0], "6")
    check("may change again at once", run("one"), ("6", 2))
    entry = next(os.path.join(folder, e) for e in os.listdir(folder) if e.endswith(".tenon"))
    for e in os.listdir(folder):
        if e.endswith(".tenon"):
            os.remove(os.path.join(folder, e))
    check("a sign without an entry", run("two"), ("2", 2))
    entry = next(os.path.join(folder, e) for e in os.listdir(folder) if e.endswith(".tenon"))
    whole = open(entry, "rb").read()
    open(entry, "wb").write(whole[:131072] + bytes(4096) + whole[131072 + 4096:])
    code, _, err = tenon("run", "--tier=opt", "--invoke", "run", "two.wasm")
    check("a damaged entry is found when it is used", (code, "run it again" in err), (3, True))
    check("and made again", run("two")[0], "2")


def test_cache():
    os.environ["XDG_CACHE_HOME"] = path("cache")
    folder = path("cache/tenon")
    os.environ.pop("TENON_CACHE_SIZE", None)

    def run(wasm, *call):
        return tenon("run", "--tier=opt", "--invoke", *call[:1], wasm, *call[1:])[1]

    def entries():
        return sorted(e for e in os.listdir(folder) if not e.endswith(".sign"))

    for _ in range(2):
        check("cached", run("tails.wasm", "run", "10"), "10")
        check("one entry", len(entries()), 1)
    first = os.path.join(folder, entries()[0])
    good = open(first, "rb").read()
    open(first, "wb").write(good[:70000] + b"x" + good[70001:])
    check("a damaged entry", run("tails.wasm", "run", "10"), "10")
    check("is made again", open(first, "rb").read()[70000:70001] == good[70000:70001], True)
    jobs = [subprocess.run([TENON, "run", *tier, "--stats=json", "--invoke", "run", "tails.wasm", "300000"], cwd=WORK, capture_output=True,
                           text=True).stderr.count('"jobs":0') for tier in ((), ("--tier=opt",), ("--tier-threshold=1",))]
    check("taken up by --tier=auto, too", jobs, [1, 1, 1])
    check("another module", run("stack.wasm", "run"), str(sum(range(1, 2001))))
    second = next(os.path.join(folder, e) for e in entries() if os.path.join(folder, e) != first)
    shutil.copy(first, second)
    check("an entry of another module", run("stack.wasm", "run"), str(sum(range(1, 2001))))
    open(os.path.join(folder, "mine.txt"), "w").write("keep")
    processes = [subprocess.Popen([TENON, "run", "--tier=opt", "--invoke", "run", "trace.wasm"], cwd=WORK, stderr=subprocess.DEVNULL)
                 for _ in range(4)]
    check("four at once", [p.wait() for p in processes], [134] * 4)
    check("three modules", "modules 3" in tenon("cache")[1], True)
    os.environ["TENON_CACHE_SIZE"] = str(len(good) * 3 // 2)
    check("beyond the bound", run("traps.wasm", "fill"), "")
    check("the oldest go", len([e for e in entries() if e.endswith(".tenon")]), 1)
    check("clear", tenon("cache", "clear")[0], 0)
    check("others stay", entries(), ["mine.txt"])
    os.environ["XDG_CACHE_HOME"] = "/dev/null/nowhere"
    check("no cache at all", run("tails.wasm", "run", "10"), "10")


def image(wasm, threads):
    """What the compiler makes, without the seal."""
    command = [os.path.join(os.path.dirname(TENON), "tenon-llvm"), "0", "1", "--threads=%d" % threads]
    return subprocess.run(command, stdin=open(path(wasm), "rb"), capture_output=True).stdout


def main():
    if not os.path.exists(os.path.join(os.path.dirname(TENON), "tenon-llvm")):
        print("skipped: this build has no compiler")
        return 77
    for test in (test_convention, test_large_frames, test_deep_tails, test_traps, test_backtraces, test_collection, test_files,
                 test_changes, test_cache, test_signs):
        test()
    shutil.rmtree(WORK)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


sys.exit(main())
