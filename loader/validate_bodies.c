/* SPDX-License-Identifier: MIT
 * Validation of all function bodies of a module, side by side when there are many bytes of them. Bodies are claimed in
 * batches, in order; whoever finds an error stops the claiming, and batches that were claimed before are finished, so
 * the first error of the module is found whatever the threads do.
 */
#include <stdatomic.h>

#include "base/os/os.h"
#include "loader/validate.h"

#define MAX_THREADS      8
#define BYTES_PER_THREAD ((size_t)256 << 10) /* about a millisecond of work, against 50 microseconds for a thread */
#define BATCH            32

typedef struct shared {
    tn_module *module;
    atomic_uint_fast32_t next; /* body to be claimed */
    atomic_bool failed;
} shared;

typedef struct worker {
    shared *shared;
    tn_os_thread thread;
    tenon_status status;
    uint32_t body; /* of the error */
    tenon_error err;
} worker;

static void *work(void *arg)
{
    worker *w = arg;
    tn_module *m = w->shared->module;
    tn_validator v;

    tn_validator_init(&v, m, &w->err);
    tn_error_clear(&w->err);
    while (w->status == TENON_OK && !atomic_load(&w->shared->failed)) {
        uint32_t from = (uint32_t)atomic_fetch_add(&w->shared->next, BATCH);
        if (from >= m->body_count)
            break;
        for (uint32_t i = from; i < m->body_count && i - from < BATCH && w->status == TENON_OK; i++) {
            w->status = tn_validate_body(&v, m->imported_funcs + i, m->bodies[i]);
            w->body = i;
        }
    }
    if (w->status != TENON_OK)
        atomic_store(&w->shared->failed, true);
    tn_validator_fini(&v);
    return NULL;
}

static size_t useful_threads(const tn_module *m, size_t threads)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < m->body_count; i++)
        bytes += m->bodies[i].size;
    if (bytes / BYTES_PER_THREAD < 2)
        return 1;
    if (threads == 0)
        threads = tn_os_cpu_count();
    if (threads > bytes / BYTES_PER_THREAD)
        threads = bytes / BYTES_PER_THREAD;
    return threads < MAX_THREADS ? threads : MAX_THREADS;
}

tenon_status tn_validate_bodies(tn_module *module, size_t threads, tenon_error *err)
{
    shared s = { .module = module };
    worker workers[MAX_THREADS];
    size_t wanted = useful_threads(module, threads), started = 1;
    const worker *first = NULL;

    for (size_t i = 0; i < wanted; i++)
        workers[i] = (worker){ .shared = &s, .status = TENON_OK };
    while (started < wanted && tn_os_thread_start(&workers[started].thread, work, &workers[started]))
        started++;
    work(&workers[0]);
    for (size_t i = 1; i < started; i++)
        tn_os_thread_join(workers[i].thread);
    for (size_t i = 0; i < started; i++)
        if (workers[i].status != TENON_OK && (first == NULL || workers[i].body < first->body))
            first = &workers[i];
    if (first == NULL)
        return TENON_OK;
    if (err != NULL)
        *err = first->err;
    return first->status;
}
