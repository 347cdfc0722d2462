/* SPDX-License-Identifier: MIT
 * Instructions as text, for listings. The format is that of the text format's plain instructions, one per line.
 */
#ifndef TN_LOADER_DISASM_H
#define TN_LOADER_DISASM_H

#include <stdio.h>

#include "loader/module.h"

/* Writes one instruction without a newline. */
void tn_print_insn(FILE *out, const tn_module *module, const tn_insn *in);
/* Writes an own function with offsets, one instruction a line, indented by block. */
tenon_status tn_print_function(FILE *out, const tn_module *module, uint32_t own);
/* Writes a function type as "(i32 i64) -> (f32)". */
void tn_print_type(FILE *out, const tn_type *type);

#endif
