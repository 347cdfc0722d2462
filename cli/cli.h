/* SPDX-License-Identifier: MIT
 * Shared by the subcommands of `tenon`: files, errors, values as text.
 */
#ifndef TENON_CLI_CLI_H
#define TENON_CLI_CLI_H

#include <stdio.h>

#include "tenon.h"

/* Exit codes. A guest that ends by itself gives its own. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_LOAD = 3, CLI_LINK = 4, CLI_TRAP = 134 };

typedef struct cli_file {
    const uint8_t *bytes;
    size_t size;
    bool mapped;
} cli_file;

/* Reads a file, or standard input for "-"; prints why not. */
bool cli_read_file(const char *path, cli_file *out);
void cli_release_file(cli_file *file);
/* Prints "tenon: path: sentence (at offset 0x…)" and returns the exit code for the status. */
int cli_report(const char *path, const tenon_error *err, tenon_status status);
int cli_exit_code(tenon_status status);

/* Text of a value, as `tenon run --invoke` prints it. */
void cli_print_value(FILE *out, const tenon_val *value);
/* Parses an argument of the type; false when the text is no such value. */
bool cli_parse_value(const char *text, tenon_type type, tenon_val *out);

int cli_run(int argc, char **argv);
int cli_validate(int argc, char **argv);
int cli_inspect(int argc, char **argv);
int cli_wast(int argc, char **argv);

#endif
