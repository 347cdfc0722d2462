#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every scalar numeric instruction, with edge values, in every form in which the translator may take its operands.

The expected results are computed here, from the standard's definitions and Python's integers, not from numeric.h. Each
form is one function; all are run by `tenon wast` on a script made here. usage: execute.py [--checked]
"""
import json
import math
import os
import re
import struct
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from wasm import *  # noqa: E402,F403

TYPES = {"i": I32, "I": I64, "f": F32, "F": F64}
BITS = {"i": 32, "I": 64, "f": 32, "F": 64}
NAMES = {"i": "i32", "I": "i64", "f": "f32", "F": "f64"}


def f_bits(x, t):
    try:
        return struct.unpack("<I" if t == "f" else "<Q", struct.pack("<f" if t == "f" else "<d", x))[0]
    except OverflowError:
        return f_bits(math.copysign(math.inf, x), t)


def f_of(bits, t):
    return struct.unpack("<f" if t == "f" else "<d", struct.pack("<I" if t == "f" else "<Q", bits))[0]


EDGES = {
    "i": [0, 1, 2, 31, 32, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xDEADBEEF],
    "I": [0, 1, 63, 64, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF, 0x80000000, 0x123456789ABCDEF0],
    "f": [f_bits(x, "f") for x in (0.0, -0.0, 1.0, -1.5, 2.5, 3e38, 1e-45, math.inf, -math.inf, 2147483648.0, -1e19)] + [0x7FC00000],
    "F": [f_bits(x, "F") for x in (0.0, -0.0, 1.0, -1.5, 2.5, 1e308, 5e-324, math.inf, -math.inf, 2147483647.5, -1e19, 4294967295.9)]
    + [0x7FF8000000000000],
}


def signed(x, n):
    return x - (1 << n) if x >> (n - 1) else x


def integer_op(op, n, a, b):
    m, sa, sb = (1 << n) - 1, signed(a, n), signed(b, n)
    k = b % n
    if op in ("div_s", "div_u", "rem_s", "rem_u") and b == 0:
        return "integer divide by zero"
    if op == "div_s":
        q = abs(sa) // abs(sb) * (1 if (sa < 0) == (sb < 0) else -1)
        return "integer overflow" if q == 1 << (n - 1) else q & m
    if op == "rem_s":
        return (abs(sa) % abs(sb) * (-1 if sa < 0 else 1)) & m
    return {
        "add": lambda: (a + b) & m, "sub": lambda: (a - b) & m, "mul": lambda: (a * b) & m,
        "div_u": lambda: a // b, "rem_u": lambda: a % b, "and": lambda: a & b, "or": lambda: a | b, "xor": lambda: a ^ b,
        "shl": lambda: (a << k) & m, "shr_u": lambda: a >> k, "shr_s": lambda: (sa >> k) & m,
        "rotl": lambda: (a << k | a >> (n - k)) & m, "rotr": lambda: (a >> k | a << (n - k)) & m,
        "eq": lambda: a == b, "ne": lambda: a != b, "lt_s": lambda: sa < sb, "lt_u": lambda: a < b, "gt_s": lambda: sa > sb,
        "gt_u": lambda: a > b, "le_s": lambda: sa <= sb, "le_u": lambda: a <= b, "ge_s": lambda: sa >= sb,
        "ge_u": lambda: a >= b}[op]() + 0


def integer_unary(op, n, a):
    if op == "eqz":
        return int(a == 0)
    if op == "popcnt":
        return bin(a).count("1")
    if op == "clz":
        return n - a.bit_length()
    if op == "ctz":
        return n if a == 0 else (a & -a).bit_length() - 1
    width = int(re.match(r"extend(\d+)_s", op)[1])
    return signed(a & ((1 << width) - 1), width) & ((1 << n) - 1)


def float_op(op, t, a, b):
    x, y = f_of(a, t), f_of(b, t)
    sign = 1 << (BITS[t] - 1)
    if op == "copysign":
        return (a & ~sign) | (b & sign)
    if op in ("eq", "ne", "lt", "gt", "le", "ge"):
        return int({"eq": x == y, "ne": x != y, "lt": x < y, "gt": x > y, "le": x <= y, "ge": x >= y}[op])
    if math.isnan(x) or math.isnan(y):
        return "nan"
    if op in ("min", "max"):
        if x == y:
            negative = a & sign and b & sign if op == "max" else a & sign or b & sign
            return (a & ~sign) | (sign if negative else 0)
        return f_bits(min(x, y) if op == "min" else max(x, y), t)
    try:
        if op == "div" and y == 0:
            return "nan" if x == 0 else (f_bits(math.inf, t) | ((a ^ b) & sign))
        r = {"add": lambda: x + y, "sub": lambda: x - y, "mul": lambda: x * y, "div": lambda: x / y}[op]()
    except OverflowError:
        r = math.inf
    return "nan" if math.isnan(r) else f_bits(r, t)


def nearest(x):
    if math.isinf(x) or x == 0 or abs(x) >= 2 ** 52:
        return x
    return math.copysign(float(round(x)), x)


def float_unary(op, t, a):
    x, sign = f_of(a, t), 1 << (BITS[t] - 1)
    if op == "abs":
        return a & ~sign
    if op == "neg":
        return a ^ sign
    if math.isnan(x) or (op == "sqrt" and x < 0):
        return "nan"
    if op == "sqrt":
        return f_bits(math.sqrt(x), t)
    if math.isinf(x):
        return a
    return f_bits({"ceil": lambda: math.copysign(math.ceil(x), x), "floor": lambda: math.copysign(math.floor(x), x),
                   "trunc": lambda: math.copysign(math.trunc(x), x), "nearest": lambda: nearest(x)}[op](), t)


def int_to_float(n, t):
    """Rounds once, to nearest even."""
    mantissa = 24 if t == "f" else 53
    magnitude, excess = abs(n), max(0, abs(n).bit_length() - mantissa)
    low, half = magnitude & ((1 << excess) - 1), (1 << excess) >> 1
    magnitude >>= excess
    if excess and (low > half or (low == half and magnitude & 1)):
        magnitude += 1
    return f_bits(math.copysign(math.ldexp(magnitude, excess), n), t) if n else 0


def conversion(name, source, target, a):
    if name.startswith("trunc"):
        x, n = f_of(a, source), BITS[target]
        is_signed, sat = name.endswith("_s"), "sat" in name
        low, high = (-(1 << (n - 1)), (1 << (n - 1)) - 1) if is_signed else (0, (1 << n) - 1)
        if math.isnan(x):
            return 0 if sat else "invalid conversion to integer"
        v = (low if x < 0 else high) if math.isinf(x) else math.trunc(x)
        if math.isinf(x) or v < low or v > high:
            return max(low, min(high, v)) & ((1 << n) - 1) if sat else "integer overflow"
        return v & ((1 << n) - 1)
    if name.startswith("convert"):
        return int_to_float(signed(a, BITS[source]) if name.endswith("_s") else a, target)
    if name.startswith(("reinterpret",)):
        return a
    if name == "wrap_i64":
        return a & 0xFFFFFFFF
    if name.startswith("extend_i32"):
        return (signed(a, 32) if name.endswith("_s") else a) & ((1 << 64) - 1)
    x = f_of(a, source)
    return "nan" if math.isnan(x) else f_bits(x, target)


def reference(text, pops, target, args):
    prefix, op = text.split(".")
    if len(pops) == 2:
        return integer_op(op, BITS[pops[0]], *args) if pops[0] in "iI" else float_op(op, pops[0], *args)
    if re.fullmatch(r"(trunc_|convert_|reinterpret_|wrap_|extend_|demote_|promote_).*", op):
        return conversion(op, pops[0], target, args[0])
    return integer_unary(op, BITS[pops[0]], args[0]) if pops[0] in "iI" else float_unary(op, pops[0], args[0])


def constant(t, bits):
    if t in "iI":
        return (b"\x41" if t == "i" else b"\x42") + s(signed(bits, BITS[t]))
    return b"\x43" + struct.pack("<I", bits) if t == "f" else b"\x44" + struct.pack("<Q", bits)


def through_accumulator(t, index):
    """local.get and an operation that leaves the value alone."""
    get = b"\x20" + u(index)
    return get + {"i": b"\x41\x00\x6a", "I": b"\x42\x00\x7c", "f": b"\x43" + struct.pack("<f", 1) + b"\x94",
                  "F": b"\x44" + struct.pack("<d", 1) + b"\xa2"}[t]


def forms(op, pops, target):
    """(code, locals) per form; parameters are the operands, local 2 (or 1) is scratch, the last one a counter."""
    gets = [b"\x20" + u(i) for i in range(len(pops))]
    n = len(pops)
    result, counter = u(n), u(n + 1)
    locals_ = [(1, TYPES[target]), (1, I32)]
    yield b"".join(gets) + op, ()
    yield through_accumulator(pops[0], 0) + (gets[1] if n == 2 else b"") + op, ()
    if n == 2:
        yield gets[0] + through_accumulator(pops[1], 1) + op, ()
    yield b"".join(gets) + op + b"\x21" + result + b"\x20" + result, locals_
    for pinned in range(n):  # the most used local of an innermost loop is in a register
        use = (b"\x20" + u(pinned) + b"\x1a") * 6
        yield (b"\x03\x40" + use + b"".join(gets) + op + b"\x21" + result +
               b"\x20" + counter + b"\x45\x04\x40\x41\x01\x21" + counter + b"\x0c\x01\x0b\x0b\x20" + result), locals_
    use = (b"\x20" + result + b"\x1a") * 6
    yield (b"\x03\x40" + use + b"".join(gets) + op + b"\x21" + result + b"\x20" + counter + b"\x45\x04\x40\x41\x01\x21" +
           counter + b"\x0c\x01\x0b\x0b\x20" + result), locals_
    if target == "i":  # as a condition, of both senses
        yield b"".join(gets) + op + b"\x04\x7f" + b"".join(gets) + op + b"\x05\x41\x00\x0b", ()
        yield b"".join(gets) + op + b"\x45\x04\x7f\x41\x00\x05" + b"".join(gets) + op + b"\x0b", ()
        yield b"\x02\x40" + b"".join(gets) + op + b"\x45\x0d\x00" + b"".join(gets) + op + b"\x0f\x0b\x41\x00", ()


def expected(t, value):
    if value == "nan":
        return {"type": NAMES[t], "value": "nan:arithmetic"}
    return {"type": NAMES[t], "value": str(value)}


def add_case(commands, field, pops, target, args, value):
    action = {"type": "invoke", "field": field,
              "args": [{"type": NAMES[t], "value": str(a)} for t, a in zip(pops, args)]}
    if isinstance(value, str) and value != "nan":
        commands.append({"type": "assert_trap", "line": 1, "action": action, "text": value})
    else:
        commands.append({"type": "assert_return", "line": 1, "action": action, "expected": [expected(target, value)]})


def add_instruction(m, commands, prefix, code, text, sig):
    pops, target = sig.split("_")
    op = bytes([code]) if prefix == 0 else bytes([prefix]) + u(code)
    params = [TYPES[t] for t in pops]
    cases = [(a,) for a in EDGES[pops[0]]] if len(pops) == 1 else [(a, b) for a in EDGES[pops[0]] for b in EDGES[pops[1]]]
    for number, (body_, locals_) in enumerate(forms(op, pops, target)):
        field = "%s %d" % (text, number)
        m.function(params, [TYPES[target]], body_, locals_, export=field)
        for args in cases:
            add_case(commands, field, pops, target, args, reference(text, pops, target, args))
    if len(pops) == 2:
        for b in EDGES[pops[1]]:
            for side, code_ in (("right", b"\x20\x00" + constant(pops[1], b) + op), ("left", constant(pops[0], b) + b"\x20\x00" + op)):
                field = "%s %s %d" % (text, side, b)
                m.function(params[:1], [TYPES[target]], code_, export=field)
                for a in EDGES[pops[0]]:
                    args = (a, b) if side == "right" else (b, a)
                    add_case(commands, field, pops[:1], target, (a,), reference(text, pops, target, args))


def main():
    m, commands, count = Module(), [], 0
    table = open(os.path.join(HERE, "..", "..", "loader", "opcodes.def")).read()
    for row in re.finditer(r'TN_OP\(\w+,\s*0x(\w+), 0x(\w+),\s*"([^"]+)",\s*NONE,\s*([iIfF]{1,2}_[iIfF]),', table):
        add_instruction(m, commands, int(row[1], 16), int(row[2], 16), row[3], row[4])
        count += 1
    with tempfile.TemporaryDirectory() as folder:
        open(os.path.join(folder, "ops.wasm"), "wb").write(m.build())
        commands.insert(0, {"type": "module", "line": 0, "filename": "ops.wasm", "module_type": "binary"})
        path = os.path.join(folder, "ops.json")
        json.dump({"source_filename": "ops", "commands": commands}, open(path, "w"))
        r = run(["wast"] + sys.argv[1:] + [path])
    print(r.out[-3000:])
    print("%d instructions, %d cases" % (count, len(commands) - 1))
    return r.code if count == 136 else 1


if __name__ == "__main__":
    sys.exit(main())
