/* SPDX-License-Identifier: MIT
 * Whether tenants get what is theirs: bench_fair SECONDS [TENON-LLVM], on two workers, interpreted and, with the compiler's
 * path, compiled.
 *
 * shares   99 good tenants that make requests of some 200 microseconds one after the other, and one more: good too, or an
 *          endless loop, an allocation storm, a host-call storm. The good ones' least and most processor time as parts of
 *          the fair share, and the median of their p99 latencies beside the same load with a busy good neighbour.
 * weights  three endless tenants with weights 1, 2 and 4.
 * limits   endless guests with a time limit of a millisecond: how much later they have ended.
 * spin     a loop's time as a task, with its ticks, beside a plain call.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>


#include "modules_made.h"
#include "tenon/scheduler.h"
#include "tests/support/compile.h"

enum { TENANTS = 100, MAX_LATENCIES = 20000, SAMPLES = 20000, WORKERS = 2, ROUNDS = 7 };

static const char *compiler;
static tenon_engine *engine;
static tenon_module *fair, *starts;
static tenon_scheduler *scheduler;
static atomic_bool stopping;
static atomic_int running;
static int32_t request_rounds;

static void check(tenon_status status, const char *what)
{
    if (status == TENON_OK)
        return;
    fprintf(stderr, "bench_fair: %s: %s\n", what, tenon_status_text(status));
    exit(1);
}

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static int32_t nothing(tenon_caller *caller, int32_t n)
{
    (void)caller;
    return n;
}
TENON_ENTRY(nothing_entry, nothing, (i32), i32);

/* ---- guests ---- */

typedef struct guest {
    tenon_tenant *tenant;
    tenon_store *store;
    tenon_func *func;
    tenon_task *task;
    bool repeats;
    uint64_t from, *latencies;
    size_t count;
} guest;

static void open_guest(guest *g, tenon_tenant *tenant, const char *name)
{
    tenon_extern e = { .kind = TENON_KIND_FUNC };
    tenon_instance *instance;

    memset(g, 0, sizeof *g);
    g->tenant = tenant;
    check(tenon_store_new(tenant, &g->store), "a store");
    check(tenon_func_new_entry(g->store, &nothing_entry, NULL, &e.of.func), "a host function");
    check(tenon_instance_new(g->store, fair, &e, 1, &instance, NULL), "an instance");
    if (!tenon_instance_export(instance, (tenon_name){ name, strlen(name) }, &e))
        check(TENON_LINK, name);
    g->func = e.of.func;
}

static void close_guest(guest *g)
{
    tenon_task_delete(g->task);
    tenon_store_delete(g->store);
    free(g->latencies);
}

static void request(guest *g, uint64_t limit);

static void on_done(void *context, tenon_task *task)
{
    guest *g = context;

    if (g->latencies != NULL && g->count < MAX_LATENCIES)
        g->latencies[g->count++] = now() - g->from;
    if (g->repeats && !atomic_load(&stopping)) {
        tenon_task_delete(task);
        request(g, 0);
    } else {
        atomic_fetch_sub(&running, 1);
    }
}

static void request(guest *g, uint64_t limit)
{
    const tenon_task_config config = { .size = sizeof config, .time_limit = limit, .done = on_done, .context = g };
    const tenon_val rounds = { .type = TENON_I32, .of.i32 = request_rounds };

    g->from = now();
    check(tenon_task_call(scheduler, g->func, &rounds, 1, &config, &g->task, NULL), "a task");
}

static void start(guest *g)
{
    atomic_fetch_add(&running, 1);
    request(g, 0);
}

static void stop_all(guest *guests, size_t count)
{
    atomic_store(&stopping, true);
    for (size_t i = 0; i < count; i++)
        if (!guests[i].repeats)
            tenon_task_cancel(guests[i].task);
    while (atomic_load(&running) > 0)
        usleep(1000);
    atomic_store(&stopping, false);
}

/* ---- shares ---- */

typedef struct shares {
    double least, most, p99; /* of the good ones; parts of the fair share; milliseconds */
} shares;

static shares measure_shares(double seconds, const char *last)
{
    static guest guests[TENANTS];
    const tenon_limits limits = { .size = sizeof limits, .memory_bytes = 64 << 20 };
    uint64_t total = 0, had[TENANTS], p99[TENANTS];
    shares out = { 1e9, 0, 0 };

    for (int i = 0; i < TENANTS; i++) {
        tenon_tenant *tenant;
        bool good = i < TENANTS - 1 || strcmp(last, "work") == 0;
        check(tenon_tenant_new(engine, &limits, &tenant), "a tenant");
        open_guest(&guests[i], tenant, good ? "work" : last);
        guests[i].repeats = good;
        guests[i].latencies = malloc(MAX_LATENCIES * sizeof *guests[i].latencies);
    }
    for (int i = 0; i < TENANTS; i++)
        start(&guests[i]);
    usleep(300000);
    for (int i = 0; i < TENANTS; i++)
        had[i] = tenon_tenant_cpu_time(guests[i].tenant);
    usleep((useconds_t)(seconds * 1e6));
    for (int i = 0; i < TENANTS; i++)
        total += had[i] = tenon_tenant_cpu_time(guests[i].tenant) - had[i];
    stop_all(guests, TENANTS);
    for (int i = 0; i < TENANTS; i++) {
        double share = (double)had[i] * TENANTS / (double)total;
        if (i < TENANTS - 1) {
            out.least = share < out.least ? share : out.least;
            out.most = share > out.most ? share : out.most;
            qsort(guests[i].latencies, guests[i].count, sizeof(uint64_t), by_value);
            p99[i] = guests[i].count > 0 ? guests[i].latencies[guests[i].count * 99 / 100] : 0;
        }
        tenon_tenant *tenant = guests[i].tenant;
        close_guest(&guests[i]);
        tenon_tenant_delete(tenant);
    }
    qsort(p99, TENANTS - 1, sizeof *p99, by_value);
    out.p99 = (double)p99[(TENANTS - 1) / 2] / 1e6;
    return out;
}

/* About 200 microseconds. */
static void calibrate(void)
{
    guest g;
    tenon_tenant *tenant;
    tenon_val rounds = { .type = TENON_I32, .of.i32 = 1000000 }, result;

    check(tenon_tenant_new(engine, NULL, &tenant), "a tenant");
    open_guest(&g, tenant, "work");
    uint64_t from = now();
    check(tenon_func_call(g.func, &rounds, 1, &result, 1, NULL), "a call");
    request_rounds = (int32_t)(200000.0 * 1000000 / (double)(now() - from));
    close_guest(&g);
    tenon_tenant_delete(tenant);
}

static void report_shares(double seconds)
{
    static const char *const neighbours[] = { "spin", "allocate", "call", "fill" };

    for (size_t i = 0; i < sizeof neighbours / sizeof *neighbours; i++) {
        /* Side by side, because the machine changes. */
        const shares good = measure_shares(seconds, "work"), bad = measure_shares(seconds, neighbours[i]);
        printf("  shares beside %-9s %.3f to %.3f of fair (good neighbour: %.3f to %.3f); p99 %.2f ms, %+.1f %%\n",
               neighbours[i], bad.least, bad.most, good.least, good.most, bad.p99, (bad.p99 / good.p99 - 1) * 100);
    }
}

/* ---- weights ---- */

static void report_weights(double seconds)
{
    enum { EACH = 4 };
    guest guests[3 * EACH];
    tenon_tenant *tenants[3];
    uint64_t had[3];

    for (int i = 0; i < 3; i++) {
        check(tenon_tenant_new(engine, NULL, &tenants[i]), "a tenant");
        check(tenon_tenant_set_weight(tenants[i], 100u << i), "a weight");
        for (int k = 0; k < EACH; k++)
            open_guest(&guests[i * EACH + k], tenants[i], "spin");
    }
    for (int i = 0; i < 3 * EACH; i++)
        start(&guests[i]);
    usleep(200000);
    for (int i = 0; i < 3; i++)
        had[i] = tenon_tenant_cpu_time(tenants[i]);
    usleep((useconds_t)(seconds * 1e6));
    for (int i = 0; i < 3; i++)
        had[i] = tenon_tenant_cpu_time(tenants[i]) - had[i];
    stop_all(guests, 3 * EACH);
    for (int i = 0; i < 3 * EACH; i++)
        close_guest(&guests[i]);
    for (int i = 0; i < 3; i++)
        tenon_tenant_delete(tenants[i]);
    printf("  weights 1:2:4           1 : %.3f : %.3f\n", (double)had[1] / (double)had[0], (double)had[2] / (double)had[0]);
}

/* ---- limits ---- */

typedef struct late {
    tenon_tenant *tenant;
    const char *name;
    uint64_t *samples;
    size_t count;
} late;

static tenon_status instantiate(void *context)
{
    tenon_store *store;
    tenon_instance *instance;
    tenon_status status = tenon_store_new(context, &store);

    if (status == TENON_OK) {
        status = tenon_instance_new(store, starts, NULL, 0, &instance, NULL);
        tenon_store_delete(store);
    }
    return status;
}

/* One task after the other, as many such threads as there are workers. */
static void *end_many(void *arg)
{
    const uint64_t limit = 1000000;
    const tenon_task_config config = { .size = sizeof config, .time_limit = limit };
    const tenon_val zero = { .type = TENON_I32 };
    late *l = arg;
    tenon_task *task;
    guest g;

    open_guest(&g, l->tenant, strcmp(l->name, "start") == 0 ? "spin" : l->name);
    for (size_t i = 0; i < l->count; i++) {
        uint64_t from = now();
        if (strcmp(l->name, "start") == 0)
            check(tenon_task_run(scheduler, l->tenant, instantiate, l->tenant, &config, &task), "a task");
        else
            check(tenon_task_call(scheduler, g.func, &zero, 1, &config, &task, NULL), "a task");
        tenon_task_wait(task);
        l->samples[i] = now() - from - limit;
        if (tenon_task_result(task, NULL, 0, NULL) != TENON_TRAP)
            check(TENON_USAGE, "an endless guest has ended by itself");
        tenon_task_delete(task);
    }
    close_guest(&g);
    return NULL;
}

static void report_limits(void)
{
    static const char *const names[] = { "spin", "fill", "start" };
    static uint64_t samples[SAMPLES];

    for (size_t n = 0; n < 3; n++) {
        pthread_t threads[WORKERS];
        late lates[WORKERS];
        tenon_tenant *tenant;
        check(tenon_tenant_new(engine, NULL, &tenant), "a tenant");
        for (int i = 0; i < WORKERS; i++) {
            lates[i] = (late){ tenant, names[n], samples + i * (SAMPLES / WORKERS), SAMPLES / WORKERS };
            pthread_create(&threads[i], NULL, end_many, &lates[i]);
        }
        for (int i = 0; i < WORKERS; i++)
            pthread_join(threads[i], NULL);
        tenon_tenant_delete(tenant);
        qsort(samples, SAMPLES, sizeof *samples, by_value);
        printf("  limit + %-6s          %d samples: median %.2f, p99 %.2f, p99.9 %.2f, worst %.2f ms late\n", names[n],
               SAMPLES, (double)samples[SAMPLES / 2] / 1e6, (double)samples[SAMPLES * 99 / 100] / 1e6,
               (double)samples[SAMPLES / 1000 * 999] / 1e6, (double)samples[SAMPLES - 1] / 1e6);
    }
}

/* ---- the price of ticks ---- */

static void report_spin(void)
{
    double plain = 1e18, ticked = 1e18;
    guest g;
    tenon_tenant *tenant;
    tenon_val rounds = { .type = TENON_I32, .of.i32 = request_rounds * 500 }, result;

    check(tenon_tenant_new(engine, NULL, &tenant), "a tenant");
    open_guest(&g, tenant, "work");
    for (int i = 0; i < ROUNDS; i++) {
        tenon_task *task;
        uint64_t from = now();
        check(tenon_func_call(g.func, &rounds, 1, &result, 1, NULL), "a call");
        double time = (double)(now() - from);
        plain = time < plain ? time : plain;
        from = now();
        check(tenon_task_call(scheduler, g.func, &rounds, 1, NULL, &task, NULL), "a task");
        tenon_task_wait(task);
        time = (double)(now() - from);
        ticked = time < ticked ? time : ticked;
        tenon_task_delete(task);
    }
    close_guest(&g);
    tenon_tenant_delete(tenant);
    printf("  spin                    %.1f ms plain, %.1f ms as a task: %+.2f %%\n", plain / 1e6, ticked / 1e6,
           (ticked / plain - 1) * 100);
}

static tenon_module *load(const uint8_t *bytes, size_t size, bool compiled)
{
    tenon_module *module;
    size_t image_size;

    check(tenon_module_new(engine, bytes, size, &module, NULL), "a module");
    if (compiled) {
        uint8_t *image = compile_module(compiler, bytes, size, &image_size);
        check(image != NULL ? tenon_module_add_code(module, image, image_size, NULL) : TENON_LIMIT, compiler);
        free(image);
    }
    return module;
}

static void report(const char *tier, double seconds, bool compiled)
{
    const tenon_config config = { .size = sizeof config, .features = TENON_FEATURES_ALL };
    const tenon_scheduler_config how = { .size = sizeof how, .workers = WORKERS };

    check(tenon_engine_new(&config, &engine), "an engine");
    check(tenon_scheduler_new(engine, &how, &scheduler), "a scheduler");
    fair = load(module_fair, sizeof module_fair, compiled);
    starts = load(module_starts, sizeof module_starts, compiled);
    printf("%s\n", tier);
    calibrate();
    report_spin();
    report_weights(seconds);
    report_shares(seconds);
    report_limits();
    tenon_module_delete(fair);
    tenon_module_delete(starts);
    tenon_scheduler_delete(scheduler);
    tenon_engine_delete(engine);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 5;

    setvbuf(stdout, NULL, _IOLBF, 0);
    compiler = argc > 2 && argv[2][0] != '\0' ? argv[2] : NULL;
    report("interpreted", seconds, false);
    if (compiler != NULL)
        report("compiled", seconds, true);
    return 0;
}
