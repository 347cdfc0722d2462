/* SPDX-License-Identifier: MIT
 * The scheduler as the embedder has it: from its configuration to its end.
 */
#include "base/assert.h"
#include "runtime/sched/sched.h"

#define DEFAULT_QUANTUM    1000000
#define DEFAULT_STACK_SIZE ((size_t)256 << 10)
#define MIN_STACK_SIZE     ((size_t)192 << 10)
#define MAX_WORKERS        1024
#define MAX_WEIGHT         10000

static size_t size_of(size_t workers)
{
    return sizeof(tenon_scheduler) + (workers > 0 ? workers : 1) * sizeof(tn_worker);
}

static void free_scheduler(tenon_scheduler *s)
{
    tenon_engine *engine = s->engine;
    size_t size = size_of(s->worker_count);

    for (size_t i = 0; i < s->spare_stacks; i++)
        tn_os_release(s->stacks[i], s->stack_size);
    tn_free(s->mem, s->stacks, TN_SPARE_TASK_STACKS * sizeof *s->stacks);
    tn_vec_fini(s->mem, &s->ready.list);
    tn_vec_fini(s->mem, &s->throttled.list);
    tn_vec_fini(s->mem, &s->limits.list);
    tn_os_condition_fini(&s->work);
    tn_os_condition_fini(&s->changed);
    tn_os_mutex_fini(&s->lock);
    tn_free(s->mem, s, size);
    tn_engine_unref(engine);
}

static void stop_workers(tenon_scheduler *s, size_t count)
{
    tn_os_mutex_lock(&s->lock);
    s->closing = true;
    tn_os_condition_wake_all(&s->work);
    tn_os_mutex_unlock(&s->lock);
    for (size_t i = 0; i < count; i++)
        tn_os_thread_join(s->workers[i].thread);
}

static bool start_workers(tenon_scheduler *s)
{
    for (size_t i = 0; i < s->worker_count; i++)
        if (!tn_os_thread_start(&s->workers[i].thread, tn_worker_main, &s->workers[i])) {
            stop_workers(s, i);
            return false;
        }
    return true;
}

tenon_status tenon_scheduler_new(tenon_engine *engine, const tenon_scheduler_config *config, tenon_scheduler **out)
{
    const tenon_scheduler_config defaults = { .size = sizeof defaults, .workers = tn_os_cpu_count() };
    size_t page = tn_os_page_size();

    if (config == NULL)
        config = &defaults;
    if (config->size != sizeof *config || config->workers > MAX_WORKERS ||
        (config->stack_size != 0 && config->stack_size < MIN_STACK_SIZE))
        return TENON_USAGE;
    tenon_scheduler *s = tn_alloc_zeroed(tn_engine_mem(engine), size_of(config->workers));
    if (s == NULL)
        return TENON_NOMEM;
    s->engine = engine;
    s->mem = tn_engine_mem(engine);
    s->worker_count = config->workers;
    s->quantum = config->quantum != 0 ? config->quantum : DEFAULT_QUANTUM;
    s->stack_size = config->stack_size != 0 ? config->stack_size : DEFAULT_STACK_SIZE;
    s->stack_size = tn_os_whole_pages(s->stack_size) + page;
    s->wake = config->wake;
    s->context = config->context;
    atomic_init(&s->next_at, UINT64_MAX);
    for (size_t i = 0; i < (s->worker_count > 0 ? s->worker_count : 1); i++) {
        s->workers[i].scheduler = s;
        s->workers[i].number = (int)i;
    }
    tn_engine_ref(engine);
    tn_os_mutex_init(&s->lock);
    tn_os_condition_init(&s->work);
    tn_os_condition_init(&s->changed);
    s->stacks = tn_alloc(s->mem, TN_SPARE_TASK_STACKS * sizeof *s->stacks);
    s->ticks = tn_interrupts_prepare(engine);
    if (s->stacks == NULL || !start_workers(s)) {
        free_scheduler(s);
        return TENON_NOMEM;
    }
    *out = s;
    return TENON_OK;
}

void tenon_scheduler_delete(tenon_scheduler *s)
{
    if (s == NULL)
        return;
    TN_ASSERT(s->task_count == 0 && s->answer_count == 0);
    stop_workers(s, s->worker_count);
    free_scheduler(s);
}

tenon_status tenon_tenant_set_weight(tenon_tenant *tenant, uint32_t weight)
{
    if (weight == 0 || weight > MAX_WEIGHT)
        return TENON_USAGE;
    tenant->share.weight = weight;
    return TENON_OK;
}
