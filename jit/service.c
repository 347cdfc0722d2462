/* SPDX-License-Identifier: MIT
 * A module may go at any time: while a thread looks into it, forget waits; otherwise it just marks the job, whose code
 * is then dropped.
 */
#define _GNU_SOURCE
#include "jit/service.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/os/os.h"
#include "jit/code.h"
#include "jit/process.h"

#define MAX_WORKERS 4
/* Bytes of bodies in a job: a few functions at a time are ready sooner than many. */
#define JOB_BYTES       (32u << 10)
#define MAX_QUEUE       4096
#define MAX_IMAGE       ((uint64_t)1 << 30)
#define DEFAULT_TIMEOUT (60 * (uint64_t)1000000000)
#define DEFAULT_MEMORY  ((uint64_t)4 << 30)
#define LEVEL           2

typedef struct wish {
    tn_request request;
    uint64_t at; /* when it was asked for */
} wish;

typedef struct worker {
    tn_service *service;
    tn_os_thread thread;
    bool started;
    tn_process process;
    tn_job_packet packet;
    uint32_t functions[TN_JOB_ITEMS]; /* indices in the module, for the report */
    size_t function_count, loop_count;
    uint64_t asked;       /* the oldest wish of the job */
    tenon_module *module; /* of the job; NULL: none */
    uint64_t module_number;
    bool looking; /* into the module: it may not go */
    bool dropped; /* it has gone */
} worker;

struct tn_service {
    tn_mem *mem;
    tenon_tiering tiering;
    tenon_log log; /* or NULL */
    void *log_context;
    char *path;
    tn_process_limits limits;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a wish has come, a job has ended, or all is over */
    int stop;               /* becomes readable when all is over */
    bool over;
    TN_VEC(wish) queue;
    size_t worker_count, idle;
    worker workers[MAX_WORKERS];
    tenon_tiering_counts counts;
};

/* ---- what a job is made of ---- */

static bool belongs(const worker *w, const tn_request *first, const tn_request *r, uint64_t bytes)
{
    const tn_module *m = tn_module_core(r->module);

    return r->module == first->module && r->bounds == first->bounds && w->packet.count < TN_JOB_ITEMS &&
           (bytes == 0 || bytes + m->bodies[r->own].size <= JOB_BYTES);
}

static void add_wish(worker *w, const tn_request *r)
{
    w->packet.items[w->packet.count++] = (tn_job_item){ r->own, r->loop };
    if (r->loop == TN_NO_LOOP)
        w->functions[w->function_count++] = tn_module_core(r->module)->imported_funcs + r->own;
    else
        w->loop_count++;
}

/* Takes the oldest wish and those that belong to it out of the queue. */
static void take_job(worker *w)
{
    tn_service *s = w->service;
    const wish first = s->queue.items[0];
    uint64_t bytes = 0;
    size_t kept = 0;

    w->packet = (tn_job_packet){ .version = TN_JOB_VERSION,
                                 .bounds = first.request.bounds,
                                 .level = LEVEL,
                                 .hardened = s->tiering.hardened,
                                 .metered = tn_module_is_metered(first.request.module),
                                 .features = tn_module_core(first.request.module)->features };
    w->function_count = w->loop_count = 0;
    w->asked = first.at;
    w->module = first.request.module;
    w->dropped = false;
    for (size_t i = 0; i < s->queue.count; i++) {
        const tn_request *r = &s->queue.items[i].request;
        if (belongs(w, &first.request, r, bytes)) {
            bytes += tn_module_core(r->module)->bodies[r->own].size;
            add_wish(w, r);
        } else {
            s->queue.items[kept++] = s->queue.items[i];
        }
    }
    s->queue.count = kept;
}

/* ---- a job ---- */

/* With the lock held: whether the module is still there, which then stays until done_looking. */
static bool look(worker *w)
{
    if (w->dropped || w->service->over)
        return false;
    w->looking = true;
    return true;
}

static void done_looking(worker *w)
{
    w->looking = false;
    pthread_cond_broadcast(&w->service->changed);
}

static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

/* The module's bytes for the process, when it does not have them: -1 when it does. */
static bool open_module(worker *w, int *fd)
{
    tn_service *s = w->service;
    bool ok;

    *fd = -1;
    pthread_mutex_lock(&s->lock);
    ok = look(w);
    pthread_mutex_unlock(&s->lock);
    if (!ok)
        return false;
    const tn_module *m = tn_module_core(w->module);
    w->module_number = tn_module_number(w->module);
    if (w->process.loaded != w->module_number) {
        *fd = memfd_create("module", MFD_CLOEXEC);
        ok = *fd >= 0 && tn_module_need(m, (tn_range){ 0, (uint32_t)m->size }) && write_all(*fd, m->bytes, m->size);
    }
    pthread_mutex_lock(&s->lock);
    done_looking(w);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

static uint8_t *read_image(tn_mem *mem, int fd, uint64_t size)
{
    uint8_t *base = size > 0 && size <= MAX_IMAGE && size % TN_IMAGE_PAGE == 0 ? tn_image_reserve(mem, size) : NULL;

    if (base == NULL || tn_os_read_at(fd, base, size, 0))
        return base;
    tn_image_release(base, size);
    return NULL;
}

/* The code becomes the module's. NULL, or why not. */
static const char *install(const worker *w, int fd, uint64_t size, tenon_error *err)
{
    uint8_t *base = read_image(w->service->mem, fd, size);
    tn_image *image;

    if (base == NULL)
        return "its image could not be read";
    if (tn_image_adopt(w->module, base, size, &image, err) == TENON_OK &&
        tn_module_promote(w->module, image, err) == TENON_OK)
        return NULL;
    return err->text;
}

static const char *text_of(tn_job_end end)
{
    switch (end) {
    case TN_JOB_ENDED_REFUSED:
        return "the compiler refused";
    case TN_JOB_ENDED_OVERRUN:
        return "the compiler took too long, and was ended";
    case TN_JOB_ENDED_STOPPED:
        return "nobody waits for it any more";
    case TN_JOB_ENDED_DEAD:
        return "the compiler died";
    default:
        return NULL;
    }
}

static void count(const worker *w, bool there, const char *failure, tn_job_end end, uint64_t size)
{
    tenon_tiering_counts *c = &w->service->counts;

    if (!there) {
        c->dropped_jobs++;
    } else if (failure != NULL) {
        c->failed_jobs++;
        c->ended_jobs += end == TN_JOB_ENDED_DEAD || end == TN_JOB_ENDED_OVERRUN;
    } else {
        c->jobs++;
        c->functions += w->function_count;
        c->loops += w->loop_count;
        c->code_bytes += size;
    }
}

static void complain(const worker *w, const char *failure)
{
    const tn_service *s = w->service;
    char text[288];

    if (s->log == NULL)
        return;
    snprintf(text, sizeof text, "no code for %u functions of module %llu: %s", (unsigned)w->function_count,
             (unsigned long long)w->module_number, failure);
    s->log(s->log_context, TENON_LEVEL_WARNING, NULL, text);
}

static void report(const worker *w, bool there, const char *failure, uint64_t size)
{
    const tenon_tiering *t = &w->service->tiering;
    const tenon_job_report r = { .module = there ? w->module : NULL,
                                 .succeeded = failure == NULL && there,
                                 .failure = failure,
                                 .functions = w->functions,
                                 .function_count = w->function_count,
                                 .loop_count = w->loop_count,
                                 .nanoseconds = tn_os_now() - w->asked,
                                 .code_bytes = size };

    if (t->report != NULL)
        t->report(t->context, &r);
    if (there && failure != NULL)
        complain(w, failure);
}

static tn_job_end compile(worker *w, int *image, uint64_t *size)
{
    tn_service *s = w->service;
    int module;

    if (w->process.pidfd < 0 && !tn_process_start(&w->process, s->path, &s->limits))
        return TN_JOB_ENDED_DEAD;
    if (!open_module(w, &module))
        return TN_JOB_ENDED_STOPPED;
    tn_job_end end = tn_process_run(&w->process, &s->limits, &w->packet, module, image, size);
    if (module >= 0)
        close(module);
    if (end == TN_JOB_ENDED_WELL)
        w->process.loaded = w->module_number;
    return end;
}

static void run_job(worker *w)
{
    tn_service *s = w->service;
    tenon_error err;
    uint64_t size = 0;
    int image = -1;

    tn_error_clear(&err);
    tn_job_end end = compile(w, &image, &size);
    const char *failure = text_of(end);
    pthread_mutex_lock(&s->lock);
    bool there = look(w);
    pthread_mutex_unlock(&s->lock);
    if (there && end == TN_JOB_ENDED_WELL)
        failure = install(w, image, size, &err);
    if (image >= 0)
        close(image);
    report(w, there, failure, size);
    pthread_mutex_lock(&s->lock);
    count(w, there, failure, end, size);
    w->module = NULL;
    done_looking(w);
    pthread_mutex_unlock(&s->lock);
}

static void *work(void *arg)
{
    worker *w = arg;
    tn_service *s = w->service;

    pthread_mutex_lock(&s->lock);
    while (!s->over) {
        if (s->queue.count == 0) {
            s->idle++;
            pthread_cond_wait(&s->changed, &s->lock);
            s->idle--;
            continue;
        }
        take_job(w);
        pthread_mutex_unlock(&s->lock);
        run_job(w);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    tn_process_end(&w->process);
    return NULL;
}

/* ---- requests ---- */

static bool is_wanted(const tn_service *s, const tn_request *r)
{
    for (size_t i = 0; i < s->queue.count; i++)
        if (s->queue.items[i].request.module == r->module && s->queue.items[i].request.bounds == r->bounds &&
            s->queue.items[i].request.own == r->own && s->queue.items[i].request.loop == r->loop)
            return true;
    for (size_t i = 0; i < s->worker_count; i++) {
        const worker *w = &s->workers[i];
        for (uint32_t k = 0; w->module == r->module && w->packet.bounds == r->bounds && k < w->packet.count; k++)
            if (w->packet.items[k].own == r->own && w->packet.items[k].loop == r->loop)
                return true;
    }
    return false;
}

static void start_worker(tn_service *s)
{
    for (size_t i = 0; i < s->worker_count && s->idle == 0; i++) {
        worker *w = &s->workers[i];
        if (!w->started) {
            w->started = tn_os_thread_start(&w->thread, work, w);
            return;
        }
    }
}

static bool someone_works(const tn_service *s)
{
    for (size_t i = 0; i < s->worker_count; i++)
        if (s->workers[i].started)
            return true;
    return false;
}

static void enqueue(tn_service *s, const tn_request *r)
{
    if (s->over || is_wanted(s, r) || s->queue.count >= MAX_QUEUE || tn_vec_reserve(s->mem, &s->queue, 1) != TENON_OK)
        return;
    s->queue.items[s->queue.count++] = (wish){ *r, tn_os_now() };
    start_worker(s);
    pthread_cond_broadcast(&s->changed);
}

/* A function with a hot loop is called again: first of all it gets code itself. */
void tn_service_request(tn_service *s, const tn_request *r)
{
    tn_request body = *r;

    body.loop = TN_NO_LOOP;
    pthread_mutex_lock(&s->lock);
    if (!tn_module_has_code(r->module, r->bounds, r->own))
        enqueue(s, &body);
    if (r->loop != TN_NO_LOOP)
        enqueue(s, r);
    while (s->tiering.synchronous && someone_works(s) && (is_wanted(s, r) || is_wanted(s, &body)))
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

static bool is_looked_into(const tn_service *s, const tenon_module *module)
{
    for (size_t i = 0; i < s->worker_count; i++)
        if (s->workers[i].module == module && s->workers[i].looking)
            return true;
    return false;
}

void tn_service_forget(tn_service *s, const tenon_module *module)
{
    size_t kept = 0;

    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->queue.count; i++)
        if (s->queue.items[i].request.module != module)
            s->queue.items[kept++] = s->queue.items[i];
    s->queue.count = kept;
    while (is_looked_into(s, module))
        pthread_cond_wait(&s->changed, &s->lock);
    for (size_t i = 0; i < s->worker_count; i++)
        if (s->workers[i].module == module)
            s->workers[i].dropped = true;
    pthread_mutex_unlock(&s->lock);
}

tenon_tiering_counts tn_service_counts(const tn_service *service)
{
    tn_service *s = (tn_service *)(uintptr_t)service;

    pthread_mutex_lock(&s->lock);
    tenon_tiering_counts counts = s->counts;
    pthread_mutex_unlock(&s->lock);
    return counts;
}

/* ---- beginning and end ---- */

static size_t count_workers(const tenon_tiering *t)
{
    size_t processors = tn_os_cpu_count(), wanted = t->compilers != 0 ? t->compilers
                                                    : processors > 1  ? processors - 1
                                                                      : 1;

    return wanted < MAX_WORKERS ? wanted : MAX_WORKERS;
}

tn_service *tn_service_new(tn_mem *mem, const tenon_tiering *tiering, tenon_log log, void *log_context)
{
    size_t size = strlen(tiering->compiler) + 1;
    tn_service *s = tn_alloc_zeroed(mem, sizeof *s);

    if (s == NULL)
        return NULL;
    s->path = tn_alloc(mem, size);
    s->stop = eventfd(0, EFD_CLOEXEC);
    if (s->path == NULL || s->stop < 0) {
        if (s->stop >= 0)
            close(s->stop);
        tn_free(mem, s->path, size);
        tn_free(mem, s, sizeof *s);
        return NULL;
    }
    memcpy(s->path, tiering->compiler, size);
    s->mem = mem;
    s->tiering = *tiering;
    s->log = log;
    s->log_context = log_context;
    s->limits.timeout = tiering->job_timeout != 0 ? tiering->job_timeout : DEFAULT_TIMEOUT;
    s->limits.memory = tiering->job_memory != 0 ? tiering->job_memory : DEFAULT_MEMORY;
    s->worker_count = count_workers(tiering);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    for (size_t i = 0; i < s->worker_count; i++) {
        s->workers[i].service = s;
        s->workers[i].process = (tn_process){ .socket = -1, .pidfd = -1, .stop = s->stop };
    }
    return s;
}

void tn_service_delete(tn_service *s)
{
    const uint64_t one = 1;

    pthread_mutex_lock(&s->lock);
    s->over = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    /* A write to a fresh eventfd cannot fail. */
    if (write(s->stop, &one, sizeof one) != (ssize_t)sizeof one)
        s->over = true;
    for (size_t i = 0; i < s->worker_count; i++)
        if (s->workers[i].started)
            tn_os_thread_join(s->workers[i].thread);
    close(s->stop);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    tn_vec_fini(s->mem, &s->queue);
    tn_free(s->mem, s->path, strlen(s->path) + 1);
    tn_free(s->mem, s, sizeof *s);
}
