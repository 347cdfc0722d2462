/* SPDX-License-Identifier: MIT
 * Source lines from the DWARF line tables of a module (DWARF 5, section 6.2; the WebAssembly convention: addresses
 * count from the start of the code section). Read when asked for and never trusted: whatever is wrong means that there
 * is no line.
 */
#ifndef TN_LOADER_DWARF_H
#define TN_LOADER_DWARF_H

#include "loader/module.h"

typedef struct tn_source_line {
    tenon_name file; /* as the line table has it: relative to its directory */
    uint32_t line;   /* from 1 */
} tn_source_line;

/* The line of the instruction at a byte offset of the module; false when the module does not say. Linear in the size of
 * the line tables. */
bool tn_module_source_line(const tn_module *module, uint64_t offset, tn_source_line *out);

#endif
