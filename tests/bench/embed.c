/* SPDX-License-Identifier: MIT
 * What a call costs an embedder: bench_embed [TENON-LLVM] prints nanoseconds, minima of several runs, interpreted and, with the
 * compiler's path, compiled: from the host to a guest, from a guest to the host, and a store that is made, used and dropped.
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

#include "tenon.h"

enum { ROUNDS = 7, CALLS = 1000000, STORES = 5000 };

/* (module (import "" "add" (func $add (param i32 i32) (result i32))) (memory 1)
 *   (func (export "same") (param i32) (result i32) (local.get 0))
 *   (func (export "loop") (param $n i32) (result i32) (local $s i32)
 *     (loop $l (local.set $s (call $add (local.get $s) (local.get $n)))
 *       (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) (local.get $s))) */
static const unsigned char guest[] = {
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 0x0c, 2, 0x60, 2, 0x7f, 0x7f, 1, 0x7f, 0x60, 1, 0x7f, 1, 0x7f, 2, 8, 1, 0, 3,
    0x61, 0x64, 0x64, 0, 0, 3, 3, 2, 1, 1, 5, 3, 1, 0, 1, 7, 0x0f, 2, 4, 0x73, 0x61, 0x6d, 0x65, 0, 1, 4, 0x6c, 0x6f,
    0x6f, 0x70, 0, 2, 0x0a, 0x21, 2, 4, 0, 0x20, 0, 0x0b, 0x1a, 1, 1, 0x7f, 3, 0x40, 0x20, 1, 0x20, 0, 0x10, 0, 0x21,
    1, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x20, 1, 0x0b
};

typedef struct bench {
    tenon_tenant *tenant;
    tenon_module *module;
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

static int32_t add(tenon_caller *caller, int32_t a, int32_t b)
{
    (void)caller;
    return (int32_t)((uint32_t)a + (uint32_t)b);
}
TENON_ENTRY(add_entry, add, (i32, i32), i32);

static tenon_func *make(const bench *b, const char *name, tenon_store **store)
{
    tenon_extern import = { .kind = TENON_KIND_FUNC }, export;
    tenon_instance *instance;

    check(tenon_store_new(b->tenant, store), "a store");
    check(tenon_func_new_entry(*store, &add_entry, NULL, &import.of.func), "a host function");
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

static double least(double (*measure)(const bench *), const bench *b)
{
    double best = measure(b);

    for (int i = 1; i < ROUNDS; i++) {
        double time = measure(b);
        best = time < best ? time : best;
    }
    return best;
}

/* The guest's image, by the compiler. */
static void *compile(const char *compiler, size_t *size)
{
    int in = memfd_create("in", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC), state;
    char *const words[] = { (char *)(uintptr_t)compiler, (char *)(uintptr_t) "0", (char *)(uintptr_t) "1", NULL };
    posix_spawn_file_actions_t files;
    struct stat info;
    pid_t child;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    if (write(in, guest, sizeof guest) != (ssize_t)sizeof guest ||
        posix_spawn(&child, compiler, &files, NULL, words, NULL) != 0 || waitpid(child, &state, 0) != child ||
        state != 0 || fstat(out, &info) != 0)
        check(TENON_LIMIT, compiler);
    posix_spawn_file_actions_destroy(&files);
    *size = (size_t)info.st_size;
    return mmap(NULL, *size, PROT_READ, MAP_PRIVATE, out, 0);
}

static void report(const char *tier, const char *compiler)
{
    tenon_engine *engine;
    bench b;
    size_t size;

    check(tenon_engine_new(NULL, &engine), "an engine");
    check(tenon_tenant_new(engine, NULL, &b.tenant), "a tenant");
    check(tenon_module_new(engine, guest, sizeof guest, &b.module, NULL), "the guest");
    if (compiler != NULL)
        check(tenon_module_add_code(b.module, compile(compiler, &size), size, NULL), "the code");
    printf("%-12s %12.1f %12.1f %12.0f\n", tier, least(host_to_guest, &b), least(guest_to_host, &b),
           least(whole_store, &b));
    tenon_module_delete(b.module);
    tenon_tenant_delete(b.tenant);
    tenon_engine_delete(engine);
}

int main(int argc, char **argv)
{
    printf("%-12s %12s %12s %12s\n", "ns", "host-guest", "guest-host", "store");
    report("interpreted", NULL);
    if (argc > 1)
        report("compiled", argv[1]);
    return 0;
}
