#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the library for another CPU with gcc and runs spec scripts under qemu-user. usage: tests/cross.sh CPU [all]
#
# Checked memories only: under qemu a reservation of 4 GiB costs real memory that does not come back.
set -euo pipefail
cd "$(dirname "$0")/.."
cpu=$1
folder=build-$cpu
if [ -z "${TENON_CONFORMANCE:-}" ]; then
    echo "skipped: TENON_CONFORMANCE does not name the conformance data"
    exit 0
fi
subset=(i32 i64 f32 f64 f32_cmp conversions float_exprs call call_indirect return_call br_table memory_grow load store
    align memory_copy table_copy try_table throw call_ref simd_i8x16_arith simd_f32x4 simd_lane memory64 fac stack unwind
    linking imports skip-stack-guard-page float_misc left-to-right elem data)
if [ "${2:-}" = all ]; then subset=(); fi
mkdir -p "$folder"
sources=$(ls base/*.c base/os/*.c loader/*.c runtime/vm/*.c runtime/interp/*.c runtime/sched/*.c hostcalls/*.c)
# Compiled code runs where there are stubs for it; sealed files of it need mbedtls, which cross compilers do not have.
case $cpu in
aarch64) sources="$sources base/os/fiber_a64.S $(ls jit/*.c jit/a64/* | grep -v -e jit/aot.c -e jit/tags.c) runtime/tiers.c tests/support/no_tags.c" ;;
*) sources="$sources base/os/fiber_rv64.S runtime/tiers_interp.c" ;;
esac
objects=()
mkdir -p "$folder/made"
python3 -B tests/support/embed.py "$folder/made/modules_made.h" tests/unit/modules/tasks.wat tests/unit/modules/calls_out.wat
for source in $sources tests/spec/lines.c tests/cross_tasks.c; do
    object=$folder/$(echo "$source" | tr / _).o
    objects+=("$object")
    if [ ! -f "$object" ] || [ -n "$(find base loader runtime jit hostcalls include tests/spec -newer "$object" -name '*.[chd]*' -print -quit)" ]; then
        echo "$cpu-linux-gnu-gcc -std=gnu17 -O2 -Wall -Wextra -Werror -Wno-maybe-uninitialized -fno-strict-aliasing -fno-math-errno" \
            "-ffp-contract=off -fno-builtin-memset -I. -Iinclude -I$folder/made -c $source -o $object"
    fi
done | xargs -r -P "$(nproc)" -I{} sh -c '{}'
for source in $sources; do objects+=("$folder/$(echo "$source" | tr / _).o"); done
for program in tests/spec/lines.c tests/cross_tasks.c; do
    "$cpu-linux-gnu-gcc" -static -o "$folder/$(basename "$program" .c)" "$folder/$(echo "$program" | tr / _).o" \
        "${objects[@]}" -lm -lpthread -latomic
done
qemu-"$cpu" "$folder/cross_tasks"
python3 tests/spec/lines.py "$TENON_CONFORMANCE/spec/core" "${subset[@]}" >"$folder/script"
qemu-"$cpu" "$folder/lines" --checked <"$folder/script"

# The same through the optimizing compiler, when it was built and knows the CPU.
compiler=
for candidate in build-gcc/tenon-llvm build/tenon-llvm; do
    if [ -x "$candidate" ]; then compiler=$candidate; fi
done
if [ -z "$compiler" ] || [ "$cpu" != aarch64 ]; then exit 0; fi
qemu-"$cpu" "$folder/cross_tasks" --module >"$folder/calls_out.wasm"
"$compiler" 3 4 --target="$cpu" --bounds=checked 3<"$folder/calls_out.wasm" 4>"$folder/calls_out.image"
qemu-"$cpu" "$folder/cross_tasks" "$folder/calls_out.image"
rm -rf "$folder/images"
mkdir "$folder/images"
awk '$1 == "module" || $1 == "trapping" || $1 == "unlinkable" { print $2 }' "$folder/script" | sort -u |
    xargs -P "$(nproc)" -I{} sh -c \
        "$compiler"' 3 4 --target='"$cpu"' --bounds=checked 3<"{}" 4>"'"$folder"'/images/$(echo "{}" | tr / _)"'
qemu-"$cpu" "$folder/lines" --checked --compiled "$folder/images" <"$folder/script"
