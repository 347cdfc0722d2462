/* SPDX-License-Identifier: MIT
 * The whole interface, one small use of it per row, each with its n-th allocation and its n-th mapping refused, once and
 * from then on, for every n until it passes. Whatever fails says so with a status; nothing is leaked or stays charged;
 * and what was there before, engine and tenant, is as usable as ever.
 */
#include <stdio.h>
#include <string.h>

#include "failing.h"
#include "modules_made.h"
#include "tenon/pool.h"
#include "tenon/refs.h"
#include "tenon/scheduler.h"
#include "tenon/wasi.h"

typedef struct context {
    plan plan;
    tenon_engine *engine;
    tenon_tenant *tenant;
} context;

/* A use: TENON_OK when all of it went well. */
typedef tenon_status use(context *c);

#define NAME(text)         (tenon_name){ text, sizeof(text) - 1 }
#define TRY(expr)          \
    do {                   \
        status = (expr);   \
        if (status != 0)   \
            goto out;      \
    } while (0)
#define MUST(condition)    \
    do {                   \
        if (!(condition)) {\
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            status = TENON_INVALID;                                \
            goto out;      \
        }                  \
    } while (0)

static tenon_val i32(int32_t n)
{
    return (tenon_val){ .type = TENON_I32, .of.i32 = n };
}

/* ---- what most uses begin with ---- */

typedef struct guest {
    tenon_store *store;
    tenon_module *module;
    tenon_instance *instance;
} guest;

static tenon_status open_guest(context *c, guest *g, const uint8_t *bytes, size_t size)
{
    const tenon_val five = { .type = TENON_I64, .of.i64 = 5 };
    tenon_extern host = { .kind = TENON_KIND_GLOBAL };
    tenon_linker *linker = NULL;
    tenon_status status = tenon_store_new(c->tenant, &g->store);

    if (status == TENON_OK)
        status = tenon_module_new(c->engine, bytes, size, &g->module, NULL);
    if (status == TENON_OK)
        status = tenon_linker_new(g->store, &linker);
    if (status == TENON_OK)
        status = tenon_global_new(g->store, &five, true, &host.of.global);
    if (status == TENON_OK)
        status = tenon_linker_define(linker, NAME("h"), NAME("host"), host);
    if (status == TENON_OK)
        status = tenon_linker_define_stubs(linker, g->module, TENON_STUB_DEFAULT, NULL);
    if (status == TENON_OK)
        status = tenon_linker_instantiate(linker, g->module, &g->instance, NULL);
    tenon_linker_delete(linker);
    return status;
}

static void close_guest(guest *g)
{
    tenon_store_delete(g->store);
    tenon_module_delete(g->module);
}

static tenon_func *func_of(tenon_instance *instance, tenon_name name)
{
    tenon_extern e;

    return tenon_instance_export(instance, name, &e) ? e.of.func : NULL;
}

/* A guest, or a store, with some lines of use. */
#define GUEST_USE(name, module, ...)                                            \
    static tenon_status name(context *c)                                         \
    {                                                                            \
        guest g = { NULL, NULL, NULL };                                          \
        tenon_status status = open_guest(c, &g, module_##module, sizeof module_##module); \
        if (status != TENON_OK)                                                  \
            goto out;                                                            \
        __VA_ARGS__;                                                             \
    out:                                                                         \
        close_guest(&g);                                                         \
        return status;                                                           \
    }
#define STORE_USE(name, ...)                                                    \
    static tenon_status name(context *c)                                         \
    {                                                                            \
        tenon_store *store = NULL;                                               \
        tenon_status status;                                                     \
        TRY(tenon_store_new(c->tenant, &store));                                 \
        __VA_ARGS__;                                                             \
    out:                                                                         \
        tenon_store_delete(store);                                               \
        return status;                                                           \
    }

/* ---- stores, modules ---- */

STORE_USE(a_store, (void)0)

static tenon_status stores(context *c)
{
    tenon_store *stores[8] = { NULL };
    tenon_status status = TENON_OK;

    for (int i = 0; i < 8 && status == TENON_OK; i++)
        status = tenon_store_new(c->tenant, &stores[i]);
    for (int i = 0; i < 8; i++)
        tenon_store_delete(stores[i]);
    return status;
}

static tenon_status another_tenant(context *c)
{
    const tenon_limits limits = { .size = sizeof limits, .memory_bytes = 1 << 16 };
    tenon_tenant *tenant;
    tenon_store *store;
    tenon_status status = tenon_tenant_new(c->engine, &limits, &tenant);

    if (status != TENON_OK)
        return status;
    status = tenon_store_new(tenant, &store);
    if (status == TENON_OK)
        tenon_store_delete(store);
    tenon_tenant_delete(tenant);
    if (status == TENON_LIMIT)
        return TENON_OK;
    status = status == TENON_OK ? TENON_INVALID : status;
    return status;
}

static tenon_status memory_of_a_tenant(context *c)
{
    void *p = tenon_tenant_realloc(c->tenant, NULL, 0, 100), *q = NULL;

    if (p != NULL)
        q = tenon_tenant_realloc(c->tenant, p, 100, 5000);
    tenon_tenant_realloc(c->tenant, q != NULL ? q : p, q != NULL ? 5000 : p != NULL ? 100 : 0, 0);
    return q != NULL ? TENON_OK : TENON_NOMEM;
}

static tenon_status another_engine(context *c)
{
    const tenon_config config = { .size = sizeof config, .allocator = { reallocate, may_map, &c->plan } };
    tenon_engine *engine;
    tenon_status status = tenon_engine_new(&config, &engine);

    if (status == TENON_OK)
        tenon_engine_delete(engine);
    return status;
}

static tenon_status a_module(context *c)
{
    tenon_module *module;
    tenon_status status = tenon_module_new(c->engine, module_soil, sizeof module_soil, &module, NULL);

    if (status != TENON_OK)
        return status;
    tenon_module_delete(tenon_module_hold(module));
    tenon_module_delete(module);
    return TENON_OK;
}

static tenon_status a_borrowed_module(context *c)
{
    tenon_module *module;
    tenon_status status = tenon_module_new_borrowed(c->engine, module_exports, sizeof module_exports, &module, NULL);

    for (size_t i = 0; status == TENON_OK && i < tenon_module_export_count(module); i++)
        (void)tenon_module_export_type(module, i);
    if (status == TENON_OK)
        tenon_module_delete(module);
    return status;
}

static tenon_status a_broken_module(context *c)
{
    uint8_t bytes[sizeof module_compute];
    tenon_module *module;
    tenon_error err;

    memcpy(bytes, module_compute, sizeof bytes);
    bytes[sizeof bytes - 2] ^= 0x7F;
    tenon_status status = tenon_module_new(c->engine, bytes, sizeof bytes, &module, &err);
    return status == TENON_INVALID || status == TENON_MALFORMED ? TENON_OK : status == TENON_OK ? TENON_INVALID : status;
}

/* ---- things of a store ---- */

static tenon_status answer(void *unused, tenon_caller *caller, const tenon_val *args, tenon_val *results)
{
    (void)unused;
    (void)caller;
    (void)args;
    results[0].of.i32 = 7;
    return TENON_OK;
}

static tenon_status packed(tenon_caller *caller, tenon_slot *slots)
{
    (void)caller;
    slots[0].i64 = 7;
    return TENON_OK;
}

static const tenon_type types[40] = {
    TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32,
    TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32,
    TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32,
    TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32, TENON_I32,
};
static const tenon_entry entry = { packed, NULL, 1, 1, types, types };

static void finalize(void *counter)
{
    ++*(int *)counter;
}

STORE_USE(a_function, tenon_func *func; TRY(tenon_func_new(store, NULL, 0, types, 1, answer, NULL, &func)))
STORE_USE(a_wide_function, tenon_func *func; TRY(tenon_func_new(store, types, 40, types, 1, answer, NULL, &func)))
STORE_USE(an_entry, tenon_func *func; TRY(tenon_func_new_entry(store, &entry, NULL, &func)))
STORE_USE(a_finalizer, tenon_func *func; static int count; TRY(tenon_func_new_entry(store, &entry, &count, &func));
          TRY(tenon_func_set_finalizer(func, finalize)))
STORE_USE(a_call_of_a_wide_function, tenon_func *func; tenon_val args[40]; tenon_val result;
          for (int i = 0; i < 40; i++) args[i] = i32(i);
          TRY(tenon_func_new(store, types, 40, types, 1, answer, NULL, &func));
          TRY(tenon_func_call(func, args, 40, &result, 1, NULL)); MUST(result.of.i32 == 7))
STORE_USE(a_memory, tenon_memory *memory; TRY(tenon_memory_new(store, 2, 4, TENON_BOUNDS_GUARDED, false, &memory)))
STORE_USE(a_checked_memory, tenon_memory *memory;
          TRY(tenon_memory_new(store, 2, 4, TENON_BOUNDS_CHECKED, false, &memory)))
STORE_USE(a_memory_that_grows, tenon_memory *memory;
          TRY(tenon_memory_new(store, 1, 64, TENON_BOUNDS_GUARDED, false, &memory)); TRY(tenon_memory_grow(memory, 63)))
STORE_USE(a_memory_that_moves, tenon_memory *memory;
          TRY(tenon_memory_new(store, 1, 3000, TENON_BOUNDS_CHECKED, false, &memory));
          for (int i = 0; i < 8; i++) TRY(tenon_memory_grow(memory, 300)))
STORE_USE(a_table, tenon_table *table; TRY(tenon_table_new(store, TENON_FUNCREF, 100, UINT64_MAX, false, &table)))
STORE_USE(a_table_that_grows, tenon_table *table; tenon_ref ref;
          TRY(tenon_table_new(store, TENON_EXTERNREF, 1, 10000, false, &table));
          for (int i = 0; i < 9; i++) TRY(tenon_table_grow(table, 1000, 5));
          TRY(tenon_table_set(table, 9000, 6)); TRY(tenon_table_get(table, 9000, &ref)); MUST(ref == 6))
STORE_USE(a_global, tenon_global *global; const tenon_val value = i32(1); const tenon_val other = i32(2);
          TRY(tenon_global_new(store, &value, true, &global)); TRY(tenon_global_set(global, &other));
          MUST(tenon_global_get(global).of.i32 == 2))
STORE_USE(a_vector, tenon_global *global; const tenon_val value = { .type = TENON_V128 };
          TRY(tenon_global_new(store, &value, false, &global)))

STORE_USE(a_tag, tenon_tag *tag; TRY(tenon_tag_new(store, types, 3, &tag)))

STORE_USE(things_of_exact_types, tenon_deftype type; tenon_func *func; tenon_table *table; tenon_global *global;
          tenon_tag *tag; const tenon_valtype i32_type = tenon_valtype_of(TENON_I32); tenon_table_type shelf = { .min = 3 };
          tenon_val value = { .type = TENON_FUNCREF };
          TRY(tenon_functype_new(c->engine, &i32_type, 1, &i32_type, 1, &type));
          TRY(tenon_func_new_of(store, &type, answer, NULL, &func)); value.of.func = func; shelf.max = 5;
          shelf.element = (tenon_valtype){ .type = TENON_FUNCREF, .heap = TENON_HEAP_DEFINED, .defined = type };
          TRY(tenon_table_new_of(store, &shelf, &value, &table));
          TRY(tenon_global_new_of(store, &shelf.element, &value, true, &global));
          TRY(tenon_functype_new(c->engine, &shelf.element, 1, NULL, 0, &type)); TRY(tenon_tag_new_of(store, &type, &tag)))

static void drop(void *thing)
{
    ++*(int *)thing;
}

STORE_USE(many_resources, static const tenon_resource_type type = { .name = "thing" }; uint32_t handle = 0;
          for (int i = 0; i < 500; i++) TRY(tenon_resource_new(store, &type, store, &handle));
          MUST(tenon_resource_get(store, &type, handle) == store))
STORE_USE(resources_that_go, static const tenon_resource_type type = { "thing", drop }; static int drops; uint32_t handle;
          for (int i = 0; i < 100; i++) {
              TRY(tenon_resource_new(store, &type, &drops, &handle));
              TRY(tenon_resource_drop(store, &type, handle));
          })
STORE_USE(objects, static int drops; tenon_ref ref = 0; void *thing;
          for (int i = 0; i < 1200; i++) {
              TRY(tenon_externref_new(store, &drops, drop, &ref));
              if (i % 3 > 0)
                  TRY(tenon_externref_release(store, ref));
          } MUST(tenon_externref_hold(store, ref) == TENON_OK && tenon_externref_get(store, ref, &thing)))
STORE_USE(a_linker, tenon_linker *linker; tenon_func *func = NULL; tenon_status s;
          TRY(tenon_func_new_entry(store, &entry, NULL, &func)); TRY(tenon_linker_new(store, &linker)); s = TENON_OK;
          for (int i = 0; i < 40 && s == TENON_OK; i++) {
              char name[8]; tenon_extern e = { .kind = TENON_KIND_FUNC, .of.func = func };
              int size = snprintf(name, sizeof name, "f%d", i);
              s = tenon_linker_define(linker, NAME("m"), (tenon_name){ name, (size_t)size }, e);
          } tenon_linker_delete(linker);
          TRY(s))
STORE_USE(a_collection, tenon_func *func; tenon_memory *memory; const tenon_collection none = { .roots = NULL };
          for (int i = 0; i < 10; i++) TRY(tenon_func_new_entry(store, &entry, NULL, &func));
          TRY(tenon_memory_new(store, 1, 1, TENON_BOUNDS_GUARDED, false, &memory)); MUST(tenon_store_collect(store, &none)))
STORE_USE(a_timeout, TRY(tenon_store_set_timeout(store, 1000000000)))

/* ---- guests ---- */

#define CALL_USE(name, module, export, argument, expected)                                      \
    GUEST_USE(name, module, tenon_val arg = i32(argument); tenon_val result;                    \
              TRY(tenon_func_call(func_of(g.instance, NAME(export)), &arg, 1, &result, 1, NULL)); \
              MUST(result.of.i32 == (expected)))

CALL_USE(computing, compute, "run", 3, 6)
GUEST_USE(growing, grow, tenon_val arg = i32(3); tenon_val result;
          TRY(tenon_func_call(func_of(g.instance, NAME("run")), &arg, 1, &result, 1, NULL));
          /* The guest is told that it does not get more. */
          if (result.of.i32 != 4) status = c->plan.fail_map + c->plan.fail_allocation > 0 ? TENON_LIMIT : TENON_INVALID)
CALL_USE(calling_indirectly, indirect, "run", 3, 0)
CALL_USE(throwing, exception, "run", 3, 3)
CALL_USE(throwing_often, exception, "run", 5, 5)
CALL_USE(looping, loop, "run", 3, 6)
CALL_USE(calling_a_stub, host, "run", 3, 0)
GUEST_USE(initializing, soil, (void)0)
GUEST_USE(soiling, soil, tenon_val n = { .type = TENON_I64, .of.i64 = 5 };
          TRY(tenon_func_call(func_of(g.instance, NAME("fill")), &n, 1, NULL, 0, NULL)))
GUEST_USE(trapping, fuel, tenon_val arg = i32(0); tenon_val result; tenon_error err; tenon_frame frame;
          MUST(tenon_func_call(func_of(g.instance, NAME("divide")), &arg, 1, &result, 1, &err) != TENON_OK);
          MUST(err.trap == TENON_TRAP_DIVIDE_BY_ZERO || err.trap == TENON_TRAP_OUT_OF_MEMORY);
          if (err.trap == TENON_TRAP_OUT_OF_MEMORY || !tenon_store_frame(g.store, 0, &frame)) status = TENON_NOMEM)
GUEST_USE(interrupting, compute, tenon_val arg = i32(3); tenon_val result; tenon_error err;
          tenon_store_interrupt(g.store);
          MUST(tenon_func_call(func_of(g.instance, NAME("run")), &arg, 1, &result, 1, &err) == TENON_TRAP))
GUEST_USE(looking_at_exports, exports, for (size_t i = 0; i < tenon_module_export_count(g.module); i++) {
    const tenon_extern e = tenon_instance_export_at(g.instance, i);
    (void)tenon_extern_type_of(&e);
})
GUEST_USE(linking_an_instance, provider, tenon_linker *linker; TRY(tenon_linker_new(g.store, &linker));
          status = tenon_linker_define_instance(linker, NAME("p"), g.instance); tenon_linker_delete(linker))
GUEST_USE(instantiating_twice, compute, tenon_instance *other;
          TRY(tenon_instance_new(g.store, g.module, NULL, 0, &other, NULL)))
GUEST_USE(collecting_instances, compute, tenon_instance *other; const tenon_collection none = { .roots = NULL };
          for (int i = 0; i < 5; i++) TRY(tenon_instance_new(g.store, g.module, NULL, 0, &other, NULL));
          MUST(tenon_store_collect(g.store, &none)))

/* ---- policies ---- */

static tenon_status a_policy(context *c)
{
    static const tenon_peer peers[] = { { "10.0.0.0/8", 80, 80 }, { "*.example.org", 0, 0 } };
    const tenon_policy policy = {
        .size = sizeof policy, .capabilities = TENON_CAPABILITIES_ALL, .peers = peers, .peer_count = 2
    };
    tenon_error err;
    tenon_status status = tenon_tenant_set_policy(c->tenant, &policy, &err);

    if (status == TENON_OK && !tenon_tenant_may_connect(c->tenant, NULL, "a.example.org", 443, NULL))
        status = TENON_INVALID;
    return status;
}

/* ---- WASI ---- */

static tenon_status a_wasi(context *c, bool arguments, bool directory)
{
    const tenon_wasi_config config = { .size = sizeof config, .capabilities = TENON_CAPABILITIES_ALL };
    const tenon_wasi_directory tmp = { .size = sizeof tmp, .host_path = "/tmp", .guest_path = "/", .read_only = true, .quota = 10000 };
    tenon_store *store = NULL;
    tenon_linker *linker = NULL;
    tenon_wasi *wasi = NULL, *other = NULL;
    tenon_status status;

    TRY(tenon_store_new(c->tenant, &store));
    TRY(tenon_linker_new(store, &linker));
    TRY(tenon_wasi_new(c->tenant, &config, &wasi));
    for (int i = 0; i < 30 && arguments; i++) {
        TRY(tenon_wasi_add_argument(wasi, NAME("argument")));
        TRY(tenon_wasi_add_variable(wasi, NAME("NAME=value")));
    }
    if (directory)
        TRY(tenon_wasi_add_directory(wasi, &tmp, NULL));
    TRY(tenon_wasi_define(wasi, linker));
    TRY(tenon_wasi_new_like(wasi, &other));
out:
    tenon_wasi_delete(other);
    tenon_linker_delete(linker);
    tenon_store_delete(store);
    tenon_wasi_delete(wasi);
    return status;
}

static tenon_status a_bare_wasi(context *c)
{
    return a_wasi(c, false, false);
}

static tenon_status a_wasi_with_arguments(context *c)
{
    return a_wasi(c, true, false);
}

static tenon_status a_wasi_with_a_directory(context *c)
{
    return a_wasi(c, false, true);
}

/* ---- tasks ---- */

static tenon_answer *wanted;
static tenon_status suspend(tenon_caller *caller, tenon_slot *slots)
{
    (void)slots;
    tenon_status status = tenon_caller_suspend(caller, &wanted);
    return status != TENON_OK ? status : TENON_SUSPENDED;
}
static const tenon_entry suspend_entry = { suspend, NULL, 1, 1, types, types };

enum { TO_THE_END, CANCELLED, GIVEN_UP };

/* A guest whose host call is answered, or that is cancelled while it waits. */
static tenon_status wait_in(context *c, size_t workers, int end)
{
    const tenon_scheduler_config config = { .size = sizeof config, .workers = workers };
    const tenon_val arg = i32(3), five = i32(5);
    tenon_scheduler *s = NULL;
    tenon_store *store = NULL;
    tenon_module *module = NULL;
    tenon_instance *instance;
    tenon_extern e = { .kind = TENON_KIND_FUNC };
    tenon_task *task = NULL;
    tenon_val result;
    tenon_status status;

    TRY(tenon_scheduler_new(c->engine, &config, &s));
    TRY(tenon_store_new(c->tenant, &store));
    TRY(tenon_module_new(c->engine, module_host, sizeof module_host, &module, NULL));
    TRY(tenon_func_new_entry(store, workers > 0 ? &entry : &suspend_entry, NULL, &e.of.func));
    TRY(tenon_instance_new(store, module, &e, 1, &instance, NULL));
    TRY(tenon_task_call(s, func_of(instance, NAME("run")), &arg, 1, NULL, &task, NULL));
    if (workers > 0)
        tenon_task_wait(task);
    else
        (void)tenon_scheduler_run(s, UINT64_MAX);
    if (end == CANCELLED && wanted != NULL) {
        tenon_task_cancel(task);
        (void)tenon_scheduler_run(s, UINT64_MAX);
    }
    if (wanted != NULL)
        tenon_answer_send(wanted, TENON_OK, &five, 1);
    (void)tenon_scheduler_run(s, UINT64_MAX);
    tenon_error err = { .status = TENON_OK };
    status = tenon_task_result(task, &result, 1, &err);
    if (status == TENON_TRAP && err.trap == TENON_TRAP_OUT_OF_MEMORY)
        status = TENON_NOMEM;
    else if (end == CANCELLED && status == TENON_TRAP)
        status = TENON_OK;
    else if (status == TENON_OK)
        MUST(result.of.i32 == (workers > 0 ? 7 : 5));
out:
    wanted = NULL;
    tenon_task_delete(task);
    tenon_store_delete(store);
    tenon_module_delete(module);
    tenon_scheduler_delete(s);
    return status;
}

static tenon_status a_task(context *c)
{
    return wait_in(c, 0, TO_THE_END);
}

static tenon_status a_cancelled_task(context *c)
{
    return wait_in(c, 0, CANCELLED);
}

static tenon_status a_task_of_workers(context *c)
{
    return wait_in(c, 2, TO_THE_END);
}

static tenon_status body(void *of)
{
    return computing(of);
}

static tenon_status bodies(context *c)
{
    const tenon_scheduler_config config = { .size = sizeof config, .workers = 0 };
    tenon_scheduler *s;
    tenon_task *tasks[5] = { NULL };
    tenon_status status = tenon_scheduler_new(c->engine, &config, &s);

    if (status != TENON_OK)
        return status;
    for (int i = 0; i < 5 && status == TENON_OK; i++)
        status = tenon_task_run(s, c->tenant, body, c, NULL, &tasks[i]);
    (void)tenon_scheduler_run(s, UINT64_MAX);
    for (int i = 0; i < 5; i++) {
        tenon_status end = tasks[i] != NULL ? tenon_task_result(tasks[i], NULL, 0, NULL) : TENON_OK;
        status = status == TENON_OK ? end : status;
        tenon_task_delete(tasks[i]);
    }
    tenon_scheduler_delete(s);
    return status;
}

static tenon_status idle_workers(context *c)
{
    tenon_scheduler *s;
    tenon_status status = tenon_scheduler_new(c->engine, NULL, &s);

    if (status == TENON_OK)
        tenon_scheduler_delete(s);
    return status;
}

/* ---- pools ---- */

static tenon_status fill(void *of, tenon_store *store, tenon_instance **out, tenon_error *err)
{
    return tenon_instance_new(store, of, NULL, 0, out, err);
}

static tenon_status use_pool(context *c, size_t at_once, bool dense, const uint8_t *bytes, size_t size, const char *name,
                             bool adds)
{
    tenon_pool_config config = { .size = sizeof config, .fill = fill, .dense = dense, .spare = 2 };
    tenon_module *module = NULL;
    tenon_pool *pool = NULL;
    tenon_store *taken[8] = { NULL };
    tenon_instance *instance;
    tenon_memory *memory;
    tenon_status status;

    TRY(tenon_module_new(c->engine, bytes, size, &module, NULL));
    config.context = module;
    TRY(tenon_pool_new(c->engine, &config, &pool));
    for (size_t i = 0; i < at_once; i++) {
        tenon_val arg = i32(3), result;
        TRY(tenon_pool_take(pool, c->tenant, &taken[i], &instance, NULL));
        TRY(tenon_func_call(func_of(instance, (tenon_name){ name, strlen(name) }), &arg, 1, &result, 1, NULL));
        if (adds)
            TRY(tenon_memory_new(taken[i], 1, 2, TENON_BOUNDS_GUARDED, false, &memory));
    }
out:
    for (size_t i = 0; i < 8; i++)
        if (taken[i] != NULL)
            tenon_pool_give(pool, taken[i]);
    tenon_pool_delete(pool);
    tenon_module_delete(module);
    return status;
}

static tenon_status a_pool(context *c)
{
    return use_pool(c, 0, false, module_pooled, sizeof module_pooled, "touch", false);
}

static tenon_status a_pooled_store(context *c)
{
    return use_pool(c, 1, false, module_pooled, sizeof module_pooled, "touch", false);
}

static tenon_status pooled_stores(context *c)
{
    return use_pool(c, 5, false, module_pooled, sizeof module_pooled, "touch", false);
}

static tenon_status dense_stores(context *c)
{
    return use_pool(c, 5, true, module_pooled, sizeof module_pooled, "touch", false);
}

static tenon_status pooled_stores_that_grow(context *c)
{
    return use_pool(c, 3, false, module_grow, sizeof module_grow, "run", true);
}

static tenon_status pooled_stores_that_throw(context *c)
{
    return use_pool(c, 3, false, module_exception, sizeof module_exception, "run", true);
}

/* ---- snapshots ---- */

GUEST_USE(a_snapshot, pooled, tenon_snapshot *snapshot = NULL; tenon_instance *other; tenon_val arg = i32(3); tenon_val out;
          TRY(tenon_func_call(func_of(g.instance, NAME("touch")), &arg, 1, &out, 1, NULL));
          TRY(tenon_snapshot_new(g.instance, &snapshot, NULL));
          status = tenon_snapshot_instantiate(g.store, snapshot, NULL, 0, &other, NULL); tenon_snapshot_delete(snapshot);
          if (status == TENON_OK) status = tenon_func_call(func_of(other, NAME("touch")), &arg, 1, &out, 1, NULL))

/* ---- fuel ---- */

static uint64_t more(void *unused, tenon_store *store)
{
    (void)unused;
    (void)store;
    return 10;
}

static tenon_status burn(context *c, bool asks)
{
    const tenon_config config = { .size = sizeof config, .metered = true, .allocator = { reallocate, may_map, &c->plan } };
    context own = { .engine = NULL };
    guest g = { NULL, NULL, NULL };
    const tenon_val arg = i32(10);
    tenon_val result;
    tenon_status status = tenon_engine_new(&config, &own.engine);

    if (status != TENON_OK)
        return status;
    TRY(tenon_tenant_new(own.engine, NULL, &own.tenant));
    TRY(open_guest(&own, &g, module_fuel, sizeof module_fuel));
    TRY(tenon_store_set_fuel(g.store, asks ? 0 : 1000));
    if (asks)
        tenon_store_on_empty(g.store, more, NULL);
    TRY(tenon_func_call(func_of(g.instance, NAME("loop")), &arg, 1, &result, 1, NULL));
    MUST(result.of.i32 == 55);
out:
    close_guest(&g);
    tenon_tenant_delete(own.tenant);
    tenon_engine_delete(own.engine);
    return status;
}

static tenon_status burning(context *c)
{
    return burn(c, false);
}

static tenon_status asking_for_fuel(context *c)
{
    return burn(c, true);
}

/* ---- all of them ---- */

#define ROW(name) { #name, name }
static const struct {
    const char *name;
    use *run;
} rows[] = {
    ROW(a_store), ROW(stores), ROW(another_tenant), ROW(memory_of_a_tenant), ROW(another_engine), ROW(a_module),
    ROW(a_borrowed_module), ROW(a_broken_module), ROW(a_function), ROW(a_wide_function), ROW(an_entry), ROW(a_finalizer),
    ROW(a_call_of_a_wide_function), ROW(a_memory), ROW(a_checked_memory), ROW(a_memory_that_grows),
    ROW(a_memory_that_moves), ROW(a_table), ROW(a_table_that_grows), ROW(a_global), ROW(a_vector), ROW(a_tag), ROW(things_of_exact_types),
    ROW(objects), ROW(a_policy), ROW(many_resources),
    ROW(resources_that_go), ROW(a_linker), ROW(a_collection), ROW(a_timeout), ROW(computing), ROW(growing),
    ROW(calling_indirectly), ROW(throwing), ROW(throwing_often), ROW(looping), ROW(calling_a_stub), ROW(initializing),
    ROW(soiling), ROW(trapping), ROW(interrupting), ROW(looking_at_exports), ROW(linking_an_instance),
    ROW(instantiating_twice), ROW(collecting_instances), ROW(a_bare_wasi), ROW(a_wasi_with_arguments),
    ROW(a_wasi_with_a_directory), ROW(a_task), ROW(a_cancelled_task), ROW(a_task_of_workers), ROW(bodies),
    ROW(idle_workers), ROW(a_pool), ROW(a_pooled_store), ROW(pooled_stores), ROW(dense_stores),
    ROW(pooled_stores_that_grow), ROW(pooled_stores_that_throw), ROW(a_snapshot), ROW(burning), ROW(asking_for_fuel),
};
#define ROWS (sizeof rows / sizeof *rows)

static bool is_refusal(tenon_status status)
{
    /* A guest is told of memory that it does not get, and may trap for it. */
    return status == TENON_NOMEM || status == TENON_LIMIT || status == TENON_TRAP;
}

/* One failure; false when something was wrong. *done: the n-th was never asked for. */
static bool attempt(size_t row, bool map, long n, bool persistent, bool *done)
{
    const tenon_config config = {
        .size = sizeof config, .features = TENON_FEATURES_ALL, .allocator = { reallocate, may_map, NULL }
    };
    tenon_config own = config;
    context c = { .engine = NULL };
    const char *what = map ? "mapping" : "allocation";

    own.allocator.ud = &c.plan;
    if (tenon_engine_new(&own, &c.engine) != TENON_OK || tenon_tenant_new(c.engine, NULL, &c.tenant) != TENON_OK)
        return false;
    c.plan.allocations = c.plan.maps = 0;
    c.plan.fail_allocation = map ? 0 : n;
    c.plan.fail_map = map ? n : 0;
    c.plan.persistent = persistent;
    tenon_status status = rows[row].run(&c);
    *done = (map ? c.plan.maps : c.plan.allocations) < n;
    bool ok = *done ? status == TENON_OK : status == TENON_OK || is_refusal(status);
    if (!ok)
        printf("%s: %s after %s %ld was refused\n", rows[row].name, tenon_status_text(status), what, n);
    c.plan.fail_allocation = c.plan.fail_map = 0;
    if (ok && tenon_tenant_memory_bytes(c.tenant) != 0)
        ok = printf("%s: bytes stay charged after %s %ld was refused\n", rows[row].name, what, n) < 0;
    if (ok && rows[row].run(&c) != TENON_OK)
        ok = printf("%s: not usable after %s %ld was refused\n", rows[row].name, what, n) < 0;
    tenon_tenant_delete(c.tenant);
    tenon_engine_delete(c.engine);
    if (ok && c.plan.outstanding != 0)
        ok = printf("%s: %zu bytes leaked after %s %ld was refused\n", rows[row].name, c.plan.outstanding, what, n) < 0;
    return ok;
}

int main(int argc, char **argv)
{
    size_t failed = 0, passed = 0;
    long tried = 0;

    for (size_t row = 0; row < ROWS; row++) {
        bool ok = true;
        if (argc > 1 && strcmp(argv[1], rows[row].name) != 0)
            continue;
        for (int kind = 0; kind < 4 && ok; kind++) {
            bool done = false;
            for (long n = 1; ok && !done; n++, tried++)
                ok = attempt(row, kind & 1, n, kind & 2, &done);
        }
        passed += ok;
        failed += !ok;
    }
    printf("%ld refusals\n%zu passed, %zu failed\n", tried, passed, failed);
    return failed != 0;
}
