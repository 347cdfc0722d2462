/* SPDX-License-Identifier: MIT
 * Compiling: the compiler is a program of its own, found beside this one.
 */
#ifndef TENON_CLI_COMPILE_H
#define TENON_CLI_COMPILE_H

#include <limits.h>

#include "cli/cli.h"

typedef struct cli_compile_options {
    tenon_features features;
    tenon_bounds bounds;
    unsigned level; /* -O0 to -O3 */
    bool hardened, metered;
    size_t threads;        /* 0: one per processor */
    const char *target;    /* NULL: this machine */
    const char *cpu;       /* NULL: what every such machine has */
    bool listing;          /* text for people instead of an image: jit/llvm/listing.c */
    const char *functions; /* "odd", "even", or a list such as "0,3-5"; NULL: all */
} cli_compile_options;

/* Makes a module of a copy of the bytes, by way of a compiled file in memory. */
tenon_status cli_module_through_file(tenon_engine *engine, const cli_file *file, const cli_compile_options *options,
                                     tenon_module **out, tenon_error *err);
/* Where the compiler is; false when this build has none. */
bool cli_find_compiler(char path[PATH_MAX]);
/* Makes an image of a module's bytes, mapped; false when there is no compiler or it failed, which was said. */
bool cli_compile(const uint8_t *bytes, size_t size, const cli_compile_options *options, cli_file *out);

#endif
