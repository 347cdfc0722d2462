/* SPDX-License-Identifier: MIT
 * Shared by the subcommands of `tenon`: files, errors, values as text.
 */
#ifndef TENON_CLI_CLI_H
#define TENON_CLI_CLI_H

#include <stdio.h>

#include "tenon.h"

/* Exit codes. A guest that ends by itself gives its own. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_LOAD = 3, CLI_LINK = 4, CLI_DENIED = 5, CLI_TRAP = 134 };

/* What tells a regular file from what it was before it was changed; a clock's step after a change it is certain. */
typedef struct cli_identity {
    uint64_t device, inode, size, modified[2], changed[2];
} cli_identity;

typedef struct cli_file {
    const uint8_t *bytes;
    size_t size;
    bool mapped;
    bool has_identity;
    cli_identity identity; /* from before it was read */
} cli_file;

/* Reads a file, or standard input for "-"; prints why not. */
bool cli_read_file(const char *path, cli_file *out);
void cli_release_file(cli_file *file);
/* False when there is no such regular file, or it was changed so recently that a change might go unnoticed. */
bool cli_identify_file(const char *path, cli_identity *out);
/* A regular file that begins like a compiled one, open for reading; -1: it is something else. */
int cli_open_compiled(const char *path);
/* Prints "tenon: path: sentence (at offset 0x…)" and returns the exit code for the status. */
int cli_report(const char *path, const tenon_error *err, tenon_status status);
int cli_exit_code(tenon_status status);

/* Text of a value, as `tenon run --invoke` prints it. */
void cli_print_value(FILE *out, const tenon_val *value);
/* Parses an argument of the type; false when the text is no such value. */
bool cli_parse_value(const char *text, tenon_type type, tenon_val *out);

/* "64m", "1g", "4096": bytes. "500ms", "2s", "1.5": nanoseconds, seconds being meant without a unit. False when the
 * text is neither, or zero. */
bool cli_parse_size(const char *text, uint64_t *out);
bool cli_parse_duration(const char *text, uint64_t *out);

/* Whether standard error is a terminal that wants colours and progress. */
bool cli_on_terminal(void);
/* On a terminal, shows how far long work has come; what NULL: it is done. */
void cli_progress(const char *what, int done, int all);

extern const struct cli_command cli_run_command, cli_compile_command, cli_explore_command, cli_cache_command,
    cli_validate_command, cli_inspect_command, cli_wast_command, cli_doctor_command, cli_completion_command,
    cli_man_command;

#endif
