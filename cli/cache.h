/* SPDX-License-Identifier: MIT
 * Compiled code of modules that ran before: one sealed file each, in the user's cache folder. Files are written aside
 * and renamed, and whoever finds a damaged one makes a new one, so any number of processes may use the folder at once.
 */
#ifndef TENON_CLI_CACHE_H
#define TENON_CLI_CACHE_H

#include "cli/compile.h"

/* Makes a module of the file's bytes, which must stay, with code from the cache or, when it is not there, from the
 * compiler. Where nothing can be cached, it is compiled all the same. CLI_OK, or the exit code when that failed, which
 * was said. entry: the path of the entry that was used, to be freed, or NULL: a module from the cache is checked while
 * it runs, and may be found damaged then. */
int cli_module_with_code(tenon_engine *engine, const char *path, const cli_file *file,
                         const cli_compile_options *options, tenon_module **out, char **entry);

/* The same when the cache has it already, false otherwise; nothing is written but what makes it quicker next time. The
 * bytes may go. */
bool cli_module_from_cache(tenon_engine *engine, const cli_file *file, const cli_compile_options *options,
                           tenon_module **out, char **entry);

/* The same of a file that has not been read, and need not be. */
bool cli_cached_module(tenon_engine *engine, const char *path, const cli_compile_options *options, tenon_module **out,
                       char **entry);

#endif
