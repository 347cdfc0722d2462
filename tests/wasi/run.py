#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the WASI preview 1 tests of TENON_CONFORMANCE. usage: run.py [unix] [nobody]

unix    with ERRNO_MODE_UNIX=1: the strict error numbers of a Unix host
nobody  as an unprivileged user (skipped when this is not root)
"""
import glob
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile

if "TENON_CONFORMANCE" not in os.environ:
    print("TENON_CONFORMANCE does not name the conformance data: skipped")
    sys.exit(77)
ROOT = os.path.join(os.environ["TENON_CONFORMANCE"], "wasi-p1")
UNIX, NOBODY = "unix" in sys.argv, "nobody" in sys.argv
UNPRIVILEGED = 65534
if NOBODY and os.getuid() != 0:
    print("not root, so every run is unprivileged: skipped")
    sys.exit(77)


def prepare(folder):
    """The fixtures may lie in a read-only place; the guest's copy is its own."""
    for path, folders, files in os.walk(folder):
        for item in [path] + [os.path.join(path, f) for f in files]:
            if not os.path.islink(item):
                os.chmod(item, os.stat(item).st_mode | stat.S_IRUSR | stat.S_IWUSR)
            if NOBODY:
                os.chown(item, UNPRIVILEGED, UNPRIVILEGED, follow_symlinks=False)


def become_nobody():
    os.setgroups([])
    os.setgid(UNPRIVILEGED)
    os.setuid(UNPRIVILEGED)


def run(tenon, module, folder):
    """None when the test passes, else what went wrong."""
    path = module[:-5] + ".json"
    test = json.load(open(path)) if os.path.exists(path) else {}
    command = [tenon, "run"]
    if "root" in test:
        root = os.path.join(folder, "root")
        shutil.copytree(os.path.join(os.path.dirname(module), test["root"]), root, symlinks=True)
        command += ["--dir", root + "::/"]
    for key, value in test.get("env", {}).items():
        command += ["--env", "%s=%s" % (key, value)]
    if UNIX and os.sep + "rust" + os.sep in module:
        command += ["--env", "ERRNO_MODE_UNIX=1"]
    copy = os.path.join(folder, os.path.basename(module))
    shutil.copy(module, copy)
    os.chmod(copy, 0o644)
    prepare(folder)
    done = subprocess.run(command + [copy] + test.get("args", []), stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                          preexec_fn=become_nobody if NOBODY else None)
    if done.returncode != test.get("exit_code", 0):
        return "exit code %d\n%s" % (done.returncode, done.stderr.decode(errors="replace")[:400])
    for stream in ("stdout", "stderr"):
        if stream in test and getattr(done, stream) != test[stream].encode():
            return "%s is %r" % (stream, getattr(done, stream))
    return None


passed = failed = 0
with tempfile.TemporaryDirectory() as top:
    os.chmod(top, 0o755)
    tenon = os.path.join(top, "tenon")
    shutil.copy(os.environ.get("TENON", "build/tenon"), tenon)
    os.chmod(tenon, os.stat(tenon).st_mode | stat.S_IXOTH | stat.S_IROTH)
    for language in ("assemblyscript", "c", "rust"):
        for module in sorted(glob.glob(os.path.join(ROOT, language, "*.wasm"))):
            folder = tempfile.mkdtemp(dir=top)
            problem = run(tenon, module, folder)
            passed += problem is None
            failed += problem is not None
            if problem is not None:
                print("%s: %s" % (os.path.relpath(module, ROOT), problem))
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed > 0 or passed < 60)
