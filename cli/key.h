/* SPDX-License-Identifier: MIT
 * Keys that compiled files are sealed with: the machine's own, made when first needed, or a file's.
 */
#ifndef TENON_CLI_KEY_H
#define TENON_CLI_KEY_H

#include "tenon/compiled.h"

/* path NULL: the key of this user on this machine. False when there is none, which was said. */
bool cli_read_key(const char *path, tenon_key *out);

/* The folder of the XDG base directories, with /tenon behind it: variable XDG_DATA_HOME or XDG_CACHE_HOME, otherwise
 * below the home folder. Made when it is not there; false when that is impossible. */
bool cli_user_folder(const char *variable, const char *otherwise, char *out, size_t size);
/* Whether `name` below it, which begins with a slash or is empty, is there and can be read. */
bool cli_has_in_user_folder(const char *variable, const char *otherwise, const char *name);

#endif
