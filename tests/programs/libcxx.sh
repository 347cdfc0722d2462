#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds libc++ with exceptions for WASI from the sources inside the PyPI package ziglang, as no distribution has one:
#   libcxx.sh CLANG ZIGLANG_LIB FOLDER
# leaves FOLDER/libcxx.a, and FOLDER/flags, which both library and programs are compiled with. Takes 15 s on two processors.
set -eu
clang=$1
lib=$2
out=$3
clangxx=$(echo "$clang" | sed "s/clang/clang++/")
mkdir -p "$out"
flags="--target=wasm32-wasi -Wno-deprecated -O1 -DNDEBUG -std=c++23 -nostdinc++
 -isystem $lib/libcxx/include -isystem $lib/libcxxabi/include -isystem $lib/libunwind/include
 -D_LIBCPP_ABI_VERSION=1 -D_LIBCPP_ABI_NAMESPACE=__1 -D_LIBCPP_HAS_THREADS=0 -D_LIBCXXABI_HAS_NO_THREADS
 -D_LIBCPP_HAS_THREAD_API_PTHREAD=0 -D_LIBCPP_HAS_THREAD_API_EXTERNAL=0 -D_LIBCPP_HAS_THREAD_API_WIN32=0
 -D_LIBCPP_HAS_THREAD_API_C11=0 -D_LIBCPP_HAS_VENDOR_AVAILABILITY_ANNOTATIONS=0 -D_LIBCPP_HAS_MONOTONIC_CLOCK=1
 -D_LIBCPP_HAS_TERMINAL=1 -D_LIBCPP_HAS_FILESYSTEM=0 -D_LIBCPP_HAS_RANDOM_DEVICE=1 -D_LIBCPP_HAS_LOCALIZATION=1
 -D_LIBCPP_HAS_UNICODE=1 -D_LIBCPP_HAS_WIDE_CHARACTERS=1 -D_LIBCPP_HAS_MUSL_LIBC=1 -D_LIBCPP_HAS_TIME_ZONE_DATABASE=0
 -D_LIBCPP_INSTRUMENTED_WITH_ASAN=0 -D_LIBCPP_HARDENING_MODE_DEFAULT=_LIBCPP_HARDENING_MODE_NONE
 -D_LIBCPP_ASSERTION_SEMANTIC_DEFAULT=_LIBCPP_ASSERTION_SEMANTIC_ENFORCE -D_LIBCPP_PSTL_BACKEND_SERIAL
 -fwasm-exceptions -mllvm -wasm-use-legacy-eh=false -D__WASM_EXCEPTIONS__=1"
flags=$(echo "$flags" | tr -s '\n ' ' ')
echo "$flags" >"$out/flags"

# What needs threads, or big tables that no small program wants, is left out.
left_out='atomic|barrier|charconv|condition_variable|condition_variable_destructor|future|mutex|mutex_destructor|shared_mutex|thread|cxa_thread_atexit'
find "$lib/libcxx/src" "$lib/libcxxabi/src" -maxdepth 1 -name '*.cpp' | grep -Ev "/($left_out)\.cpp$" |
    xargs -P "$(nproc)" -I{} sh -c "$clangxx $flags -w -I $lib/libcxx/src -D_LIBCPP_BUILDING_LIBRARY -DLIBCXX_BUILDING_LIBCXXABI \
        -c {} -o $out/\$(echo {} | tr / _).o"
# shellcheck disable=SC2086
$clang --target=wasm32-wasi -Wno-deprecated -w -O2 -DNDEBUG -D_LIBUNWIND_HIDE_SYMBOLS -fdeclspec -fwasm-exceptions -mllvm \
    -wasm-use-legacy-eh=false -I "$lib/libunwind/include" -c "$lib/libunwind/src/Unwind-wasm.c" -o "$out/unwind.o"
printf '\t.globl __cpp_exception\n\t.tagtype __cpp_exception i32\n__cpp_exception:\n' >"$out/tag.s"
$clang --target=wasm32-wasi -Wno-deprecated -mexception-handling -c "$out/tag.s" -o "$out/tag.o"
ar=$(echo "$clang" | sed 's/clang/llvm-ar/')
rm -f "$out/libcxx.a"
"$ar" rcs "$out/libcxx.a" "$out"/*.o
