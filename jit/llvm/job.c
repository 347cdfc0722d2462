/* SPDX-License-Identifier: MIT
 * Units are cut by the size of the bodies, so that they do not depend on how many threads there are.
 */
#include "jit/llvm/job.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* Bytes of bodies in a unit: enough for inlining among neighbours, few enough to share the work. */
#define UNIT_BYTES (64u << 10)

typedef struct run {
    const tn_job *job;
    TN_VEC(tn_unit_range) units;
    tn_object *objects; /* by unit */
    atomic_size_t next;
    atomic_bool failed;
    pthread_mutex_t lock;
    tenon_status status; /* of the first unit that failed */
    tenon_error error;
} run;

/* The gates are a unit of their own, unless a few functions are all there is. */
static tenon_status cut(run *r)
{
    const tn_module *m = r->job->module;
    tn_unit_range unit = { .gates = true };

    TN_TRY(tn_vec_reserve(r->job->mem, &r->units, 2));
    if (r->job->wanted == NULL) {
        r->units.items[r->units.count++] = unit;
        unit.gates = false;
    }
    while (unit.end < m->body_count) {
        for (uint64_t size = 0; unit.end < m->body_count && size < UNIT_BYTES; unit.end++)
            size += tn_is_compiled(r->job, unit.end) ? m->bodies[unit.end].size : 0;
        TN_TRY(tn_vec_reserve(r->job->mem, &r->units, 2));
        r->units.items[r->units.count++] = unit;
        unit = (tn_unit_range){ unit.end, unit.end, .gates = false };
    }
    if (r->units.count == 0)
        r->units.items[r->units.count++] = unit;
    r->units.items[r->units.count - 1].loops = true;
    return TENON_OK;
}

static void *work(void *arg)
{
    run *r = arg;

    for (size_t i; !atomic_load(&r->failed) && (i = atomic_fetch_add(&r->next, 1)) < r->units.count;) {
        tenon_error error;
        tn_error_clear(&error);
        tenon_status status = tn_unit_compile(r->job, r->units.items[i], &r->objects[i], &error);
        if (r->job->progress != NULL)
            __atomic_add_fetch(&r->job->progress->done, 1, __ATOMIC_RELAXED);
        if (status == TENON_OK)
            continue;
        pthread_mutex_lock(&r->lock);
        if (!atomic_exchange(&r->failed, true)) {
            r->status = status;
            r->error = error;
        }
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

static void work_in_threads(run *r)
{
    pthread_t threads[64];
    size_t wanted = r->job->threads < r->units.count ? r->job->threads : r->units.count, started = 0;

    while (started + 1 < wanted && started < 64 && pthread_create(&threads[started], NULL, work, r) == 0)
        started++;
    work(r);
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

static uint32_t *find_first_types(const tn_job *job, size_t *count)
{
    const tn_module *m = job->module;
    uint32_t highest = 0;

    for (uint32_t i = 0; i < m->type_count; i++)
        highest = m->types[i] > highest ? m->types[i] : highest;
    *count = (size_t)highest + 1;
    uint32_t *first = tn_alloc(job->mem, *count * sizeof *first);
    for (uint32_t i = m->type_count; first != NULL && i > 0; i--)
        first[m->types[i - 1]] = i - 1;
    return first;
}

/* ---- which gates are needed ---- */

static void need_for_call(const tn_job *job, const tn_insn *in, uint8_t *needed)
{
    const tn_module *m = job->module;
    uint32_t id;

    switch (in->op) {
    case TN_OP_CALL:
    case TN_OP_RETURN_CALL:
        if (in->a >= m->imported_funcs && tn_is_compiled(job, in->a - m->imported_funcs))
            return;
        id = m->funcs[in->a];
        break;
    case TN_OP_CALL_INDIRECT:
    case TN_OP_RETURN_CALL_INDIRECT:
    case TN_OP_CALL_REF:
    case TN_OP_RETURN_CALL_REF:
        id = m->types[in->a];
        break;
    default:
        return;
    }
    needed[job->first_type[id]] |= TN_NEEDS_SLOW_CALL;
}

static tenon_status need_for_body(const tn_job *job, uint32_t own, uint8_t *needed)
{
    const tn_module *m = job->module;
    tn_reader r = tn_module_reader(m, m->bodies[own], NULL);
    uint32_t locals = 0;
    tn_insn in;

    needed[job->first_type[m->funcs[m->imported_funcs + own]]] |= TN_NEEDS_ENTRIES;
    TN_TRY(tn_skip_locals(&r, &locals));
    while (tn_reader_left(&r) > 0) {
        TN_TRY(tn_insn_read(&r, &in));
        need_for_call(job, &in, needed);
    }
    return TENON_OK;
}

/* Of a few functions: those that they use. Of a whole module: all. */
static tenon_status find_needs(const tn_job *job, uint8_t *needed)
{
    const tn_module *m = job->module;

    if (job->wanted == NULL) {
        memset(needed, TN_NEEDS_ENTRIES | TN_NEEDS_SLOW_CALL, m->type_count);
        return TENON_OK;
    }
    for (uint32_t own = 0; own < m->body_count; own++)
        if (tn_is_compiled(job, own))
            TN_TRY(need_for_body(job, own, needed));
    for (size_t i = 0; i < job->loop_count; i++)
        TN_TRY(need_for_body(job, job->loops[i].own, needed));
    return TENON_OK;
}

static tenon_status compile_all(run *r, tn_object *out, tenon_error *err)
{
    tn_mem *mem = r->job->mem;

    TN_TRY(cut(r));
    if (r->job->progress != NULL)
        __atomic_store_n(&r->job->progress->all, (uint32_t)r->units.count, __ATOMIC_RELAXED);
    r->objects = tn_alloc_zeroed(mem, r->units.count * sizeof *r->objects);
    if (r->objects == NULL)
        return TENON_NOMEM;
    work_in_threads(r);
    tenon_status status = r->status;
    if (status == TENON_OK)
        status = tn_link(r->job, r->objects, r->units.count, out, err);
    else if (err != NULL)
        *err = r->error;
    for (size_t i = 0; i < r->units.count; i++)
        tn_free(mem, r->objects[i].bytes, r->objects[i].size);
    tn_free(mem, r->objects, r->units.count * sizeof *r->objects);
    return status;
}

tenon_status tn_job_run(tn_job *job, tn_object *out, tenon_error *err)
{
    run r = { .job = job, .status = TENON_OK };
    size_t type_count;
    uint32_t *first = find_first_types(job, &type_count);
    uint8_t *needed = tn_alloc_zeroed(job->mem, job->module->type_count + 1u);
    tenon_status status = first != NULL && needed != NULL ? TENON_OK : TENON_NOMEM;

    job->first_type = first;
    job->needed = needed;
    pthread_mutex_init(&r.lock, NULL);
    if (status == TENON_OK)
        status = find_needs(job, needed);
    if (status == TENON_OK)
        status = compile_all(&r, out, err);
    pthread_mutex_destroy(&r.lock);
    tn_vec_fini(job->mem, &r.units);
    tn_free(job->mem, first, type_count * sizeof *first);
    tn_free(job->mem, needed, job->module->type_count + 1u);
    job->first_type = NULL;
    job->needed = NULL;
    return status == TENON_NOMEM ? tn_fail_plain(err, TENON_NOMEM, "out of memory while compiling") : status;
}

bool tn_write_image(int fd, const tn_object *image)
{
    for (size_t at = 0; at < image->size;) {
        ssize_t n = write(fd, image->bytes + at, image->size - at);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}
