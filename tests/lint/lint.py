#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rules of the house. usage: lint.py RULE|all [--fix]

layers        an #include that the table of docs/architecture.md does not allow
symbols       an exported symbol without tenon_, an internal one without tn_
sizes         a function above 80 lines, a file above 1,000
headers       a header that does not compile alone, a public function without a comment
conditionals  more #if than the budget, or outside base/os, base/compiler.h and dispatch
words         words that say nothing, TODO without a reason
format        the layout of clang-format
"""
import glob
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
os.chdir(ROOT)
ROOMS = ["include", "base", "loader", "runtime", "jit", "hostcalls", "cli", "server", "samples"]
# Includes a room may make, by prefix; its own prefix is implied. The table of docs/architecture.md.
ALLOWED = {
    "include/": ["tenon.h", "tenon/"],
    "base/": ["tenon.h", "tenon/"],
    "loader/": ["tenon.h", "tenon/", "base/"],
    "runtime/vm/": ["tenon.h", "tenon/", "base/", "loader/"],
    "runtime/interp/": ["tenon.h", "tenon/", "base/", "loader/", "runtime/vm/"],
    "runtime/capi/": ["tenon.h", "tenon/", "wasm.h"],
    "runtime/sched/": ["tenon.h", "tenon/", "base/", "loader/", "runtime/vm/"],
    "runtime/tiers.c": ["runtime/interp/interp.h", "jit/native.h"],
    "runtime/tiers_interp.c": ["runtime/interp/interp.h", "runtime/vm/native.h"],
    "jit/": ["tenon.h", "tenon/", "base/", "loader/", "runtime/vm/vmctx.h", "runtime/vm/tier.h", "runtime/vm/native.h", "runtime/vm/numeric.h",
             "runtime/vm/simd.h"],
    "hostcalls/": ["tenon.h", "tenon/"],
    "server/": ["tenon.h", "tenon/"],
    "samples/": ["tenon.h", "tenon/"],
    "cli/": ["tenon.h", "tenon/", "loader/", "jit/job.h"],
}
# Longer on purpose: one switch or one list each.
LONG_FUNCTIONS = set()
CONDITIONAL_PLACES = ("base/os/", "base/compiler.h", "base/assert.h", "jit/", "include/")
CONDITIONAL_BUDGET = 50
problems = []
# Headers of the newest LLVM, when there is one.
LLVM = next((["-isystem", "/usr/lib/llvm-%d/include" % v] for v in (22, 19) if os.path.isdir("/usr/lib/llvm-%d/include/llvm-c" % v)), [])


def problem(path, line, text):
    problems.append("%s:%s: %s" % (path, line, text))


def sources(endings=(".c", ".h", ".def")):
    found = []
    for room in ROOMS:
        for folder, _, files in os.walk(room):
            found += [os.path.join(folder, f) for f in files if f.endswith(endings)]
    return sorted(found)


def lint_layers():
    for path in sources():
        home = max((p for p in ALLOWED if path.startswith(p)), key=len, default=None)
        if home is None:
            problem(path, 1, "is in no room")
            continue
        for number, line in enumerate(open(path), 1):
            match = re.match(r'\s*#include\s+"([^"]+)"', line)
            if match and not match.group(1).startswith((home,) + tuple(ALLOWED[home])):
                problem(path, number, "%s may not include %s" % (home, match.group(1)))


def lint_symbols():
    library = os.environ.get("TENON_SHARED", "build/libtenon.so")
    if not os.path.exists(library):
        sys.exit(77)
    for line in subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True).stdout.splitlines():
        symbol = line.split()[-1].split("@")[0]
        if symbol != "TENON_0" and not symbol.startswith(("tenon_", "wasm_")):
            problem(library, 0, "exports %s" % symbol)
    objects = os.path.join(os.path.dirname(library), "libtenon.a")
    for line in subprocess.run(["nm", "--defined-only", "-g", objects], capture_output=True, text=True).stdout.splitlines():
        words = line.split()
        if len(words) == 3 and not words[2].startswith(("tenon_", "wasm_", "tn_", "__asan", "___asan", "__odr", "__start", "__stop")):
            problem(objects, 0, "the internal symbol %s lacks tn_" % words[2])


def lint_sizes():
    for path in sources((".c", ".h")):
        lines = open(path).read().split("\n")
        if len(lines) > 1000:
            problem(path, len(lines), "has %d lines; a file stops at 1,000" % len(lines))
        start = None
        for number, line in enumerate(lines, 1):
            if line == "{":
                start = number
            elif line == "}" and start is not None:
                if number - start > 80 and path not in LONG_FUNCTIONS:
                    problem(path, start, "the function has %d lines; it stops at 80" % (number - start))
                start = None


def compiler():
    return next((c for c in ("clang-22", "clang-19", "clang", "gcc") if shutil.which(c)), "cc")


def lint_headers():
    for path in sources((".h",)):
        if path.endswith(("each.h",)):  # expanded inside other files by design
            continue
        if path.startswith("jit/llvm/") and not LLVM or path == "include/tenon/uv.h" and not os.path.exists("/usr/include/uv.h"):
            continue
        done = subprocess.run([compiler(), "-std=gnu17", "-fsyntax-only", "-Wall", "-Wno-pragma-once-outside-header",
                               "-Wno-unused-function", "-Wno-unused-const-variable", "-I.", "-Iinclude", *LLVM, "-x", "c", path],
                              capture_output=True, text=True)
        if done.returncode != 0:
            problem(path, 1, "does not compile alone: " + done.stderr.strip().split("\n")[0])
    cxx = next((c for c in ("clang++-22", "clang++-19", "clang++", "g++") if shutil.which(c)), None)
    if cxx:
        for path in ["include/tenon.h", "include/wasm.h"] + sorted(glob.glob("include/tenon/*.h")):
            if path.endswith("each.h") or path == "include/tenon/uv.h" and not os.path.exists("/usr/include/uv.h"):
                continue
            done = subprocess.run([cxx, "-std=c++17", "-fsyntax-only", "-Iinclude", "-x", "c++", path], capture_output=True, text=True)
            if done.returncode != 0:
                problem(path, 1, "is no C++: " + done.stderr.strip().split("\n")[0])


def lint_conditionals():
    count = 0
    for path in sources((".c", ".h")):
        text = open(path).read()
        guard = re.search(r"#ifndef (\w+_H)\n#define \1", text)
        for number, line in enumerate(text.split("\n"), 1):
            match = re.match(r"\s*#\s*(if|ifdef|ifndef|elif)\b(.*)", line)
            if not match or path.endswith("each.h") or (guard and guard.group(1) in line):
                continue
            if path.startswith(CONDITIONAL_PLACES) or "TN_TAIL_DISPATCH" in line or "TN_RECOVERS_PC" in line:
                count += 1
                continue
            problem(path, number, "a conditional outside base/os, base/compiler.h and the dispatch: " + line.strip())
    if count > CONDITIONAL_BUDGET:
        problem("sources", 0, "%d conditionals; the budget is %d" % (count, CONDITIONAL_BUDGET))


def lint_words():
    banned = re.compile(r"\b(fidx|tmp2|hack|kludge|FIXME|XXX)\b|TODO(?!\()")
    for path in sources():
        text = open(path).read()
        if "SPDX-License-Identifier: MIT" not in text.split("\n", 2)[0] + text[:200]:
            problem(path, 1, "has no licence line")
        for number, line in enumerate(text.split("\n"), 1):
            if banned.search(line):
                problem(path, number, "says " + banned.search(line).group(0))
            if not path.endswith((".def", "each.h")) and len(line) > 120:
                problem(path, number, "is longer than 120 columns")


def lint_format():
    tool = next((t for t in ("clang-format-22",) if shutil.which(t)), None)
    if tool is None:
        sys.exit(77)
    files = [p for p in sources((".c", ".h")) if not p.endswith("each.h")]
    if "--fix" in sys.argv:
        subprocess.run([tool, "-i"] + files, check=True)
        return
    done = subprocess.run([tool, "--dry-run", "-Werror"] + files, capture_output=True, text=True)
    for line in done.stderr.split("\n"):
        if "error:" in line:
            problems.append(line)


RULES = {k[5:]: v for k, v in list(globals().items()) if k.startswith("lint_")}
wanted = sys.argv[1] if len(sys.argv) > 1 else "all"
for rule in RULES if wanted == "all" else [wanted]:
    RULES[rule]()
print("\n".join(problems))
print("lint %s: %d problems" % (wanted, len(problems)))
sys.exit(1 if problems else 0)
