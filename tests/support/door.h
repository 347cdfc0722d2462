/* SPDX-License-Identifier: MIT
 * A guest that makes whatever host calls a test tells it to, in a world of its own. Used by tests that think as
 * attackers, and by the fuzz target.
 */
#ifndef TESTS_SUPPORT_DOOR_H
#define TESTS_SUPPORT_DOOR_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modules_made.h"
#include "tenon/wasi.h"

/* Where things lie in guest memory. */
enum { DOOR_RESULT = 64, DOOR_IOV = 256, DOOR_PATH = 1024, DOOR_PATH2 = 12288, DOOR_BUFFER = 65536 };
#define DOOR_MEMORY (4u * 65536)
#define DOOR_ALL    ~(uint64_t)0 /* rights */

typedef struct door {
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_store *store;
    tenon_module *module;
    tenon_wasi *wasi;
    tenon_instance *instance;
    tenon_status status; /* of the last call */
    uint8_t *memory;
} door;

static inline void door_must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "door: %s\n", what);
        abort();
    }
}

/* policy NULL: none. */
static inline door door_open_limited(const tenon_wasi_config *config, tenon_bounds bounds, const tenon_limits *limits,
                                     const tenon_policy *policy)
{
    const tenon_config engine_config = { .size = sizeof engine_config, .stack_size = 64 << 10, .bounds = bounds };
    tenon_linker *linker;
    tenon_extern e;
    uint64_t size;
    door d = { .status = TENON_OK };

    door_must(tenon_engine_new(&engine_config, &d.engine) == TENON_OK, "engine");
    door_must(tenon_tenant_new(d.engine, limits, &d.tenant) == TENON_OK, "tenant");
    door_must(policy == NULL || tenon_tenant_set_policy(d.tenant, policy, NULL) == TENON_OK, "policy");
    door_must(tenon_store_new(d.tenant, &d.store) == TENON_OK, "store");
    door_must(tenon_module_new(d.engine, module_door, sizeof module_door, &d.module, NULL) == TENON_OK, "module");
    door_must(tenon_wasi_new(d.tenant, config, &d.wasi) == TENON_OK, "wasi");
    door_must(tenon_linker_new(d.store, &linker) == TENON_OK, "linker");
    door_must(tenon_wasi_define(d.wasi, linker) == TENON_OK, "define");
    door_must(tenon_linker_instantiate(linker, d.module, &d.instance, NULL) == TENON_OK, "instance");
    tenon_linker_delete(linker);
    door_must(tenon_instance_export(d.instance, (tenon_name){ "memory", 6 }, &e), "memory");
    d.memory = tenon_memory_data(e.of.memory, &size);
    return d;
}

static inline door door_open_with(const tenon_wasi_config *config, tenon_bounds bounds, const tenon_policy *policy)
{
    const tenon_limits limits = { .size = sizeof limits, .memory_bytes = 16 << 20 };

    return door_open_limited(config, bounds, &limits, policy);
}

static inline door door_open(const tenon_wasi_config *config, tenon_bounds bounds)
{
    return door_open_with(config, bounds, NULL);
}

/* Whether everything that was charged has been given back. */
static inline bool door_close(door *d)
{
    tenon_store_delete(d->store);
    tenon_wasi_delete(d->wasi);
    bool clean = tenon_tenant_memory_bytes(d->tenant) == 0 &&
                 tenon_tenant_spent(d->tenant, TENON_METER_DESCRIPTORS) == 0;
    tenon_module_delete(d->module);
    tenon_tenant_delete(d->tenant);
    tenon_engine_delete(d->engine);
    return clean;
}

/* Calls a function by its exported object; missing arguments are 0. Returns the error number, or 0 when it has none. */
static inline uint32_t door_call_func(door *d, tenon_func *func, const uint64_t *args)
{
    tenon_val vals[9], result = { .type = TENON_I32 };
    size_t count = tenon_func_param_count(func), results = tenon_func_result_count(func);

    for (size_t i = 0; i < count; i++) {
        vals[i].type = tenon_func_param_type(func, i);
        vals[i].of.i64 = (int64_t)args[i];
    }
    d->status = tenon_func_call(func, vals, count, &result, results, NULL);
    return (uint32_t)result.of.i32;
}

static inline uint32_t door_call_list(door *d, const char *name, const uint64_t *args)
{
    tenon_extern e;

    door_must(tenon_instance_export(d->instance, (tenon_name){ name, strlen(name) }, &e), name);
    return door_call_func(d, e.of.func, args);
}
#define door_call(d, name, ...) door_call_list(d, name, (const uint64_t[9]){ __VA_ARGS__ })

/* Puts text into guest memory without its end, and returns its size. */
static inline uint32_t door_put(door *d, uint32_t at, const char *text)
{
    size_t size = strlen(text);

    memcpy(d->memory + at, text, size);
    return (uint32_t)size;
}

static inline uint32_t door_u32(const door *d, uint32_t at)
{
    uint32_t value;

    memcpy(&value, d->memory + at, sizeof value);
    return value;
}

static inline void door_set_u32(door *d, uint32_t at, uint32_t value)
{
    memcpy(d->memory + at, &value, sizeof value);
}

static inline void door_set_u64(door *d, uint32_t at, uint64_t value)
{
    memcpy(d->memory + at, &value, sizeof value);
}

/* path_open; the new descriptor, or the error number as a negative one. */
static inline int door_open_path(door *d, uint32_t fd, uint32_t lookup, const char *path, uint32_t oflags,
                                 uint64_t rights, uint64_t inheriting, uint32_t fdflags)
{
    uint32_t size = door_put(d, DOOR_PATH, path);
    uint32_t error =
        door_call(d, "path_open", fd, lookup, DOOR_PATH, size, oflags, rights, inheriting, fdflags, DOOR_RESULT);

    return error != 0 ? -(int)error : (int)door_u32(d, DOOR_RESULT);
}

/* A list of one buffer in DOOR_BUFFER. */
static inline void door_buffer(door *d, uint32_t size)
{
    door_set_u32(d, DOOR_IOV, DOOR_BUFFER);
    door_set_u32(d, DOOR_IOV + 4, size);
}

#endif
