#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the specification's converted scripts with `tenon wast`, in one of the bounds modes, and adds up.

usage: run.py MODE [SUBSET]   MODE: guarded or checked, or compiled, compiled-checked, odd, even, auto, auto-checked: see tenon wast; SUBSET: core, proposals, mutated, or a path below the data
Exit code 77 (skipped) when TENON_CONFORMANCE does not name the data.
"""
import concurrent.futures
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TENON = os.environ.get("TENON", "build/tenon").split()
PROPOSALS = ["wide-arithmetic", "custom-page-sizes", "compact-imports", "threads"]
# Obsolete since multi-memory and multi-table: see the data's README, "Known issues".
OBSOLETE = {"imports.json": 6, "memory.json": 2}


def is_compiled(mode):
    return mode.startswith(("compiled", "odd", "even", "auto"))


def run(mode, files, all_features):
    command = TENON + ["wast"] + (["--checked"] if mode.endswith("checked") else []) + (["--all-features"] if all_features else [])
    command += ["--" + mode.split("-")[0]] if is_compiled(mode) else []
    done = subprocess.run(command + files, capture_output=True, text=True, errors="replace")
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    match = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", last)
    if not match:
        print(done.stdout[-2000:], done.stderr[-2000:])
        print("%s: ended with %d and no count" % (files[0], done.returncode))
        sys.exit(1)
    return [int(x) for x in match.groups()], done.stdout


def core(mode, root, pattern):
    files = sorted(glob.glob(os.path.join(root, pattern), recursive=True))
    # A compiler is started for each module, so two processors help.
    half = (len(files) + 1) // 2 if is_compiled(mode) else len(files)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda part: run(mode, part, False), [p for p in (files[:half], files[half:]) if p]))
    total = [sum(counts[i] for counts, _ in results) for i in range(3)]
    for _, text in results:
        print("\n".join(text.strip().splitlines()[-30:]))
    print("%d passed, %d failed, %d skipped" % tuple(total))
    return 0 if total[1] == 0 and total[0] > 0 else 1


def proposals(mode, root):
    total = [0, 0, 0]
    for proposal in PROPOSALS:
        for path in sorted(glob.glob(os.path.join(root, "proposals", proposal, "**", "*.json"), recursive=True)):
            counts, text = run(mode, [path], True)
            allowed = OBSOLETE.get(os.path.basename(path), 0) if "testsuite-2020" in path else 0
            if counts[1] > allowed:
                print(text)
            else:
                counts = [counts[0], 0, counts[2] + counts[1]]
            total = [a + b for a, b in zip(total, counts)]
    print("%d passed, %d failed, %d skipped" % tuple(total))
    return 1 if total[1] else 0


def mutated(mode, root):
    """An altered expectation must fail: otherwise the runner proves nothing."""
    folder = os.path.join(root, "core", "i32")
    with tempfile.TemporaryDirectory() as copy:
        for path in glob.glob(os.path.join(folder, "*")):
            shutil.copy(path, copy)
        path = os.path.join(copy, "i32.json")
        script = json.load(open(path))
        for command in script["commands"]:
            if command["type"] == "assert_return":
                command["expected"][0]["value"] = str(int(command["expected"][0]["value"]) ^ 1)
                break
        json.dump(script, open(path, "w"))
        counts, _ = run(mode, [path], False)
    print("altered one expectation: %d failed" % counts[1])
    return 0 if counts[1] == 1 else 1


def main():
    mode, subset = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "core"
    root = os.environ.get("TENON_CONFORMANCE")
    if is_compiled(mode) and not os.path.exists(os.path.join(os.path.dirname(TENON[0]), "tenon-llvm")):
        print("skipped: this build has no compiler")
        return 77
    if not root or not os.path.isdir(os.path.join(root, "spec")):
        print("skipped: TENON_CONFORMANCE does not name the conformance data")
        return 77
    root = os.path.join(root, "spec")
    if subset == "proposals":
        return proposals(mode, root)
    if subset == "mutated":
        return mutated(mode, root)
    return core(mode, root, "core/**/*.json" if subset == "core" else subset)


if __name__ == "__main__":
    sys.exit(main())
