/* SPDX-License-Identifier: MIT
 * Images made known to tools that look at this process: perf by a map or a dump, GDB by its JIT interface.
 */
#ifndef TN_JIT_TOOLS_H
#define TN_JIT_TOOLS_H

#include "jit/code.h"

/* A function of an image, by where its code is. */
typedef struct tn_code_symbol {
    uint32_t at, size; /* bytes from the start of the code */
    char name[120];
} tn_code_symbol;

/* Those of an image in the order of their code, the caller's to free with this size; NULL when there are none. */
tn_code_symbol *tn_image_symbols(const tn_image *image, size_t *count);

/* Tells the tools that were asked for; where a file cannot be written, nobody learns of it. */
void tn_tools_announce(tn_image *image, tenon_tools tools);
/* ---- gdb.c ---- */
void tn_gdb_announce(tn_image *image);
/* The image goes. */
void tn_gdb_forget(tn_image *image);

#endif
