# SPDX-License-Identifier: MIT
"""wasmtime as a peer, through its package on PyPI: the calls of tiers.c, and what is seen of them in the same words."""
import ctypes
import struct
import zlib

from generate import INTEGERS

try:
    import wasmtime
except ImportError:
    wasmtime = None

# The tables of tiers.c.
EDGES = 16
SINGLES = [0, 0x80000000, 0x3F800000, 0xBF800000, 0x7F800000, 0xFF800000, 0x7FC00000, 0x00000001, 0x807FFFFF, 0x7F7FFFFF,
           0x4F000000, 0xCF000001, 0x3F000000, 0x5F000000, 0x4B800001, 0xC0490FDB]
DOUBLES = [0, 0x8000000000000000, 0x3FF0000000000000, 0xBFF0000000000000, 0x7FF0000000000000, 0xFFF0000000000000,
           0x7FF8000000000000, 1, 0x800FFFFFFFFFFFFF, 0x7FEFFFFFFFFFFFFF, 0x41E0000000000000, 0xC1E0000000200000,
           0x3FE0000000000000, 0x43E0000000000000, 0x41EFFFFFFFE00000, 0xC00921FB54442D18]
WORDS = [0, 1, 2, 0xFFFFFFFFFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 31, 32, 65535,
         0x8000000000000000, 65532, 64, 0x12345678, 0x0123456789ABCDEF]
assert [x & (1 << 64) - 1 for x in INTEGERS] == WORDS

TRAPS = {"UNREACHABLE": "unreachable", "MEMORY_OUT_OF_BOUNDS": "out of bounds memory access",
         "HEAP_MISALIGNED": "out of bounds memory access", "TABLE_OUT_OF_BOUNDS": "out of bounds table access",
         "INDIRECT_CALL_TO_NULL": "uninitialized element", "BAD_SIGNATURE": "indirect call type mismatch",
         "INTEGER_OVERFLOW": "integer overflow", "INTEGER_DIVISION_BY_ZERO": "integer divide by zero",
         "BAD_CONVERSION_TO_INTEGER": "invalid conversion to integer", "NULL_REFERENCE": "null reference",
         "ATOMIC_WAIT_NON_SHARED_MEMORY": "expected shared memory", "STACK_OVERFLOW": "stop"}
# What it does not tell apart.
SAME = {"unaligned atomic": "out of bounds memory access", "undefined element": "out of bounds table access", "null function reference": "null reference"}


def signed(x, bits):
    x &= (1 << bits) - 1
    return x - (1 << bits) if x >> (bits - 1) else x


def argument(kind, n):
    if kind == "i32":
        return signed(WORDS[n % EDGES], 32)
    if kind == "i64":
        return signed(WORDS[n % EDGES], 64)
    if kind == "f32":
        return struct.unpack("<f", struct.pack("<I", SINGLES[n % EDGES]))[0]
    if kind == "f64":
        return struct.unpack("<d", struct.pack("<Q", DOUBLES[n % EDGES]))[0]
    return None


def value(kind, v):
    if kind == "i32":
        return "%08x" % (v & 0xFFFFFFFF)
    if kind == "i64":
        return "%016x" % (v & (1 << 64) - 1)
    if kind in ("f32", "f64"):
        if v != v:
            return "nan"
        return "%08x" % struct.unpack("<I", struct.pack("<f", v))[0] if kind == "f32" else "%016x" % struct.unpack("<Q", struct.pack("<d", v))[0]
    return "null" if v is None else "ref"


class Peer:
    """One engine; lines() gives what a module does, or None when that cannot be compared."""

    def __init__(self):
        config = wasmtime.Config()
        for feature in ("bulk_memory", "exceptions", "function_references", "gc", "memory64", "multi_memory", "multi_value",
                        "reference_types", "relaxed_simd", "simd", "tail_call", "threads", "wide_arithmetic", "custom_page_sizes"):
            setattr(config, "wasm_" + feature, True)
        config.wasm_relaxed_simd_deterministic = True
        config.parallel_compilation = False
        self.engine = wasmtime.Engine(config)

    def is_valid(self, module):
        try:
            wasmtime.Module.validate(self.engine, module)
            return True
        except wasmtime.WasmtimeError:
            return False

    def lines(self, module, calls):
        try:
            compiled = wasmtime.Module(self.engine, module)
        except wasmtime.WasmtimeError as e:
            return ["load " + str(e).split("\n")[0]]
        exports = compiled.exports
        store = wasmtime.Store(self.engine)
        out = ["types plain"]
        try:
            instance = wasmtime.Instance(store, compiled, [])
        except (wasmtime.Trap, wasmtime.WasmtimeError) as e:
            return None if "shared memory" in str(e) else ["start " + self.end(e)]
        items = [instance.exports(store)[e.name] for e in exports]
        for i, (e, item) in enumerate(zip(exports, items)):
            if not isinstance(e.type, wasmtime.FuncType):
                continue
            params, results = [str(t) for t in e.type.params], [str(t) for t in e.type.results]
            for k in range(calls):
                n = first = k + (i if calls < EDGES else 0)
                args = []
                for p, kind in enumerate(params):
                    args.append(argument(kind, n))
                    n = n // EDGES + p + 1
                out.append("call %d %d %s" % (i, first, self.call(store, item, args, results)))
                if out[-1].endswith(" stop"):
                    return out
        for i, (e, item) in enumerate(zip(exports, items)):
            if isinstance(e.type, wasmtime.MemoryType):
                size = item.data_len(store)
                data = ctypes.string_at(ctypes.addressof(item.data_ptr(store).contents), size) if size else b""
                out.append("memory %d %d %08x" % (i, size, zlib.crc32(data)))
            elif isinstance(e.type, wasmtime.GlobalType):
                out.append("global %d %s" % (i, value(str(e.type.content), item.value(store))))
            elif isinstance(e.type, wasmtime.TableType):
                out.append("table %d %d" % (i, item.size(store)))
        return out

    @staticmethod
    def end(error):
        if isinstance(error, wasmtime.Trap) and error.trap_code is not None:
            return TRAPS.get(error.trap_code.name, error.trap_code.name)
        return "exception" if "exception" in str(error) else str(error).split("\n")[0]

    def call(self, store, func, args, kinds):
        try:
            results = func(store, *args)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as e:
            return self.end(e)
        if len(kinds) == 0:
            return ""
        return " ".join(value(k, v) for k, v in zip(kinds, [results] if len(kinds) == 1 else results))
