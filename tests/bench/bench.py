#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times the kernels on Tenon and on every peer found, in one interleaved run, and prints a table of ratios.

A time is the difference of the minima of two sizes, so that start-up cancels out. A ratio above 1 means that Tenon is
faster. Peers are found on PATH (wasmi_cli, wasmtime, wazero, node) or as the Python package pywasm3; the environment
variables TENON_PEER_WASMI, TENON_PEER_WASMTIME, TENON_PEER_WAZERO name binaries instead. None is required.

usage: bench.py TENON KERNEL_DIR [--rounds N] [--only NAME[,NAME]] [--peers a,b] [--json FILE]
"""
import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))

WASM3 = """
import sys, time, wasm3
path, sizes, rounds = sys.argv[1], [int(x) for x in sys.argv[2].split(',')], int(sys.argv[3])
best = [9e9] * len(sizes)
for _ in range(rounds):
    for i, n in enumerate(sizes):
        env = wasm3.Environment(); rt = env.new_runtime(1 << 20)
        rt.load(env.parse_module(open(path, 'rb').read())); f = rt.find_function('run')
        t = time.perf_counter(); r = f(n); t = time.perf_counter() - t
        best[i] = min(best[i], t)
        result = r
print(best[1] - best[0], result)
"""

NODE = """
const fs = require('fs'); const [path, sizes, rounds] = process.argv.slice(1);
const bytes = fs.readFileSync(path); const n = sizes.split(',').map(Number); const best = n.map(() => 9e9); let result;
for (let r = 0; r < +rounds; r++) n.forEach((size, i) => {
  const f = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.run;
  const t = process.hrtime.bigint(); result = f(size);
  best[i] = Math.min(best[i], Number(process.hrtime.bigint() - t) / 1e9); });
console.log(best[1] - best[0], result);
"""


def kernels(only):
    for line in open(os.path.join(HERE, "kernels.txt")):
        words = line.split("#")[0].split()
        if words and (not only or words[0] in only):
            yield words[0], words[1], int(words[2]), int(words[3])


def once(command):
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    elapsed = time.perf_counter() - start
    if done.returncode != 0:
        return None, done.stderr.strip()[-100:]
    return elapsed, done.stdout.strip()


class Process:
    """An engine whose start-up is part of each measurement and cancels in the difference."""

    def __init__(self, make):
        self.make = make

    def measure(self, path, sizes, rounds):
        best = [9e9, 9e9]
        for _ in range(rounds):
            for i, n in enumerate(sizes):
                elapsed, text = once(self.make(path, n))
                if elapsed is None:
                    return None, text
                best[i] = min(best[i], elapsed)
                result = text
        return best[1] - best[0], result


class Inside:
    """An engine measured by a script inside it."""

    def __init__(self, command):
        self.command = command

    def measure(self, path, sizes, rounds):
        done = subprocess.run(self.command + [path, "%d,%d" % tuple(sizes), str(rounds)], capture_output=True, text=True)
        if done.returncode != 0:
            return None, done.stderr.strip()[-100:]
        seconds, result = done.stdout.split()
        return float(seconds), result


def find_peers(wanted):
    peers = {}
    wasmi = os.environ.get("TENON_PEER_WASMI") or shutil.which("wasmi_cli") or shutil.which("wasmi")
    wasmtime = os.environ.get("TENON_PEER_WASMTIME") or shutil.which("wasmtime")
    wazero = os.environ.get("TENON_PEER_WAZERO") or shutil.which("wazero")
    if subprocess.run([sys.executable, "-c", "import wasm3"], capture_output=True).returncode == 0:
        peers["wasm3"] = Inside([sys.executable, "-c", WASM3])
    if wasmi:
        peers["wasmi"] = Process(lambda p, n: [wasmi, "run", "--invoke", "run", p, str(n)])
        if once([wasmi, "run", "--help"])[0] is None:
            peers["wasmi"] = Process(lambda p, n: [wasmi, "--invoke", "run", p, str(n)])
    if wasmtime:
        peers["wasmtime"] = Process(lambda p, n: [wasmtime, "run", "--invoke", "run", p, str(n)])
    if wazero:
        peers["wazero-int"] = Process(lambda p, n: [wazero, "run", "-interpreter", p, str(n)])
    if shutil.which("node"):
        peers["node"] = Inside(["node", "-e", NODE])
    return {k: v for k, v in peers.items() if not wanted or k in wanted}


def geomean(values):
    values = [v for v in values if v and v > 0]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("folder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--peers", default="wasm3,wasmi")
    parser.add_argument("--json")
    o = parser.parse_args()
    only = [x for x in o.only.split(",") if x]
    peers = find_peers([x for x in o.peers.split(",") if x])
    if not peers:
        print("unmeasured: no peer was found; install one of wasmi_cli, wasmtime, wazero, node, pywasm3")
    tenon = Process(lambda p, n: [o.tenon, "run", "--invoke", "run", p, str(n)])
    rows = []
    print("%-12s %-8s %10s" % ("kernel", "kind", "tenon ms") + "".join("%12s" % p for p in peers))
    for name, kind, small, large in kernels(only):
        path = os.path.join(o.folder, name + ".wasm")
        own, result = tenon.measure(path, (small, large), o.rounds)
        if own is None:
            print("%-12s failed: %s" % (name, result))
            return 1
        row = {"kernel": name, "kind": kind, "tenon": own}
        line = "%-12s %-8s %10.2f" % (name, kind, own * 1e3)
        for peer, engine in peers.items():
            seconds, other = engine.measure(path, (small, large), o.rounds)
            if seconds is None:
                line += "%12s" % "-"
                continue
            row[peer] = seconds / own
            wrong = int(float(other.split()[-1])) & 0xFFFFFFFF != int(result) & 0xFFFFFFFF
            line += "%11.2f%s" % (row[peer], "!" if wrong else " ")
        print(line, flush=True)
        rows.append(row)
    for label, wanted in (("all", None), ("integer", "integer"), ("numeric", "numeric"), ("simd", "simd")):
        chosen = [r for r in rows if wanted is None or r["kind"] == wanted]
        if chosen:
            print("%-32s" % ("geomean " + label) + "".join("%11.2f " % geomean([r.get(p) for r in chosen]) for p in peers))
    if o.json:
        json.dump(rows, open(o.json, "w"), indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
