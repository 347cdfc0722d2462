#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is installed works where it lies: command, library, man pages, completions. usage: install.py BUILD"""
import os
import re
import shutil
import subprocess
import sys
import tempfile


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit("%s: exit code %d\n%s%s" % (" ".join(command), done.returncode, done.stdout, done.stderr))
    return done.stdout


def expect(condition, text):
    if not condition:
        sys.exit("FAILED: " + text)


with tempfile.TemporaryDirectory() as prefix:
    run("cmake", "--install", sys.argv[1], "--prefix", prefix)
    tenon = os.path.join(prefix, "bin", "tenon")
    commands = re.findall(r"^  (\w+) ", run(tenon, "--help"), re.M)
    expect(len(commands) >= 7, "the help lists commands")
    pages = os.path.join(prefix, "share", "man", "man1")
    for page in ["tenon.1"] + ["tenon-%s.1" % c for c in commands]:
        expect(os.path.exists(os.path.join(pages, page)), page + " is installed")
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-Kutf8", "-man", "-Tutf8", "-ww", os.path.join(pages, page)], capture_output=True, text=True)
            expect(done.returncode == 0 and not done.stderr, "%s is sound: %s" % (page, done.stderr))
    for command in commands:
        options = re.findall(r"^  (--[\w-]+)", run(tenon, command, "--help"), re.M)
        page = open(os.path.join(pages, "tenon-%s.1" % command)).read().replace("\\-", "-")
        for option in options:
            expect(option in page, "%s is in the page of %s" % (option, command))
    share = os.path.join(prefix, "share")
    bash = os.path.join(share, "bash-completion", "completions", "tenon")
    script = 'source %s; COMP_WORDS=(tenon run --time); COMP_CWORD=2; _tenon; echo "${COMPREPLY[@]}"; ' \
             'COMP_WORDS=(tenon va); COMP_CWORD=1; _tenon; echo "${COMPREPLY[@]}"' % bash
    expect(run("bash", "-c", script) == "--timeout\nvalidate\n", "bash completes options and commands")
    for shell, path in (("zsh", "zsh/site-functions/_tenon"), ("fish", "fish/vendor_completions.d/tenon.fish")):
        path = os.path.join(share, path)
        expect("timeout" in open(path).read(), path)
        if shutil.which(shell):
            run(shell, "-n", path)
    source = os.path.join(prefix, "main.c")
    open(source, "w").write('#include <tenon.h>\n#include <tenon/wasi.h>\n#include <stdio.h>\n'
                            'int main(void) { puts(tenon_version()); return tenon_features_standard() == 0; }\n')
    libraries = [path for path, _, files in os.walk(prefix) if "libtenon.so" in files]
    expect(len(libraries) == 1, "the shared library is installed once")
    compiler = next(c for c in ("clang-22", "clang-19", "gcc") if shutil.which(c))
    flags = ["-fsanitize=address,undefined"] if "asan" in sys.argv[1] else []
    run(compiler, *flags, source, "-I", os.path.join(prefix, "include"), "-L", libraries[0], "-ltenon", "-o", os.path.join(prefix, "main"))
    version = run(os.path.join(prefix, "main"), env=os.environ | {"LD_LIBRARY_PATH": libraries[0]})
    expect(version.strip() == run(tenon, "--version").split()[1], "library and command have one version")
