#!/bin/sh
# SPDX-License-Identifier: MIT
# Shows what a guest may and may not do. Each module is a few bytes, written here; `./dev run` calls this.
tenon=${1:-build/tenon}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# module NAME BYTES…: hexadecimal
module() {
    name=$1
    shift
    for byte in "$@"; do printf "\\$(printf %03o "0x$byte")"; done >"$folder/$name.wasm"
}
show() {
    printf '\n%s\n  $ tenon %s\n' "$1" "$2"
    # shellcheck disable=SC2086
    (cd "$folder" && "$tenon" $2 2>&1 | sed 's/^/    /')
}
case $tenon in /*) ;; *) tenon=$PWD/$tenon ;; esac

header="00 61 73 6d 01 00 00 00"
# (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
module add $header 01 07 01 60 02 7f 7f 01 7f 03 02 01 00 07 07 01 03 61 64 64 00 00 0a 09 01 07 00 20 00 20 01 6a 0b
# (memory 1) (func (export "peek") (param i32) (result i32) local.get 0 i32.load)
module peek $header 01 06 01 60 01 7f 01 7f 03 02 01 00 05 03 01 00 01 07 08 01 04 70 65 65 6b 00 00 0a 09 01 07 00 20 00 28 02 00 0b
# (func $f (export "dive") call $f)
module dive $header 01 04 01 60 00 00 03 02 01 00 07 08 01 04 64 69 76 65 00 00 0a 06 01 04 00 10 00 0b
# (memory 1) (func (export "hoard") (param i32) (result i32) local.get 0 memory.grow)
module hoard $header 01 06 01 60 01 7f 01 7f 03 02 01 00 05 03 01 00 01 07 09 01 05 68 6f 61 72 64 00 00 0a 08 01 06 00 20 00 40 00 0b
# (import "env" "open" (func))
module wish $header 01 04 01 60 00 00 02 0c 01 03 65 6e 76 04 6f 70 65 6e 00 00
# (func (result i32))  -- a body that leaves nothing on the stack
module liar $header 01 05 01 60 00 01 7f 03 02 01 00 0a 04 01 02 00 0b

echo "A guest may compute, in its own memory."
show "It adds numbers:" "run --invoke add add.wasm 2 40"
show "It reads its own memory:" "run --invoke peek peek.wasm 1024"
echo
echo "A guest may not do anything else."
show "It cannot read beyond its memory:" "run --invoke peek peek.wasm 70000"
show "It cannot run the host out of stack:" "run --invoke dive dive.wasm"
show "It cannot take more memory than its host allows (-1 is a refusal):" "run --max-memory 8m --invoke hoard hoard.wasm 1000"
show "It cannot call what it was not given:" "run wish.wasm"
show "It cannot lie about its types:" "validate liar.wasm"
