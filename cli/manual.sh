#!/bin/sh
# SPDX-License-Identifier: MIT
# Lets the command write its own man pages and completions: manual.sh TENON FOLDER
set -eu
tenon=$1
folder=$2
mkdir -p "$folder"
"$tenon" man >"$folder/tenon.1"
for command in run compile explore cache validate inspect wast doctor completion man; do
    "$tenon" man "$command" >"$folder/tenon-$command.1"
done
"$tenon" completion bash >"$folder/tenon.bash"
"$tenon" completion zsh >"$folder/_tenon"
"$tenon" completion fish >"$folder/tenon.fish"
