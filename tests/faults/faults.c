/* SPDX-License-Identifier: MIT
 * The n-th allocation, and the n-th mapping, fail: once, and from then on. For every n until the scenario passes: the right
 * status, nothing leaked, and the next run clean.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "door.h"
#include "failing.h"
#include "tests/unit/modules.h"

/* Loads, links, instantiates, runs, throws, grows. The answer of the first thing that failed. */
static tenon_status use(tenon_engine *engine, tenon_tenant *tenant, const test_module *module)
{
    tenon_store *store = NULL;
    tenon_linker *linker = NULL;
    tenon_module *loaded = NULL;
    tenon_instance *instance;
    tenon_extern e;
    tenon_error err;
    tenon_val arg = { .type = TENON_I32, .of.i32 = 3 }, result;
    tenon_status status = tenon_store_new(tenant, &store);

    if (status == TENON_OK)
        status = tenon_linker_new(store, &linker);
    if (status == TENON_OK)
        status = tenon_module_new(engine, module->bytes, module->size, &loaded, &err);
    if (status == TENON_OK)
        status = tenon_linker_instantiate(linker, loaded, &instance, &err);
    if (status == TENON_OK && tenon_instance_export(instance, (tenon_name){ "run", 3 }, &e))
        status = tenon_func_call(e.of.func, &arg, 1, &result, 1, &err);
    if (status == TENON_TRAP && err.trap == TENON_TRAP_OUT_OF_MEMORY)
        status = TENON_NOMEM;
    if (status == TENON_OK && result.of.i32 != module->expected) {
        printf("%s: %d instead of %d\n", module->name, result.of.i32, module->expected);
        status = TENON_USAGE;
    }
    tenon_linker_delete(linker);
    tenon_store_delete(store);
    tenon_module_delete(loaded);
    return status;
}

/* ---- the same at the door: a guest with arguments, a folder, descriptors, waiting, and resources ---- */

static tenon_status fill_wasi(tenon_wasi *wasi, tenon_linker *linker)
{
    const tenon_wasi_directory directory = {
        .size = sizeof directory, .host_path = "/tmp", .guest_path = "/", .read_only = true, .quota = 4096
    };
    tenon_status status = tenon_wasi_add_argument(wasi, (tenon_name){ "program", 7 });

    for (int i = 0; i < 100 && status == TENON_OK; i++)
        status = tenon_wasi_add_variable(wasi, (tenon_name){ "NAME=value", 10 });
    if (status == TENON_OK)
        status = tenon_wasi_add_directory(wasi, &directory, NULL);
    return status == TENON_OK ? tenon_wasi_define(wasi, linker) : status;
}

static tenon_status call_all(door *d)
{
    static const tenon_resource_type type = { "thing", NULL };
    uint32_t handle, error = 0;
    tenon_status status = TENON_OK;

    for (int i = 0; i < 40 && error == 0; i++)
        error = door_call(d, "path_open", 3, 0, DOOR_PATH, door_put(d, DOOR_PATH, "."), 2, 0, 0, 0, DOOR_RESULT);
    if (error == 0)
        error = door_call(d, "poll_oneoff", DOOR_BUFFER, DOOR_PATH, 20, DOOR_RESULT);
    for (int i = 0; i < 40 && status == TENON_OK; i++)
        status = tenon_resource_new(d->store, &type, d, &handle);
    if (error == 48 || error == 33)
        return TENON_NOMEM;
    return error != 0 ? TENON_USAGE : status;
}

static tenon_status use_door(tenon_engine *engine, tenon_tenant *tenant, const test_module *unused)
{
    const tenon_wasi_config config = { .size = sizeof config, .capabilities = TENON_CAPABILITIES_ALL };
    tenon_linker *linker = NULL;
    tenon_extern e;
    uint64_t size;
    door d = { .engine = engine, .tenant = tenant };
    tenon_status status = tenon_store_new(tenant, &d.store);

    (void)unused;
    if (status == TENON_OK)
        status = tenon_linker_new(d.store, &linker);
    if (status == TENON_OK)
        status = tenon_wasi_new(tenant, &config, &d.wasi);
    if (status == TENON_OK)
        status = fill_wasi(d.wasi, linker);
    if (status == TENON_OK)
        status = tenon_module_new(engine, module_door, sizeof module_door, &d.module, NULL);
    if (status == TENON_OK)
        status = tenon_linker_instantiate(linker, d.module, &d.instance, NULL);
    if (status == TENON_OK && tenon_instance_export(d.instance, (tenon_name){ "memory", 6 }, &e)) {
        d.memory = tenon_memory_data(e.of.memory, &size);
        status = call_all(&d);
    }
    tenon_linker_delete(linker);
    tenon_store_delete(d.store);
    tenon_wasi_delete(d.wasi);
    tenon_module_delete(d.module);
    return status;
}

typedef tenon_status use_function(tenon_engine *engine, tenon_tenant *tenant, const test_module *module);

static tenon_status scenario(plan *f, const test_module *module)
{
    tenon_config config = { .size = sizeof config,
                            .features = TENON_FEATURES_ALL,
                            .allocator = { .realloc = reallocate, .map = may_map, .ud = f } };
    use_function *run = strcmp(module->name, "door") == 0 ? use_door : use;
    if (strcmp(module->name, "hot") == 0)
        config.tiering = (tenon_tiering){ .compiler = TENON_LLVM, .threshold = 1, .synchronous = true, .compilers = 1 };
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_status status = tenon_engine_new(&config, &engine);

    if (status != TENON_OK)
        return status;
    status = tenon_tenant_new(engine, NULL, &tenant);
    if (status == TENON_OK) {
        status = run(engine, tenant, module);
        if (tenon_tenant_memory_bytes(tenant) != 0) {
            printf("%s: %llu bytes stay charged\n", module->name, (unsigned long long)tenon_tenant_memory_bytes(tenant));
            status = TENON_USAGE;
        }
        tenon_tenant_delete(tenant);
    }
    tenon_engine_delete(engine);
    return status;
}

/* One failure at number n of a kind; false when something was wrong. *done: the scenario passed. */
static bool attempt(const test_module *module, bool map, long n, bool persistent, bool *done)
{
    plan f = { .fail_allocation = map ? 0 : n, .fail_map = map ? n : 0, .persistent = persistent };
    tenon_status status = scenario(&f, module);

    *done = status == TENON_OK && (map ? f.maps : f.allocations) < n;
    if (f.outstanding != 0) {
        printf("%s: %zu bytes leaked after %s %ld failed\n", module->name, f.outstanding, map ? "mapping" : "allocation", n);
        return false;
    }
    /* memory.grow answers a refused mapping with -1, which the guest may take for a result. */
    if (status != TENON_OK && status != TENON_NOMEM && status != TENON_LIMIT && !(map && status == TENON_USAGE)) {
        printf("%s: %s after %s %ld failed\n", module->name, tenon_status_text(status), map ? "mapping" : "allocation", n);
        return false;
    }
    return true;
}

int main(void)
{
    static const test_module at_door = { .name = "door" };
    /* Compiled in the background when it is first called; where there is no memory for its code it stays interpreted. */
    static const test_module hot = { "hot", module_loop, sizeof module_loop, 6 };
    int failed = 0;
    long tried = 0;

    for (size_t i = 0; i < test_module_count + 2; i++)
        for (int kind = 0; kind < 4; kind++) {
            const test_module *module = i < test_module_count ? &test_modules[i] : i == test_module_count ? &at_door : &hot;
            bool done = false;
            for (long n = 1; !done && n < 100000; n++, tried++)
                if (!attempt(module, kind & 1, n, kind & 2, &done)) {
                    failed++;
                    break;
                }
        }
    printf("%ld failures injected\n%zu passed, %d failed\n", tried, (test_module_count + 2) * 4 - (size_t)failed, failed);
    return failed != 0;
}
