#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hello.py LIBTENON.so GUEST.wasm: hello through ctypes, without a binding. What other languages' FFI needs is the same."""
import ctypes
import sys
from ctypes import POINTER, byref, c_char, c_char_p, c_int32, c_int64, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p

OK, TRAP, I32, FUNC = 0, 8, 1, 0


class Name(ctypes.Structure):
    _fields_ = [("data", c_char_p), ("size", c_size_t)]


class Error(ctypes.Structure):
    _fields_ = [("status", c_int32), ("trap", c_int32), ("function", c_uint32), ("offset", c_uint64), ("text", c_char * 192)]


class Of(ctypes.Union):
    _fields_ = [("i32", c_int32), ("i64", c_int64), ("v128", c_uint8 * 16)]


class Val(ctypes.Structure):
    _fields_ = [("type", c_int32), ("of", Of)]


class Extern(ctypes.Structure):
    _fields_ = [("kind", c_int32), ("of", c_void_p)]


CALLBACK = ctypes.CFUNCTYPE(c_int32, c_void_p, c_void_p, POINTER(Val), POINTER(Val))
lib = ctypes.CDLL(sys.argv[1])
lib.tenon_status_text.restype = c_char_p
lib.tenon_caller_memory.restype = c_void_p
lib.tenon_caller_memory.argtypes = [c_void_p]
lib.tenon_memory_range.restype = ctypes.c_bool
lib.tenon_memory_range.argtypes = [c_void_p, c_uint64, c_uint64, c_uint64, POINTER(c_void_p)]
lib.tenon_instance_export.restype = ctypes.c_bool
lib.tenon_instance_export.argtypes = [c_void_p, Name, POINTER(Extern)]
lib.tenon_linker_define.argtypes = [c_void_p, Name, Name, Extern]
lib.tenon_func_call.argtypes = [c_void_p, POINTER(Val), c_size_t, POINTER(Val), c_size_t, POINTER(Error)]
for function in ("tenon_engine_delete", "tenon_tenant_delete", "tenon_store_delete", "tenon_module_delete", "tenon_linker_delete"):
    getattr(lib, function).argtypes = [c_void_p]
    getattr(lib, function).restype = None


def name(text):
    return Name(text.encode(), len(text.encode()))


def check(status, err=None):
    if status != OK:
        raise RuntimeError((err.text if err and err.text else lib.tenon_status_text(status)).decode())


def make(function, *args):
    made = c_void_p()
    check(getattr(lib, function)(*args, byref(made)))
    return made


@CALLBACK
def host_print(context, caller, args, results):
    text = c_void_p()
    address, size = args[0].of.i32 & 0xFFFFFFFF, args[1].of.i32 & 0xFFFFFFFF
    if not lib.tenon_memory_range(lib.tenon_caller_memory(caller), address, size, 1, byref(text)):
        return TRAP
    sys.stdout.write(ctypes.string_at(text.value, size).decode())
    return OK


def call(instance, export, *numbers):
    what, err = Extern(), Error()
    if not lib.tenon_instance_export(instance, name(export), byref(what)) or what.kind != FUNC:
        raise RuntimeError("the guest has no function " + export)
    args, results = (Val * (len(numbers) + 1))(), (Val * 2)()
    for val, number in zip(args, numbers):
        val.type, val.of.i32 = I32, number
    count = lib.tenon_func_result_count(c_void_p(what.of))
    check(lib.tenon_func_call(what.of, args, len(numbers), results, count, byref(err)), err)
    return results[0].of.i32


lib.tenon_func_result_count.restype = c_size_t
with open(sys.argv[2], "rb") as file:
    wasm = file.read()
engine = make("tenon_engine_new", None)
tenant = make("tenon_tenant_new", engine, None)
store = make("tenon_store_new", tenant)
linker = make("tenon_linker_new", store)
module, instance, err = c_void_p(), c_void_p(), Error()
check(lib.tenon_module_new(engine, wasm, c_size_t(len(wasm)), byref(module), byref(err)), err)
params = (c_int32 * 2)(I32, I32)
func = make("tenon_func_new", store, params, c_size_t(2), None, c_size_t(0), host_print, None)
check(lib.tenon_linker_define(linker, name("host"), name("print"), Extern(FUNC, func)))
check(lib.tenon_linker_instantiate(linker, module, byref(instance), byref(err)), err)
call(instance, "hello")
print("30 + 12 = %d" % call(instance, "add", 30, 12))
lib.tenon_module_delete(module)
lib.tenon_linker_delete(linker)
lib.tenon_store_delete(store)
lib.tenon_tenant_delete(tenant)
lib.tenon_engine_delete(engine)
