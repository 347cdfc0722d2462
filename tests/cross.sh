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
sources=$(ls base/*.c base/os/*.c loader/*.c runtime/tiers_interp.c runtime/vm/*.c runtime/interp/*.c hostcalls/*.c)
objects=()
for source in $sources tests/spec/lines.c; do
    object=$folder/$(echo "$source" | tr / _).o
    objects+=("$object")
    if [ ! -f "$object" ] || [ -n "$(find base loader runtime hostcalls include tests/spec -newer "$object" -name '*.[chd]*' -print -quit)" ]; then
        echo "$cpu-linux-gnu-gcc -std=gnu17 -O2 -Wall -Wextra -Werror -Wno-maybe-uninitialized -fno-strict-aliasing -fno-math-errno" \
            "-ffp-contract=off -fno-builtin-memset -I. -Iinclude -c $source -o $object"
    fi
done | xargs -r -P "$(nproc)" -I{} sh -c '{}'
for source in $sources tests/spec/lines.c; do objects+=("$folder/$(echo "$source" | tr / _).o"); done
"$cpu-linux-gnu-gcc" -static -o "$folder/lines" "${objects[@]}" -lm -lpthread -latomic
python3 tests/spec/lines.py "$TENON_CONFORMANCE/spec/core" "${subset[@]}" >"$folder/script"
qemu-"$cpu" "$folder/lines" --checked <"$folder/script"
