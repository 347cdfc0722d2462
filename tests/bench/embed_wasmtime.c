/* SPDX-License-Identifier: MIT
 * The calls of embed.c with wasmtime, from its C library: embed_wasmtime LIBWASMTIME.so, the one that PyPI's `wasmtime`
 * brings. Its best configuration: pooled instances whose dirty pages stay, calls without checks, linked beforehand.
 * Nothing of it is needed to build this.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "modules_made.h"

enum { ROUNDS = 7, CALLS = 1000000, USES = 20000, I32 = 0 };

/* As its library has them. */
typedef union raw {
    int32_t i32;
    uint8_t v128[16];
} raw;
typedef struct func {
    uint64_t store;
    void *inside;
} func;
typedef struct external {
    uint8_t kind;
    union {
        func func;
        uint8_t room[64];
    } of;
} external;
typedef struct instance {
    uint64_t store;
    size_t inside;
} instance;
typedef struct list {
    size_t size;
    void **items;
} list;
typedef void *callback(void *env, void *caller, raw *args, size_t count);

static void *library;

/* Functions by name; arguments are pointers, sizes and numbers. */
static void *find(const char *name)
{
    void *found = dlsym(library, name);

    if (found != NULL)
        return found;
    fprintf(stderr, "embed_wasmtime: the library has no %s\n", name);
    exit(1);
}
#define CALL(result, name, types, ...) (((result(*) types)(uintptr_t)find(name))(__VA_ARGS__))

static void check(const void *error, const char *what)
{
    if (error == NULL)
        return;
    fprintf(stderr, "embed_wasmtime: %s failed\n", what);
    exit(1);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *nothing(void *env, void *caller, raw *args, size_t count)
{
    (void)env;
    (void)caller;
    (void)args;
    (void)count;
    return NULL;
}

static void *make_engine(bool pooled)
{
    void *config = CALL(void *, "wasm_config_new", (void));

    if (pooled) {
        void *pool = CALL(void *, "wasmtime_pooling_allocation_config_new", (void));
        CALL(void, "wasmtime_pooling_allocation_config_linear_memory_keep_resident_set", (void *, size_t), pool, 1 << 20);
        CALL(void, "wasmtime_pooling_allocation_config_table_keep_resident_set", (void *, size_t), pool, 1 << 16);
        CALL(void, "wasmtime_pooling_allocation_config_decommit_batch_size_set", (void *, size_t), pool, 100);
        CALL(void, "wasmtime_pooling_allocation_strategy_set", (void *, void *), config, pool);
    }
    return CALL(void *, "wasm_engine_new_with_config", (void *), config);
}

typedef struct bench {
    void *engine, *store, *context, *module, *linked;
} bench;

static void link_module(bench *b, const uint8_t *bytes, size_t size)
{
    void *linker = CALL(void *, "wasmtime_linker_new", (void *), b->engine);
    void *types[2] = { CALL(void *, "wasm_valtype_new", (uint8_t), I32), CALL(void *, "wasm_valtype_new", (uint8_t), I32) };
    list params = { 1, types }, results = { 1, types + 1 }, own[2];

    check(CALL(void *, "wasmtime_module_new", (void *, const uint8_t *, size_t, void **), b->engine, bytes, size,
               &b->module),
          "loading");
    CALL(void, "wasm_valtype_vec_new", (list *, size_t, void **), &own[0], params.size, params.items);
    CALL(void, "wasm_valtype_vec_new", (list *, size_t, void **), &own[1], results.size, results.items);
    void *type = CALL(void *, "wasm_functype_new", (list *, list *), &own[0], &own[1]);
    check(CALL(void *, "wasmtime_linker_define_func_unchecked",
               (void *, const char *, size_t, const char *, size_t, void *, callback *, void *, void *), linker, "h", 1,
               "nothing", 7, type, nothing, NULL, NULL),
          "defining");
    check(CALL(void *, "wasmtime_linker_instantiate_pre", (void *, void *, void **), linker, b->module, &b->linked),
          "linking");
}

static func find_export(void *context, const instance *in, const char *name)
{
    external e;

    if (!CALL(bool, "wasmtime_instance_export_get", (void *, const instance *, const char *, size_t, external *), context,
              in, name, strlen(name), &e))
        check(name, name);
    return e.of.func;
}

static double calls(const bench *b, const char *name, int32_t argument, int count, double per)
{
    void *store = CALL(void *, "wasmtime_store_new", (void *, void *, void *), b->engine, NULL, NULL), *trap = NULL;
    void *context = CALL(void *, "wasmtime_store_context", (void *), store);
    void *(*call)(void *, const func *, raw *, size_t, void **) =
        (void *(*)(void *, const func *, raw *, size_t, void **))(uintptr_t)find("wasmtime_func_call_unchecked");
    instance in;
    double best = 1e18;

    check(CALL(void *, "wasmtime_instance_pre_instantiate", (void *, void *, instance *, void **), b->linked, context, &in,
               &trap),
          "instantiating");
    func f = find_export(context, &in, name);
    for (int round = 0; round < ROUNDS; round++) {
        double from = now();
        for (int i = 0; i < count; i++) {
            raw slot = { .i32 = argument };
            check(call(context, &f, &slot, 1, &trap), name);
        }
        double time = (now() - from) / per;
        best = time < best ? time : best;
    }
    CALL(void, "wasmtime_store_delete", (void *), store);
    return best;
}

/* A store, an instance in it, a call that writes a page, and all of it dropped. */
static double whole(const bench *b)
{
    void *(*new_store)(void *, void *, void *) = (void *(*)(void *, void *, void *))(uintptr_t)find("wasmtime_store_new");
    void *(*context_of)(void *) = (void *(*)(void *))(uintptr_t)find("wasmtime_store_context");
    void (*delete_store)(void *) = (void (*)(void *))(uintptr_t)find("wasmtime_store_delete");
    void *(*instantiate)(void *, void *, instance *, void **) =
        (void *(*)(void *, void *, instance *, void **))(uintptr_t)find("wasmtime_instance_pre_instantiate");
    void *(*call)(void *, const func *, raw *, size_t, void **) =
        (void *(*)(void *, const func *, raw *, size_t, void **))(uintptr_t)find("wasmtime_func_call_unchecked");
    double best = 1e18;

    for (int round = 0; round < ROUNDS; round++) {
        double from = now();
        for (int i = 0; i < USES; i++) {
            void *store = new_store(b->engine, NULL, NULL), *context = context_of(store), *trap = NULL;
            instance in;
            raw slot = { .i32 = i };
            check(instantiate(b->linked, context, &in, &trap), "instantiating");
            func f = find_export(context, &in, "touch");
            check(call(context, &f, &slot, 1, &trap), "touch");
            delete_store(store);
        }
        double time = (now() - from) / USES;
        best = time < best ? time : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    bench b, pooled;

    library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (library == NULL) {
        fputs("usage: embed_wasmtime LIBWASMTIME.so\n", stderr);
        return 2;
    }
    b.engine = make_engine(false);
    pooled.engine = make_engine(true);
    link_module(&b, module_calls, sizeof module_calls);
    link_module(&pooled, module_pooled, sizeof module_pooled);
    printf("%-12s %12s %12.1f %12.1f %12s %12.0f\n", "wasmtime", "", calls(&b, "same", 7, CALLS, CALLS),
           calls(&b, "loop", CALLS, 1, CALLS), "", whole(&pooled));
    return 0;
}
