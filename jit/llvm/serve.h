/* SPDX-License-Identifier: MIT
 * The compiler as a process that lasts: jobs come over a socket (jit/job.h), one after the other, until it is closed.
 */
#ifndef TN_LLVM_SERVE_H
#define TN_LLVM_SERVE_H

#include <stdbool.h>

/* The exit code. */
int tn_serve(int socket);
/* Gives up all that compiling does not need: files, processes, networks. False when the system cannot. */
bool tn_jail(void);

#endif
