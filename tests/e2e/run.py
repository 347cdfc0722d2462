#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`tenon run` as a user meets it: what a guest gets of the outside, exit codes, limits, audit, statistics, preloading."""
import json
import os
import pty
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wasm import *  # noqa: E402,F403

WASI = "wasi_snapshot_preview1"
FOLDER = tempfile.mkdtemp()


def i32(n):
    return b"\x41" + s(n)


def i64(n):
    return b"\x42" + s(n)


def call(index):
    return b"\x10" + u(index)


def store32(address, value):
    return i32(address) + value + b"\x36\x02\x00"


def data(address, content):
    return b"\0" + i32(address) + b"\x0b" + u(len(content)) + content


class Guest(Module):
    """A WASI command: functions are imported by name, `main` is code, `texts` lie in memory."""

    SIGNATURES = {"fd_write": [I32] * 4, "fd_read": [I32] * 4, "proc_exit": [I32], "proc_raise": [I32],
                  "args_sizes_get": [I32] * 2, "args_get": [I32] * 2, "environ_sizes_get": [I32] * 2, "environ_get": [I32] * 2,
                  "path_open": [I32] * 5 + [I64] * 2 + [I32] * 2, "random_get": [I32] * 2,
                  "clock_time_get": [I32, I64, I32], "sock_accept": [I32] * 3, "sock_send": [I32] * 5,
                  "path_create_directory": [I32] * 3}

    def __init__(self, *functions):
        super().__init__()
        self.memory(2)
        self.export("memory", 2, 0)
        self.index = {f: self.import_function(WASI, f, self.SIGNATURES[f], [] if f == "proc_exit" else [I32]) for f in functions}

    def command(self, code, export="_start"):
        self.function([], [], code, export=export)
        return self.build()

    def wasi(self, function, *arguments):
        """The error number stays on the stack."""
        return b"".join(a if isinstance(a, bytes) else i32(a) for a in arguments) + call(self.index[function])

    def write(self, fd, address, size):
        return store32(0, i32(address)) + store32(4, size if isinstance(size, bytes) else i32(size)) + \
            self.wasi("fd_write", fd, 0, 1, 8) + b"\x1a"

    def text(self, address, content):
        self.datas.append(data(address, content))
        return self


def tenon(*arguments, guest=None, **options):
    """Runs tenon with FILE standing for the guest's file."""
    path = os.path.join(FOLDER, "guest.wasm")
    if guest is not None:
        open(path, "wb").write(guest)
    done = subprocess.run([TENON] + [path if a == "FILE" else a for a in arguments], capture_output=True, cwd=FOLDER, timeout=60,
                          **({"stdin": subprocess.DEVNULL} | options))
    return Result(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), 0, 0)


def exit_codes():
    for code, seen in ((0, 0), (7, 7), (255, 255), (256, 1), (134, 134)):
        g = Guest("proc_exit")
        expect_result(tenon("run", "FILE", guest=g.command(i32(code) + call(0))), seen, "", "proc_exit %d" % code)
    g = Guest("proc_raise")
    expect_result(tenon("run", "FILE", guest=g.command(g.wasi("proc_raise", 6) + b"\x1a")), 134, "", "SIGABRT")
    g = Guest("proc_raise")
    expect_result(tenon("run", "FILE", guest=g.command(g.wasi("proc_raise", 16) + b"\x1a")), 0, "", "SIGCHLD")
    g = Guest()
    r = tenon("run", "FILE", guest=g.command(b"\x00"))
    expect_result(r, 134, "unreachable", "trap")
    expect("gave up by itself" in r.err and "-g" in r.err and "at offset" in r.err, "a trap says what to try: " + r.err)
    m = Module()
    m.import_function("env", "missing", [], [])
    r = tenon("run", "FILE", guest=m.build())
    expect_result(r, 4, "env.missing", "unknown import")
    expect("--preload" in r.err, "linking says what to try: " + r.err)


def arguments_and_variables():
    def echo(sizes, get):
        g = Guest(sizes, get, "fd_write")
        return g.command(g.wasi(sizes, 16, 20) + b"\x1a" + g.wasi(get, 1024, 4096) + b"\x1a" +
                       g.write(1, 4096, i32(20) + b"\x28\x02\x00"))

    g = echo("args_sizes_get", "args_get")
    expect(tenon("run", "FILE", "a", "--b", "c d", guest=g).out == "guest.wasm\0a\0--b\0c d\0", "arguments")
    expect(tenon("FILE", "x").out == "guest.wasm\0x\0", "short form")
    expect(tenon("run", "--argv0", "me", "FILE").out == "me\0", "argv0")
    expect(tenon("run", "--argv0=", "--", "FILE", "-h").out == "\0-h\0", "what follows the file is the guest's")
    g = echo("environ_sizes_get", "environ_get")
    expect(tenon("run", "FILE", guest=g, env={"SECRET": "1"}).out == "", "nothing is inherited")
    r = tenon("run", "--env", "A=1", "--env=B=x=y", "--env", "C", "--env", "NOT_SET", "FILE", env={"C": "from here"})
    expect(r.out == "A=1\0B=x=y\0C=from here\0", "variables: " + r.out)
    expect_result(tenon("run", "--env", "=x", "FILE"), 2, "--env NAME[=VALUE]", "a variable without a name")


def opens(path, rights=2, oflags=0):
    """A guest that opens a path below descriptor 3 and exits with the error number."""
    g = Guest("path_open", "proc_exit").text(1024, path.encode())
    g.memory_text = path
    return g.command(g.wasi("path_open", 3, 1, 1024, len(path.encode()), oflags, i64(rights), i64(0), 0, 16) + call(1))


def directories():
    os.makedirs(os.path.join(FOLDER, "box"), exist_ok=True)
    open(os.path.join(FOLDER, "box", "f"), "w").write("hello")
    open(os.path.join(FOLDER, "secret"), "w").write("secret")
    expect_result(tenon("run", "FILE", guest=opens("f")), 8, "", "no folder, no descriptor")
    expect_result(tenon("run", "--dir", "box", "FILE"), 0, "", "--dir")
    expect_result(tenon("run", "--dir", "box::/any where", "FILE"), 0, "", "--dir with a name")
    expect_result(tenon("run", "--dir", "box::/b:ro", "FILE"), 0, "", "--dir read-only")
    expect_result(tenon("run", "--dir", "box", "FILE", guest=opens("f", 64)), 0, "", "writing")
    expect_result(tenon("run", "--dir", "box:ro", "FILE"), 76, "", "writing where reading is allowed")
    expect_result(tenon("run", "--dir", "box", "FILE", guest=opens("../secret")), 63, "", "leaving")
    expect_result(tenon("run", "--dir", "box", "--wasi", "no-files", "FILE", guest=opens("f")), 76, "", "no-files")
    expect_result(tenon("run", "--dir", "box", "--wasi", "no-files,end-on-denial", "FILE"), 5, "lacks the capability", "denial")
    expect_result(tenon("run", "--dir", "box:quota=4k", "FILE", guest=opens("new", 64, 1)), 0, "", "quota")
    os.unlink(os.path.join(FOLDER, "box", "new"))
    expect_result(tenon("run", "--dir", "box:ro:quota=1k", "FILE", guest=opens("f")), 0, "", "both")
    expect_result(tenon("run", "--dir", "box:quota=1k", "FILE", guest=opens("new", 64, 1)), 19, "", "quota used up")
    expect_result(tenon("run", "--dir", "nowhere", "FILE"), 2, "nowhere: No such file", "a folder that is not there")
    expect_result(tenon("run", "--dir", "secret", "FILE"), 2, "secret: Not a directory", "a file instead of a folder")
    expect_result(tenon("run", "--dir", "box:quota=much", "FILE"), 2, "--dir", "a quota that is no size")
    expect_result(tenon("run", "--dir", "::x", "FILE"), 2, "--dir", "no folder")


def audit():
    path = os.path.join(FOLDER, "audit.json")
    expect_result(tenon("run", "--dir", "box", "--audit", path, "FILE", guest=opens("f")), 0, "", "audit")
    expect(open(path).read() == "", "nothing was denied")
    tenon("run", "--dir", "box", "--audit", path, "FILE", guest=opens("../secret"))
    line = json.loads(open(path).read())
    expect(line == {"call": 1, "function": "path_open", "capability": "files", "allowed": False, "descriptor": 3,
                    "path": "../secret", "reason": "the path leads out of the directory"}, "a denial: %s" % line)
    tenon("run", "--dir", "box", "--audit=all", path, "FILE", guest=opens("f"))
    line = json.loads(open(path).read())
    expect(line["allowed"] and line["path"] == "f", "--audit=all: %s" % line)
    expect_result(tenon("run", "--audit", "/nowhere/x", "FILE"), 2, "--audit /nowhere/x: No such file", "no place for the audit")
    expect_result(tenon("run", "--audit=some", path, "FILE"), 2, "--audit", "audit of what")


def statistics():
    r = tenon("run", "--dir", "box", "--stats=json", "FILE", guest=opens("../secret"))
    stats = json.loads(r.err)
    expect(stats["exit_code"] == 63 and stats["denials"] == 1 and stats["host_calls"] == 1 and stats["guest_peak_bytes"] > 131072,
           "statistics: %s" % stats)
    expect_result(tenon("run", "--stats", "--dir", "box", "FILE"), 63, "1 denied", "statistics for people")


def limits():
    loop = Guest().command(b"\x03\x40\x0c\x00\x0b")
    r = tenon("run", "--timeout", "200ms", "FILE", guest=loop)
    expect_result(r, 134, "interrupt", "timeout")
    expect("--timeout 200ms" in r.err, "timeout: " + r.err)
    r = tenon("run", "--timeout", "0.1", "--checked", "FILE")
    expect_result(r, 134, "interrupt", "timeout in seconds, checked")
    m = Module()
    m.function([], [], b"\x03\x40\x0c\x00\x0b")
    m.start = 0
    expect_result(tenon("run", "--timeout", "100ms", "FILE", guest=m.build()), 134, "interrupt", "a start function that never ends")
    for tier in ("interp", "opt", "auto"):
        r = tenon("run", "--tier=" + tier, "--fuel", "1m", "FILE", guest=loop)
        expect_result(r, 134, "out of fuel", "fuel in " + tier)
        expect("--fuel 1000000" in r.err, "fuel: " + r.err)
    counts = {json.loads(tenon("run", "--tier=" + tier, "--fuel=1g", "--stats=json", "FILE", guest=Guest().command(b"\x41\x07\x1a")).err
                         .splitlines()[-1])["fuel"] for tier in ("interp", "opt", "auto")}
    expect(counts == {2}, "fuel is counted alike: %s" % counts)
    for bad in ("0", "-1", "much", "5x", "99999999999999999999"):
        expect_result(tenon("run", "--fuel", bad, "FILE"), 2, "--fuel", "fuel " + bad)
    for bad in ("0", "-1", "soon", "5 s", "1e99"):
        expect_result(tenon("run", "--timeout", bad, "FILE"), 2, "--timeout", "timeout " + bad)
    g = Guest()
    dive = g.command(call(0))
    r = tenon("run", "--max-stack", "64k", "FILE", guest=dive)
    expect_result(r, 134, "call stack exhausted", "stack")
    expect("--max-stack" in r.err, "the stack says what to try")
    g = Guest()
    expect_result(tenon("run", "--max-memory", "64k", "FILE", guest=g.command(b"")), 1, "within the limits", "memory")
    g = Guest()
    greedy = g.command(b"\x41\xe8\x07\x40\x00\x1a" * 3)
    r = tenon("run", "--log", "--max-memory", "4m", "FILE", guest=greedy)
    expect_result(r, 0, "bytes more would exceed the tenant's limit of 4194304", "the log")
    expect(r.err.count("tenant's limit") == 1, "the log says it once: %s" % r.err)
    expect_result(tenon("run", "--max-memory", "4m", "FILE", guest=greedy), 0, "", "no log")


def switches():
    g = Guest("random_get", "fd_write", "clock_time_get")
    code = g.wasi("random_get", 1024, 16) + b"\x1a" + g.write(1, 1024, 16) + g.wasi("clock_time_get", 1, i64(0), 1024) + \
        b"\x1a" + g.write(1, 1024, 8)
    guest = g.command(code)

    def run(*options):
        path = os.path.join(FOLDER, "guest.wasm")
        open(path, "wb").write(guest)
        return subprocess.run([TENON, "run", *options, path], capture_output=True).stdout

    a, b = run("--wasi", "seed=1"), run("--wasi", "seed=1")
    expect(a[:16] == b[:16] and run("--wasi=seed=2")[:16] != a[:16] and run()[:16] != run()[:16], "seeds")
    coarse = int.from_bytes(run("--wasi", "seed=1,clock-resolution=1s")[16:], "little")
    expect(coarse % 10**9 == 0, "clock resolution: %d" % coarse)
    expect(run("--wasi", "no-random")[:16] == bytes(16), "no random numbers")
    for bad in ("no-such", "seed", "seed=x", "clock-resolution=fast", "max-descriptors=1"):
        expect_result(tenon("run", "--wasi", bad, "FILE"), 2, "no such switch", "--wasi " + bad)


def modules_of_others():
    m = Module()
    m.function([I32], [I32], b"\x20\x00\x41\x01\x6a", export="plus_one")
    library = os.path.join(FOLDER, "library.wasm")
    open(library, "wb").write(m.build())
    m = Module()
    m.import_function("lib", "plus_one", [I32], [I32])
    m.import_function("env", "unknown", [], [I32])
    m.function([I32], [I32], b"\x20\x00" + call(0), export="two_more")
    m.function([], [I32], call(1), export="ask")
    guest = m.build()
    expect_result(tenon("run", "--preload", "lib=library.wasm", "--invoke", "two_more", "FILE", "4", guest=guest), 4, "env.unknown",
                  "one import is still missing")
    r = tenon("run", "--preload", "lib=library.wasm", "--unknown-imports=trap", "--invoke", "two_more", "FILE", "4")
    expect(r.code == 0 and r.out == "5\n", "preload: " + r.out + r.err)
    expect_result(tenon("run", "--unknown-imports", "trap", "--invoke", "ask", "FILE"), 134, "host function", "stub traps")
    r = tenon("run", "--unknown-imports=default", "--invoke", "ask", "FILE")
    expect(r.code == 0 and r.out == "0\n", "stub returns zero: " + r.err)
    expect_result(tenon("run", "--preload", "lib", "FILE"), 2, "--preload NAME=FILE", "preload what")
    expect_result(tenon("run", "--preload", "lib=nowhere.wasm", "FILE"), 3, "nowhere.wasm", "a library that is not there")
    expect_result(tenon("run", "--unknown-imports=maybe", "FILE"), 2, "trap|default", "stubs how")


def reactors():
    m = Module()
    m.globals.append(bytes([I32, 1]) + b"\x41\x00\x0b")
    m.function([], [], b"\x41\x2a\x24\x00", export="_initialize")
    m.function([], [I32], b"\x23\x00", export="get")
    guest = m.build()
    r = tenon("run", "--invoke", "get", "FILE", guest=guest)
    expect(r.out == "42\n", "a reactor is initialized first: " + r.out + r.err)
    expect_result(tenon("run", "FILE"), 0, "", "a reactor alone")


def sockets():
    g = Guest("sock_accept", "sock_send", "proc_exit").text(1024, b"welcome")
    guest = g.command(g.wasi("sock_accept", 3, 0, 16) + b"\x1a" + store32(0, i32(1024)) + store32(4, i32(7)) +
                    i32(16) + b"\x28\x02\x00" + i32(0) + i32(1) + i32(0) + i32(8) + call(1) + call(2))
    open(os.path.join(FOLDER, "server.wasm"), "wb").write(guest)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([TENON, "run", "--tcplisten", "127.0.0.1:%d" % port, os.path.join(FOLDER, "server.wasm")])
    for _ in range(200):
        try:
            client = socket.create_connection(("127.0.0.1", port), timeout=5)
            break
        except ConnectionRefusedError:
            time.sleep(0.02)
    expect(client.recv(100) == b"welcome", "a guest serves a connection")
    expect(server.wait(10) == 0, "the server ends by itself")
    for bad in ("80", "nowhere:80", "127.0.0.1:", "127.0.0.1:99999", "[::1:80"):
        expect_result(tenon("run", "--tcplisten", bad, "FILE"), 2, "ADDRESS:PORT", "--tcplisten " + bad)


def terminals():
    g = Guest("fd_write").text(1024, b"\x1b[31mred\x1b]0;title\x07\n")
    path = os.path.join(FOLDER, "guest.wasm")
    open(path, "wb").write(g.command(g.write(1, 1024, 19)))
    master, slave = pty.openpty()
    done = subprocess.run([TENON, "run", path], stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    out = os.read(master, 1000)
    os.close(master)
    expect(done.returncode == 0 and b"\x1b" not in out and b"\x07" not in out and b"red" in out, "a terminal: %r" % out)
    piped = subprocess.run([TENON, "run", path], capture_output=True).stdout
    expect(piped == b"\x1b[31mred\x1b]0;title\x07\n", "a pipe gets the bytes as they are")


def closed_stdio():
    g = Guest("path_create_directory", "proc_exit").text(1024, b"made")
    guest = g.command(g.wasi("path_create_directory", 3, 1024, 4) + call(1))
    path = os.path.join(FOLDER, "guest.wasm")
    open(path, "wb").write(guest)
    done = subprocess.run("%s run --dir box %s <&- >&- 2>&-" % (TENON, path), shell=True, cwd=FOLDER)
    expect(done.returncode == 0 and os.path.isdir(os.path.join(FOLDER, "box", "made")), "closed standard streams")


try:
    TENON = os.path.abspath(TENON)
    for test in (exit_codes, arguments_and_variables, directories, audit, statistics, limits, switches, modules_of_others, reactors,
                 sockets, terminals, closed_stdio):
        test()
finally:
    shutil.rmtree(FOLDER)
