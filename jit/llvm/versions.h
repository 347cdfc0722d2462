/* SPDX-License-Identifier: MIT
 * Second versions of loops, which cannot trap: what LLVM may vectorize.
 */
#ifndef TN_LLVM_VERSIONS_H
#define TN_LLVM_VERSIONS_H

#include "jit/llvm/compile.h"

/* Gives loops that fit a second version; u->versions counts them. */
void tn_version_loops(tn_unit *u);
/* Lets LLVM's passes skip the functions without versions, or no longer. */
void tn_set_others_aside(tn_unit *u, bool aside);

#endif
