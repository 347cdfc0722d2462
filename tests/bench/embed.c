/* SPDX-License-Identifier: MIT
 * What guests cost an embedder. bench_embed [TENON-LLVM] prints nanoseconds, minima of several runs, interpreted and,
 * with the compiler's path, compiled: a call from the host to a guest, with values and with slots; from a guest to the host; a store that is made,
 * used and dropped; one of a pool that is taken, called so that it writes a page, and given back, by one tenant and by
 * two in turn; a change of fibers. bench_embed --live N dense|guarded prints what N instances take that are all alive and
 * have been called.
 */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/os/fiber.h"
#include "modules_made.h"
#include "tenon/pool.h"

enum { ROUNDS = 7, CALLS = 1000000, STORES = 5000, USES = 200000, SWITCHES = 1000000 };

typedef struct bench {
    tenon_tenant *tenant, *other;
    tenon_module *module, *pooled;
    tenon_pool *pool;
} bench;

static void check(tenon_status status, const char *what)
{
    if (status == TENON_OK)
        return;
    fprintf(stderr, "bench_embed: %s: %s\n", what, tenon_status_text(status));
    exit(1);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int32_t nothing(tenon_caller *caller, int32_t n)
{
    (void)caller;
    return n;
}
TENON_ENTRY(nothing_entry, nothing, (i32), i32);

static tenon_func *make(const bench *b, const char *name, tenon_store **store)
{
    tenon_extern import = { .kind = TENON_KIND_FUNC }, export;
    tenon_instance *instance;

    check(tenon_store_new(b->tenant, store), "a store");
    check(tenon_func_new_entry(*store, &nothing_entry, NULL, &import.of.func), "a host function");
    check(tenon_instance_new(*store, b->module, &import, 1, &instance, NULL), "an instance");
    if (!tenon_instance_export(instance, (tenon_name){ name, 4 }, &export))
        check(TENON_LINK, name);
    return export.of.func;
}

static void call(tenon_func *func, int32_t number)
{
    const tenon_val arg = { .type = TENON_I32, .of.i32 = number };
    tenon_val result;

    check(tenon_func_call(func, &arg, 1, &result, 1, NULL), "a call");
}

static double host_to_guest(const bench *b)
{
    tenon_store *store;
    tenon_func *same = make(b, "same", &store);
    double from = now();

    for (int i = 0; i < CALLS; i++)
        call(same, i);
    double time = (now() - from) / CALLS;
    tenon_store_delete(store);
    return time;
}

static double host_to_guest_packed(const bench *b)
{
    tenon_store *store;
    tenon_func *same = make(b, "same", &store);
    double from = now();

    for (int i = 0; i < CALLS; i++) {
        tenon_slot slot = { .i32 = i };
        if (tenon_func_call_packed(same, &slot, NULL) != TENON_OK)
            check(TENON_TRAP, "a call");
    }
    double time = (now() - from) / CALLS;
    tenon_store_delete(store);
    return time;
}

static double guest_to_host(const bench *b)
{
    tenon_store *store;
    tenon_func *loop = make(b, "loop", &store);
    double from = now();

    call(loop, CALLS);
    double time = (now() - from) / CALLS;
    tenon_store_delete(store);
    return time;
}

static double whole_store(const bench *b)
{
    double from = now();

    for (int i = 0; i < STORES; i++) {
        tenon_store *store;
        call(make(b, "same", &store), i);
        tenon_store_delete(store);
    }
    return (now() - from) / STORES;
}

/* ---- pools ---- */

static tenon_status fill(void *context, tenon_store *store, tenon_instance **out, tenon_error *err)
{
    return tenon_instance_new(store, ((const bench *)context)->pooled, NULL, 0, out, err);
}

static void touch(tenon_instance *instance, int32_t number)
{
    tenon_extern export;

    if (!tenon_instance_export(instance, (tenon_name){ "touch", 5 }, &export))
        check(TENON_LINK, "touch");
    call(export.of.func, number);
}

static double pooled_by(const bench *b, tenon_tenant *first, tenon_tenant *second)
{
    double from = now();

    for (int i = 0; i < USES; i++) {
        tenon_store *store;
        tenon_instance *instance;
        check(tenon_pool_take(b->pool, i % 2 ? first : second, &store, &instance, NULL), "a pooled store");
        touch(instance, i);
        tenon_pool_give(b->pool, store);
    }
    return (now() - from) / USES;
}

static double pooled(const bench *b)
{
    return pooled_by(b, b->tenant, b->tenant);
}

static double pooled_in_turn(const bench *b)
{
    return pooled_by(b, b->tenant, b->other);
}

/* ---- fibers ---- */

static tn_os_fiber thread, fiber;

static void bounce(void *arg)
{
    (void)arg;
    for (;;)
        tn_os_fiber_switch(&fiber, &thread, 0);
}

static double change_of_fibers(const bench *b)
{
    static _Alignas(64) char stack[65536];

    (void)b;
    tn_os_fiber_init_thread(&thread);
    tn_os_fiber_init(&fiber, stack, sizeof stack, bounce, NULL);
    double from = now();
    for (int i = 0; i < SWITCHES; i++)
        tn_os_fiber_switch(&thread, &fiber, 0);
    double time = (now() - from) / (2.0 * SWITCHES);
    tn_os_fiber_fini(&fiber);
    return time;
}

static double least(double (*measure)(const bench *), const bench *b)
{
    double best = measure(b);

    for (int i = 1; i < ROUNDS; i++) {
        double time = measure(b);
        best = time < best ? time : best;
    }
    return best;
}

/* A module's image, by the compiler. */
static void *compile(const char *compiler, const unsigned char *bytes, size_t bytes_size, size_t *size)
{
    int in = memfd_create("in", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC), state;
    char *const words[] = { (char *)(uintptr_t)compiler, (char *)(uintptr_t) "0", (char *)(uintptr_t) "1", NULL };
    posix_spawn_file_actions_t files;
    struct stat info;
    pid_t child;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    if (write(in, bytes, bytes_size) != (ssize_t)bytes_size ||
        posix_spawn(&child, compiler, &files, NULL, words, NULL) != 0 || waitpid(child, &state, 0) != child ||
        state != 0 || fstat(out, &info) != 0)
        check(TENON_LIMIT, compiler);
    posix_spawn_file_actions_destroy(&files);
    *size = (size_t)info.st_size;
    return mmap(NULL, *size, PROT_READ, MAP_PRIVATE, out, 0);
}

static tenon_module *load(tenon_engine *engine, const char *compiler, const unsigned char *bytes, size_t bytes_size)
{
    tenon_module *module;
    size_t size;

    check(tenon_module_new(engine, bytes, bytes_size, &module, NULL), "a module");
    if (compiler != NULL) {
        void *image = compile(compiler, bytes, bytes_size, &size);
        check(tenon_module_add_code(module, image, size, NULL), "its code");
        munmap(image, size);
    }
    return module;
}

static void open_bench(bench *b, const char *compiler, bool dense)
{
    const tenon_pool_config config = { .size = sizeof config, .fill = fill, .context = b, .dense = dense };
    tenon_engine *engine;

    check(tenon_engine_new(NULL, &engine), "an engine");
    check(tenon_tenant_new(engine, NULL, &b->tenant), "a tenant");
    check(tenon_tenant_new(engine, NULL, &b->other), "a tenant");
    b->module = load(engine, compiler, module_calls, sizeof module_calls);
    b->pooled = load(engine, compiler, module_pooled, sizeof module_pooled);
    check(tenon_pool_new(engine, &config, &b->pool), "a pool");
    tenon_engine_delete(engine);
}

static void close_bench(bench *b)
{
    tenon_pool_delete(b->pool);
    tenon_module_delete(b->module);
    tenon_module_delete(b->pooled);
    tenon_tenant_delete(b->tenant);
    tenon_tenant_delete(b->other);
}

static void report(const char *tier, const char *compiler)
{
    bench b;

    open_bench(&b, compiler, false);
    printf("%-12s %12.1f %12.1f %12.1f %12.0f %12.0f %12.0f %12.1f\n", tier, least(host_to_guest, &b),
           least(host_to_guest_packed, &b), least(guest_to_host, &b), least(whole_store, &b), least(pooled, &b), least(pooled_in_turn, &b),
           least(change_of_fibers, &b));
    close_bench(&b);
}

/* ---- many at once ---- */

static long status_kb(const char *field)
{
    FILE *in = fopen("/proc/self/status", "r");
    char line[256];
    long kb = 0;

    while (in != NULL && fgets(line, sizeof line, in) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            kb = strtol(line + strlen(field) + 1, NULL, 10);
    if (in != NULL)
        fclose(in);
    return kb;
}

static long mappings(void)
{
    FILE *in = fopen("/proc/self/maps", "r");
    long lines = 0;

    for (int c; in != NULL && (c = getc(in)) != EOF;)
        lines += c == '\n';
    if (in != NULL)
        fclose(in);
    return lines;
}

static void live(long count, bool dense)
{
    tenon_store **stores = calloc((size_t)count, sizeof *stores);
    tenon_instance *instance;
    bench b;

    if (stores == NULL)
        check(TENON_NOMEM, "a list");
    open_bench(&b, NULL, dense);
    long bytes = status_kb("VmRSS:") + status_kb("VmPTE:"), maps = mappings();
    double from = now();
    for (long i = 0; i < count; i++) {
        check(tenon_pool_take(b.pool, b.tenant, &stores[i], &instance, NULL), "an instance");
        touch(instance, (int32_t)i);
    }
    double time = (now() - from) / (double)count;
    bytes = status_kb("VmRSS:") + status_kb("VmPTE:") - bytes;
    maps = mappings() - maps;
    printf("%ld instances: %.2f KiB and %.2f mappings each, made in %.0f ns\n", count, (double)bytes / (double)count,
           (double)maps / (double)count, time);
    for (long i = 0; i < count; i++)
        tenon_pool_give(b.pool, stores[i]);
    close_bench(&b);
    free(stores);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--live") == 0) {
        live(strtol(argv[2], NULL, 10), strcmp(argv[3], "dense") == 0);
        return 0;
    }
    printf("%-12s %12s %12s %12s %12s %12s %12s %12s\n", "ns", "host-guest", "the same", "guest-host", "store", "pooled", "two tenants",
           "fibers");
    report("interpreted", NULL);
    if (argc > 1)
        report("compiled", argv[1]);
    return 0;
}
