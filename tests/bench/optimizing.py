#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times the kernels compiled by Tenon beside native code of the same clang, wasmtime and V8, interleaved, as ratios to native.

usage: optimizing.py BUILD [--only NAME,…] [--levels -O1,-O2] [--rounds N] [--scale N]
Every engine runs the same amount of work; a time is the least of all rounds. wasmtime has no clock inside, so its time is the
difference of two sizes. Kernels with SIMD have no native form and are compared with wasmtime.
"""
import argparse
import math
import os
import shutil
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = tempfile.mkdtemp()
MAIN = """#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int run(int);
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
int main(int c, char **v) {
    double best = 1e9; int r = 0;
    for (int i = atoi(v[2]); i > 0; i--) { double s = now(); r = run(atoi(v[1])); s = now() - s; if (s < best) best = s; }
    printf("%.9f %d\\n", best, r);
}
"""
NODE = """const fs = require('fs');
const run = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(process.argv[1])), {}).exports.run;
for (let i = 0; i < 3; i++) run(+process.argv[2]);
let best = 1e9, r;
for (let i = 0; i < +process.argv[3]; i++) { const s = performance.now(); r = run(+process.argv[2]); best = Math.min(best, performance.now() - s); }
console.log(best / 1000, r);
"""


def clock(command):
    done = subprocess.run(command, capture_output=True, text=True)
    return float(done.stdout.split()[0]) if done.returncode == 0 and done.stdout else None


class Native:
    def __init__(self, compiler):
        self.compiler = compiler
        with open(os.path.join(WORK, "main.c"), "w") as out:
            out.write(MAIN)

    def prepare(self, name, wasm):
        out = os.path.join(WORK, name)
        done = subprocess.run([self.compiler, "-O3", "-w", "-ffp-contract=off", "-fno-math-errno", "-o", out, os.path.join(WORK, "main.c"),
                               os.path.join(HERE, "kernels", name + ".c"), "-lm"], capture_output=True)
        return out if done.returncode == 0 else None

    def measure(self, ready, n, rounds):
        return clock([ready, str(n), str(rounds)])


class Tenon:
    def __init__(self, build, level):
        self.build, self.level = build, level

    def prepare(self, name, wasm):
        out = os.path.join(WORK, name + self.level)
        with open(wasm, "rb") as module, open(out, "wb") as image:
            done = subprocess.run([os.path.join(self.build, "tenon-llvm"), "0", "1", self.level], stdin=module, stdout=image)
        return (wasm, out) if done.returncode == 0 else None

    def measure(self, ready, n, rounds):
        return clock([os.path.join(self.build, "tests", "bench_inside"), *ready, str(n), str(rounds)])


class Wasmtime:
    def prepare(self, name, wasm):
        out = os.path.join(WORK, name + ".cwasm")
        done = subprocess.run(["wasmtime", "compile", wasm, "-o", out], capture_output=True)
        return out if done.returncode == 0 else None

    def measure(self, ready, n, rounds):
        best = [9e9, 9e9]
        for _ in range(rounds):
            for i, size in enumerate((1, n)):
                start = time.perf_counter()
                if subprocess.run(["wasmtime", "run", "--allow-precompiled", "--invoke", "run", ready, str(size)], capture_output=True).returncode:
                    return None
                best[i] = min(best[i], time.perf_counter() - start)
        return best[1] - best[0]


class Node:
    def prepare(self, name, wasm):
        return wasm

    def measure(self, ready, n, rounds):
        return clock(["node", "-e", NODE, ready, str(n), str(rounds)])


def geomean(values):
    values = [v for v in values if v and v > 0]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")


def find_engines(o):
    engines = {}
    compiler = next((c for c in ("clang-22", "clang-19", "clang") if shutil.which(c)), None)
    if compiler:
        engines["native"] = Native(compiler)
    for level in o.levels.split(","):
        engines["tenon " + level] = Tenon(o.build, level)
    if shutil.which("wasmtime"):
        engines["wasmtime"] = Wasmtime()
    if shutil.which("node"):
        engines["node"] = Node()
    return engines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--only", default="")
    parser.add_argument("--levels", default="-O1,-O2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=int, default=30)
    o = parser.parse_args()
    engines, ratios = find_engines(o), {}
    print("%-12s %-8s %10s" % ("kernel", "kind", "native ms") + "".join("%12s" % e for e in engines if e != "native"))
    for line in open(os.path.join(HERE, "kernels.txt")):
        words = line.split("#")[0].split()
        if not words or (o.only and words[0] not in o.only.split(",")):
            continue
        name, kind, n = words[0], words[1], int(words[3]) * o.scale
        wasm = os.path.join(o.build, "tests", "kernels", name + ".wasm")
        ready = {e: engine.prepare(name, wasm) for e, engine in engines.items()}
        best = {}
        for _ in range(2):
            for e, engine in engines.items():
                seconds = engine.measure(ready[e], n, o.rounds) if ready[e] else None
                if seconds is not None:
                    best[e] = min(seconds, best.get(e, 9e9))
        base = best.get("native") or best.get("wasmtime")
        row = {e: best[e] / base for e in best if base}
        ratios.setdefault(kind, []).append(row)
        print("%-12s %-8s %10s" % (name, kind, "%.1f" % (best["native"] * 1e3) if "native" in best else "-") +
              "".join("%12s" % ("%.2f" % row[e] if e in row else "-") for e in engines if e != "native"), flush=True)
    for kind, rows in ratios.items():
        print("%-12s %-8s %10s" % ("geomean", kind, "") + "".join("%12.3f" % geomean([r.get(e) for r in rows]) for e in engines if e != "native"))
    shutil.rmtree(WORK)


main()
