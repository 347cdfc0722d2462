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


PROGRAM = """#include <stdio.h>
#include <tenon.h>
#include <tenon/compiled.h>
#include <tenon/wasi.h>
#include <wasm.h>

int main(void)
{
    wasm_functype_t *type = wasm_functype_new_2_1(wasm_valtype_new_i32(), wasm_valtype_new_f64(), wasm_valtype_new_funcref());
    size_t count = wasm_functype_params(type)->size;

    wasm_functype_delete(type);
    puts(tenon_version());
    return count != 2 || tenon_features_standard() == 0;
}
"""
PROJECT = """cmake_minimum_required(VERSION 3.16)
project(embedder LANGUAGES C)
find_package(Tenon 0.1 REQUIRED)
add_executable(shared main.c)
target_link_libraries(shared PRIVATE Tenon::tenon)
add_executable(static main.c)
target_link_libraries(static PRIVATE Tenon::tenon_static)
"""

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
    libraries = [path for path, _, files in os.walk(prefix) if "libtenon.so" in files]
    expect(len(libraries) == 1, "the shared library is installed once")
    version = run(tenon, "--version").split()[1]
    sanitizers = ["-fsanitize=address,undefined"] if "asan" in sys.argv[1] else []
    environment = os.environ | {"LD_LIBRARY_PATH": libraries[0], "PKG_CONFIG_PATH": os.path.join(libraries[0], "pkgconfig")}

    def check(how, program):
        expect(run(program, env=environment).strip() == version, "library and command have one version, by " + how)

    def packages(*flags):
        return run("pkg-config", *flags, "tenon", env=environment).split()

    main = os.path.join(prefix, "main")
    for language, compilers in (("c", ("clang-22", "clang-19", "gcc")), ("cpp", ("clang++-22", "clang++-19", "g++"))):
        source = "%s.%s" % (main, language)
        open(source, "w").write(PROGRAM)
        compiler = next((c for c in compilers if shutil.which(c)), None)
        if compiler is None:
            continue
        run(compiler, "-Wall", "-Wextra", "-Werror", *sanitizers, source, "-I", os.path.join(prefix, "include"), "-L", libraries[0],
            "-ltenon", "-o", main)
        check("hand in " + language, main)
        if shutil.which("pkg-config"):
            run(compiler, *sanitizers, source, *packages("--cflags", "--libs"), "-o", main)
            check("pkg-config in " + language, main)
            static = [f for f in packages("--libs", "--static") if f != "-ltenon"]
            run(compiler, *sanitizers, source, *packages("--cflags"), os.path.join(libraries[0], "libtenon.a"), *static, "-o", main)
            check("pkg-config, static, in " + language, main)
    project = os.path.join(prefix, "project")
    os.mkdir(project)
    shutil.copy(main + ".c", os.path.join(project, "main.c"))
    open(os.path.join(project, "CMakeLists.txt"), "w").write(PROJECT)
    flags = ["-DCMAKE_C_FLAGS=" + " ".join(sanitizers)] if sanitizers else []
    compiler = next(c for c in ("clang-22", "clang-19", "gcc") if shutil.which(c))
    run("cmake", "-S", project, "-B", os.path.join(project, "build"), "-DCMAKE_PREFIX_PATH=" + prefix, "-DCMAKE_C_COMPILER=" + compiler, *flags)
    run("cmake", "--build", os.path.join(project, "build"))
    for name in ("shared", "static"):
        check("CMake, " + name, os.path.join(project, "build", name))
