/* SPDX-License-Identifier: MIT
 * What the library and the compiler's process say to each other, over a socket of packets.
 *
 * The compiler says TN_JOB_READY when it can take jobs. Each job is a packet of a header and its items, with two
 * descriptors at most: where the image goes, and the module when it is another one than before. Each is answered.
 */
#ifndef TN_JIT_JOB_H
#define TN_JIT_JOB_H

#include <stdint.h>

#define TN_JOB_VERSION 2
/* Functions and loops of one job. */
#define TN_JOB_ITEMS 64

typedef enum tn_job_answer_kind { TN_JOB_READY = 1, TN_JOB_DONE, TN_JOB_REFUSED } tn_job_answer_kind;

typedef struct tn_job_item {
    uint32_t own, loop; /* loop: TN_NO_LOOP for the function itself */
} tn_job_item;

typedef struct tn_job_packet {
    uint32_t version, count;
    uint32_t bounds, level; /* tenon_bounds of memory 0; 0 to 3 */
    uint32_t hardened, metered;
    uint64_t features;
    tn_job_item items[TN_JOB_ITEMS];
} tn_job_packet;

typedef struct tn_job_answer {
    uint32_t version, kind;
    uint64_t size; /* of the image, bytes */
} tn_job_answer;

/* How far a compiler of a whole module is: in memory that whoever started it watches. */
typedef struct tn_job_progress {
    uint32_t done, all; /* units */
} tn_job_progress;

#endif
