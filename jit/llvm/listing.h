/* SPDX-License-Identifier: MIT
 * Images as text.
 */
#ifndef TN_LLVM_LISTING_H
#define TN_LLVM_LISTING_H

#include <stdio.h>

#include "jit/llvm/compile.h"

tenon_status tn_write_listing(const tn_job *job, const tn_object *image, FILE *out);

#endif
