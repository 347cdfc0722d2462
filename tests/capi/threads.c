/* SPDX-License-Identifier: MIT
 * A module that ten threads share, each with a store of its own.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "program.h"

enum { THREADS = 10, ROUNDS = 3 };

typedef struct worker {
    pthread_t thread;
    wasm_engine_t *engine;
    const wasm_shared_module_t *module;
    int32_t id;
    int called;
} worker;

static atomic_int calls;

static wasm_trap_t *hello(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    worker *w = env;

    (void)results;
    CHECK(args->data[0].kind == WASM_I32 && args->data[0].of.i32 == w->id);
    w->called++;
    atomic_fetch_add(&calls, 1);
    return NULL;
}

static void round_of(worker *w, wasm_store_t *store, const wasm_module_t *module)
{
    wasm_functype_t *type = wasm_functype_new_1_0(wasm_valtype_new_i32());
    wasm_func_t *func = wasm_func_new_with_env(store, type, hello, w, NULL);
    wasm_globaltype_t *global_type = wasm_globaltype_new(wasm_valtype_new_i32(), WASM_CONST);
    wasm_val_t id = WASM_I32_VAL(w->id);
    wasm_global_t *global = wasm_global_new(store, global_type, &id);
    wasm_extern_t *externs[] = { wasm_func_as_extern(func), wasm_global_as_extern(global) };
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports;

    wasm_functype_delete(type);
    wasm_globaltype_delete(global_type);
    wasm_instance_t *instance = instantiate(store, module, &imports);
    wasm_func_delete(func);
    wasm_global_delete(global);
    wasm_instance_exports(instance, &exports);
    wasm_instance_delete(instance);
    CHECK(call(func_at(&exports, 0), NULL, 0, NULL) == NULL);
    wasm_extern_vec_delete(&exports);
}

static void *run(void *arg)
{
    worker *w = arg;
    wasm_store_t *store = wasm_store_new(w->engine);

    for (int i = 0; i < ROUNDS; i++) {
        wasm_module_t *module = wasm_module_obtain(store, w->module);
        CHECK(module != NULL);
        round_of(w, store, module);
        wasm_module_delete(module);
    }
    wasm_store_delete(store);
    return NULL;
}

int main(void)
{
    wasm_engine_t *engine = wasm_engine_new(), *other = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_module_t *module = load(store, "threads");
    wasm_shared_module_t *shared = wasm_module_share(module);
    worker workers[THREADS];

    wasm_module_delete(module);
    wasm_store_delete(store);
    wasm_store_t *foreign = wasm_store_new(other);
    CHECK(wasm_module_obtain(foreign, shared) == NULL);
    wasm_store_delete(foreign);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){ .engine = engine, .module = shared, .id = i };
        CHECK(pthread_create(&workers[i].thread, NULL, run, &workers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        CHECK(workers[i].called == ROUNDS);
    }
    CHECK(calls == THREADS * ROUNDS);
    wasm_shared_module_delete(shared);
    wasm_engine_delete(engine);
    wasm_engine_delete(other);
    puts("Done.");
    return 0;
}
