# SPDX-License-Identifier: MIT
"""A small module builder and runner for tests that need modules no text tool of Debian can write, or too big for text."""
import os
import resource
import subprocess
import sys
import tempfile
import time

I32, I64, F32, F64, V128, FUNCREF, EXTERNREF = 0x7F, 0x7E, 0x7D, 0x7C, 0x7B, 0x70, 0x6F
TENON = os.environ.get("TENON", "build/tenon")


def u(n):
    """Unsigned LEB128."""
    out = bytearray()
    while True:
        byte, n = n & 0x7F, n >> 7
        out.append(byte | (0x80 if n else 0))
        if not n:
            return bytes(out)


def s(n):
    """Signed LEB128."""
    out = bytearray()
    while True:
        byte, n = n & 0x7F, n >> 7
        done = (n == 0 and not byte & 0x40) or (n == -1 and byte & 0x40)
        out.append(byte | (0 if done else 0x80))
        if done:
            return bytes(out)


def vec(items):
    return u(len(items)) + b"".join(items)


def name(text):
    data = text.encode() if isinstance(text, str) else text
    return u(len(data)) + data


def section(number, content):
    return bytes([number]) + u(len(content)) + content


def functype(params, results):
    return b"\x60" + u(len(params)) + bytes(params) + u(len(results)) + bytes(results)


def body(code, locals_=()):
    """locals_: (count, type) pairs; the end is added."""
    content = vec([u(n) + bytes([t]) for n, t in locals_]) + code + b"\x0b"
    return u(len(content)) + content


HEADER = b"\0asm\x01\0\0\0"


class Module:
    """Sections by name; build() puts them in order. Functions are (type index, body) pairs."""

    def __init__(self):
        self.types, self.imports, self.functions, self.tables, self.memories, self.tags = [], [], [], [], [], []
        self.globals, self.exports, self.elems, self.datas = [], [], [], []
        self.start = None
        self.imported_functions = 0

    def type(self, params, results):
        t = functype(params, results)
        if t not in self.types:
            self.types.append(t)
        return self.types.index(t)

    def import_function(self, module, item, params, results):
        self.imports.append(name(module) + name(item) + b"\0" + u(self.type(params, results)))
        self.imported_functions += 1
        return self.imported_functions - 1

    def function(self, params, results, code, locals_=(), export=None):
        self.functions.append((self.type(params, results), body(code, locals_)))
        index = self.imported_functions + len(self.functions) - 1
        if export is not None:
            self.export(export, 0, index)
        return index

    def export(self, item, kind, index):
        self.exports.append(name(item) + bytes([kind]) + u(index))

    def memory(self, least, most=None, flags=0):
        self.memories.append(bytes([flags | (most is not None)]) + u(least) + (u(most) if most is not None else b""))

    def build(self):
        out = HEADER
        for number, items in ((1, self.types), (2, self.imports), (3, [u(t) for t, _ in self.functions]), (4, self.tables),
                              (5, self.memories), (13, self.tags), (6, self.globals), (7, self.exports)):
            if items:
                out += section(number, vec(items))
        if self.start is not None:
            out += section(8, u(self.start))
        if self.elems:
            out += section(9, vec(self.elems))
        if self.functions:
            out += section(10, vec([b for _, b in self.functions]))
        if self.datas:
            out += section(11, vec(self.datas))
        return out


class Result:
    def __init__(self, code, out, err, seconds, peak):
        self.code, self.out, self.err, self.seconds, self.peak = code, out, err, seconds, peak


def run(arguments, module=None, stack=None, limit=120):
    """Runs tenon on a module's bytes; FILE in the arguments stands for its path. peak is in bytes."""
    path = None
    if module is not None:
        handle, path = tempfile.mkstemp(suffix=".wasm")
        os.write(handle, module)
        os.close(handle)

    def prepare():
        if stack:
            resource.setrlimit(resource.RLIMIT_STACK, (stack, stack))

    start = time.time()
    try:
        p = subprocess.Popen([TENON] + [path if a == "FILE" else a for a in arguments], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, preexec_fn=prepare)
        out, err = p.communicate(timeout=limit)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        return Result(p.returncode, out.decode(errors="replace"), err.decode(errors="replace"), time.time() - start, peak)
    finally:
        if path:
            os.unlink(path)


def expect(condition, text):
    if not condition:
        print("FAILED:", text)
        sys.exit(1)


def expect_result(result, code, contains="", what=""):
    expect(result.code == code and contains in result.out + result.err,
           "%s: exit code %d, wanted %d with %r\n%s%s" % (what, result.code, code, contains, result.out[-400:], result.err[-400:]))
