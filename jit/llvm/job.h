/* SPDX-License-Identifier: MIT
 * A whole job: a module in, an image out.
 */
#ifndef TN_LLVM_JOB_H
#define TN_LLVM_JOB_H

#include "jit/llvm/compile.h"

/* Compiles on up to job->threads threads. The image is the same however many there are; it is the caller's. */
tenon_status tn_job_run(tn_job *job, tn_object *out, tenon_error *err);

/* Writes an image to a descriptor; false when it does not take all of it. */
bool tn_write_image(int fd, const tn_object *image);

#endif
