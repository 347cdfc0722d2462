# SPDX-License-Identifier: MIT
"""Modules of our own for ./dev fuzz diff: every instruction alone, with parameters and with constants as operands; every
access at the edges of a memory; loops that run into its end. Each function is exported under the name of what it is
about: an instruction's text, a colon, and what is special about it."""
import os
import random
import re
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "support"))
from wasm import *  # noqa: E402,F403

TYPES = {"i": I32, "I": I64, "f": F32, "F": F64}
INTEGERS = [0, 1, 2, -1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 31, 32, 65535, -0x8000000000000000, 65532, 64,
            0x12345678, 0x0123456789ABCDEF]
SINGLES = [0, 0x80000000, 0x3F800000, 0xBF800000, 0x7F800000, 0x7FC00000, 1, 0x7F7FFFFF, 0x4F000000, 0x3F000000]
DOUBLES = [0, 1 << 63, 0x3FF0000000000000, 0x7FF0000000000000, 0x7FF8000000000000, 1, 0x7FEFFFFFFFFFFFFF, 0x41E0000000000000,
           0xC3E0000000000000, 0x3FE0000000000000]
OFFSETS = [0, 1, 3, 65520, 65528, 65535, 65536, 0x7FFFFFFF, 0xFFFFFFFF]
PAGE = 65536
# Of one module; a job of the compiler has as many functions.
FUNCTIONS = 64


class Row:
    def __init__(self, match):
        self.id, prefix, code, self.text, self.imm, self.sig, self.features, width = match.groups()
        self.prefix, self.code = int(prefix, 16), int(code, 16)
        self.width = None if width == "NOMEM" else int(width)
        self.pops, self.pushes = self.sig.split("_") if "_" in self.sig else (None, None)

    def opcode(self):
        return bytes([self.code]) if self.prefix == 0 else bytes([self.prefix]) + u(self.code)


def rows():
    text = open(os.path.join(HERE, "..", "..", "..", "loader", "opcodes.def")).read()
    return [Row(m) for m in re.finditer(
        r'^TN_OP\((\w+),\s*0x(\w+), 0x(\w+),\s*"([^"]+)",\s*(\w+),\s*(\w+),\s*(\w+), (\w+)\)', text, re.M)]


# What one instruction needs to be alone in a function; the others are in control.wat.
ALONE = ("NONE", "MEMARG", "MEMARG_LANE", "LANE", "LANES16", "ZERO", "MEM", "I32", "I64", "F32", "F64", "V128")


def is_alone(row):
    return row.pops is not None and row.imm in ALONE and row.text not in ("nop", "memory.grow") and \
        not row.text.startswith(("memory.atomic.wait", "any.", "extern.", "ref.", "i31.", "array.", "struct."))


def signed(x, bits):
    x &= (1 << bits) - 1
    return x - (1 << bits) if x >> (bits - 1) else x


def constant(t, choose):
    if t == "i":
        return b"\x41" + s(signed(choose.choice(INTEGERS), 32))
    if t == "I":
        return b"\x42" + s(signed(choose.choice(INTEGERS), 64))
    if t == "f":
        return b"\x43" + struct.pack("<I", choose.choice(SINGLES))
    if t == "F":
        return b"\x44" + struct.pack("<Q", choose.choice(DOUBLES))
    if choose.random() < 0.5:
        return b"\xfd\x0c" + struct.pack("<4I", *(choose.choice(SINGLES) for _ in range(4)))
    return b"\xfd\x0c" + struct.pack("<2Q", *(choose.choice(DOUBLES) for _ in range(2)))


def vector_kind(row):
    """What a vector operand is made of: the type of its lanes when that is a float's."""
    if row.text.startswith("f32x4") or "f32x4" in row.text:
        return "f"
    return "F" if "f64x2" in row.text else "I"


def load_vector(index, kind):
    """A vector from a parameter: the value in lane 0, something like it in the others."""
    get = b"\x20" + u(index)
    if kind == "f":
        return get + b"\xfd\x13" + get + b"\x43" + struct.pack("<f", -1.5) + b"\x94\xfd\x20\x01"
    if kind == "F":
        return get + b"\xfd\x14" + get + b"\x44" + struct.pack("<d", 0.5) + b"\xa2\xfd\x22\x01"
    return get + b"\xfd\x12" + get + b"\x42\x0d\x89\xfd\x1e\x01"


def take_vector(row, local):
    """Two lanes of 64 bits of the vector on the stack, with every NaN made the same one."""
    get, put = b"\x20" + u(local), b"\x21" + u(local)
    code = put
    kind = vector_kind(row)
    if kind != "I" and row.pushes == "v":
        nan = struct.pack("<4I", *[0x7FC00000] * 4) if kind == "f" else struct.pack("<2Q", *[0x7FF8000000000000] * 2)
        equal = b"\xfd\x41" if kind == "f" else b"\xfd\x47"
        code += get + b"\xfd\x0c" + nan + get + get + equal + b"\xfd\x52" + put
    return code + get + b"\xfd\x1d\x00" + get + b"\xfd\x1d\x01"


def immediate(row, choose, wide):
    width = row.width or 0
    if row.imm in ("MEMARG", "MEMARG_LANE"):
        offset = choose.choice(OFFSETS)
        if row.prefix == 0xFE:  # atomics have to be aligned
            offset &= -(1 << width)
            align = width
        else:
            align = choose.randrange(width + 1)
        lane = bytes([choose.randrange(16 >> width)]) if row.imm == "MEMARG_LANE" else b""
        return bytes([align]) + u(offset) + lane
    if row.imm == "LANE":
        return bytes([choose.randrange({"i8x16": 16, "i16x8": 8, "i32x4": 4, "f32x4": 4}.get(row.text[:5], 2))])
    if row.imm == "LANES16":
        return bytes(choose.randrange(32) for _ in range(16))
    if row.imm in ("ZERO", "MEM"):
        return b"\x00"
    if row.imm in ("I32", "I64", "F32", "F64", "V128"):
        return constant({"I32": "i", "I64": "I", "F32": "f", "F64": "F", "V128": "v"}[row.imm], choose)[2 if row.imm == "V128" else 1:]
    return b""


def alone(m, row, choose, constants, wide=False):
    """A function with the instruction; operands in `constants` are constants."""
    params, code = [], b""
    for i, t in enumerate(row.pops):
        if t == "a":
            t = "I" if wide else "i"
        if i in constants:
            code += constant(t, choose)
        elif t == "v":
            code += load_vector(len(params), vector_kind(row))
            params.append(vector_kind(row))
        else:
            code += b"\x20" + u(len(params))
            params.append(t)
    code += row.opcode() + immediate(row, choose, wide)
    results, locals_ = [], ()
    for t in row.pushes:
        results += [I64, I64] if t == "v" else [I64 if wide else I32] if t == "a" else [TYPES[t]]
    if row.pushes == "v":
        code += take_vector(row, len(params))
        locals_ = [(1, V128)]
    m.function([TYPES[p] for p in params], results, code, locals_, export="%s:%d" % (row.text, len(m.functions)))
    return len(params)


def loop(m, row, choose, wide=False):
    """The access in a loop from a start on, by a stride: it may run into the end. What was stored before must be there."""
    address, one, add, zero = (I64, b"\x42", b"\x7c", b"\x42\x00") if wide else (I32, b"\x41", b"\x6a", b"\x41\x00")
    stride = choose.choice([1, 2, 4, 8, 16, 64, 4096, -1, -4, -8, -64, 0])
    start, count, total, scratch = 0, 1, 2, 3
    code = b"\x03\x40"
    for t in row.pops:
        if t == "a":
            code += b"\x20" + u(start)
        elif t == "v":
            code += b"\x20" + u(count) + b"\xad\xfd\x12"
        else:
            code += b"\x20" + u(count) + {"i": b"", "I": b"\xad", "f": b"\xb3", "F": b"\xb8"}[t]
    code += row.opcode() + immediate(row, choose, wide)
    if row.pushes == "v":
        code += b"\x21" + u(scratch) + b"\x20" + u(scratch) + b"\xfd\x1d\x00"
    code += {"i": b"\xad", "I": b"", "f": b"\xbc\xad", "F": b"\xbd", "v": b"", "": b"\x42\x01"}[row.pushes]
    code += b"\x20" + u(total) + b"\x7c\x21" + u(total)
    code += b"\x20" + u(start) + one + s(stride) + add + b"\x21" + u(start)
    # A global counts the rounds: it must be right after a trap too. Without it, the loop may get a second version.
    if choose.random() < 0.4:
        code += b"\x23\x00\x41\x01\x6a\x24\x00"
    code += b"\x20" + u(count) + b"\x41\x01\x6b\x22" + u(count) + b"\x0d\x00\x0b\x20" + u(total)
    rounds = choose.choice([1, 3, 17, 100])
    code = b"\x20" + u(count) + b"\x41" + s(rounds) + b"\x70\x41\x01\x6a\x21" + u(count) + code
    m.function([address, I32], [I64], code, [(1, I64), (1, V128)], export="%s:loop %d" % (row.text, len(m.functions)))


# (load, store, operation, bytes): what a loop does to elements.
ELEMENTS = [(b"\x28", b"\x36", b"\x6a", 4, I32), (b"\x29", b"\x37", b"\x7c", 8, I64), (b"\x2a", b"\x38", b"\x92", 4, F32),
            (b"\x2b", b"\x39", b"\xa2", 8, F64), (b"\x2d", b"\x3a", b"\x73", 1, I32), (b"\x2f", b"\x3b", b"\x6c", 2, I32),
            (b"\xfd\x00", b"\xfd\x0b", b"\xfd\xae\x01", 16, V128)]


def arrays(m, choose):
    """to[i] = a[i] op b[i + k], some of it unrolled as a producer would, over arrays that may overlap and end early; counted
    in one of the ways that compilers count."""
    load, store, operation, size, element = choose.choice(ELEMENTS)
    a, b, to, end, i, value = 0, 1, 2, 3, 4, 5
    if element in (F32, F64):  # the bits of a NaN are anybody's choice: it becomes 0
        get = b"\x20" + u(value)
        zero, equal = (b"\x43" + bytes(4), b"\x5b") if element == F32 else (b"\x44" + bytes(8), b"\x61")
        operation += b"\x21" + u(value) + get + zero + get + get + equal + b"\x1b"
    unrolled = choose.choice([1, 1, 2, 4])
    step = size * unrolled * choose.choice([1, 1, 1, 2, -1])
    near = [0, size, -size, 8 * size, 1]
    offsets = [choose.choice([0, 0, size, 4, 65528]) for _ in range(3)]

    def memarg(offset):
        return b"\x00" + u(offset)

    def address(base, extra):
        code = b"\x20" + u(base) + b"\x20" + u(i) + b"\x6a"
        return code + (b"\x41" + s(extra) + b"\x6a" if extra else b"")

    shift = choose.choice(near)
    code = b""
    for k in range(unrolled):
        code += address(to, k * size)
        code += address(a, k * size) + load + memarg(offsets[0])
        code += address(b, k * size + shift) + load + memarg(offsets[1])
        code += operation + store + memarg(offsets[2])
    code += b"\x20" + u(i) + b"\x41" + s(step) + b"\x6a\x22" + u(i)
    # Until equal, below (signed or not), or downwards.
    way = choose.choice([b"\x47", b"\x48", b"\x49"]) if step > 0 else choose.choice([b"\x47", b"\x4a", b"\x4b"])
    rounds = choose.choice([1, 5, 7, 16, 33, 100])
    start = choose.choice([0, 0, 8, 256, -64])
    limit = b"\x20" + u(end) + b"\x41" + s(3) + b"\x71\x41" + s(start + rounds * step) + b"\x6a\x21" + u(end)
    if way == b"\x47":
        limit = b"\x41" + s(start + rounds * step) + b"\x21" + u(end)
    body_ = limit + b"\x41" + s(start) + b"\x21" + u(i) + b"\x03\x40" + code + b"\x20" + u(end) + way + b"\x0d\x00\x0b\x20" + u(i)
    # The caller's edge values are brought to where the arrays can be: in the middle, at the end, or left as they are.
    bring = b""
    for n, p in enumerate((a, b, to)):
        mask, plus = choose.choice([(1023, 0), (511, PAGE - 1024), (2047, 300 * n), (-1, 0)])
        bring += b"\x20" + u(p) + b"\x41" + s(mask) + b"\x71\x41" + s(plus) + b"\x6a\x21" + u(p)
    m.function([I32, I32, I32, I32], [I32], bring + body_, [(1, I32), (1, element)], export="loop:arrays %d" % len(m.functions))


def new_module(choose, wide):
    m = Module()
    m.memory(1, 4, 4 if wide else 0)
    m.export("memory", 2, 0)
    m.globals.append(bytes([I32, 1]) + b"\x41\x00\x0b")
    m.export("rounds", 3, 0)
    pattern = bytes(choose.randrange(256) for _ in range(512))
    m.datas.append(b"\x00" + (b"\x42" if wide else b"\x41") + s(0) + b"\x0b" + u(len(pattern)) + pattern)
    m.datas.append(b"\x00" + (b"\x42" if wide else b"\x41") + s(PAGE - 512) + b"\x0b" + u(len(pattern)) + pattern)
    return m


def modules(seed):
    """(bytes, calls of each function) without end; every instruction comes again and again."""
    choose = random.Random(seed)
    table = [r for r in rows() if is_alone(r)]
    while True:
        choose.shuffle(table)
        for start in range(0, len(table), FUNCTIONS // 4):
            wide = choose.random() < 0.15
            m = new_module(choose, wide)
            for row in table[start:start + FUNCTIONS // 4]:
                operands = len(row.pops)
                for constants in ([], [0], [operands - 1]):
                    alone(m, row, choose, [c for c in constants if c < operands], wide)
                if row.width is not None and "a" in row.pops and row.prefix != 0xFE and len(row.pushes) < 2:
                    loop(m, row, choose, wide)
                else:
                    alone(m, row, choose, range(operands), wide)
            yield m.build(), choose.choice([16, 64, 256])
        m = new_module(choose, False)
        for _ in range(FUNCTIONS):
            arrays(m, choose)
        yield m.build(), 256
