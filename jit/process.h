/* SPDX-License-Identifier: MIT
 * A process that compiles: started by exec, watched through a pidfd, bounded by limits, and ended when it takes too
 * long. Nothing that it says is believed but the code, which is checked like any image.
 */
#ifndef TN_JIT_PROCESS_H
#define TN_JIT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jit/job.h"

typedef struct tn_process {
    int socket, pidfd; /* -1: it does not run */
    int stop;          /* becomes readable when whoever waits is to give up */
    uint64_t loaded;   /* number of the module that it has, or 0 */
} tn_process;

typedef struct tn_process_limits {
    uint64_t timeout; /* nanoseconds, of a start or a job */
    uint64_t memory;  /* bytes of address space */
} tn_process_limits;

/* How a job ended. */
typedef enum tn_job_end {
    TN_JOB_ENDED_WELL,
    TN_JOB_ENDED_REFUSED,
    TN_JOB_ENDED_DEAD,    /* the process died, or could not be started */
    TN_JOB_ENDED_OVERRUN, /* it took too long, and was ended */
    TN_JOB_ENDED_STOPPED  /* nobody wants it any more; the process was ended */
} tn_job_end;

/* Starts it; false when that fails. */
bool tn_process_start(tn_process *process, const char *path, const tn_process_limits *limits);
/* Ends it, if it runs. */
void tn_process_end(tn_process *process);
/* Runs a job. module is a descriptor of the module's bytes, or -1 when the process has it; *image is a descriptor of
 * the image, the caller's, when it ended well, and *size its size as the process says. */
tn_job_end tn_process_run(tn_process *process, const tn_process_limits *limits, const tn_job_packet *job, int module,
                          int *image, uint64_t *size);

#endif
