/* SPDX-License-Identifier: MIT
 * Host functions close to the guest: packed and typed entries, guest memory, resources, stubs.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <unistd.h>

#include "tests/support/compile.h"

enum { GUARDED, CHECKED, COMPILED, MODES };

/* ---- entries ---- */

static double pick(tenon_caller *caller, uint32_t a, int64_t b, float c, double d)
{
    assert_int_equal(a, 0xFFFFFFFF);
    ++*(int *)tenon_caller_context(caller);
    return (double)b + (double)c * d;
}
TENON_ENTRY(pick_entry, pick, (i32, i64, f32, f64), f64);

static void note(tenon_caller *caller, uint32_t n)
{
    tenon_memory *memory = tenon_caller_memory(caller);
    void *at;

    assert_true(tenon_memory_range(memory, 100, 1, 4, &at));
    memcpy(at, &n, sizeof n);
    if (n == 7)
        tenon_caller_fail(caller, TENON_DENIED);
}
TENON_ENTRY_VOID(note_entry, note, (i32));

/* Leaves dirt in the upper half of the slot. */
static tenon_status wait_for(tenon_caller *caller, tenon_slot *slots)
{
    assert_non_null(tenon_caller_instance(caller));
    slots[0].u64 = 0xDEADBEEF00000000u | (uint32_t)slots[0].i32;
    return TENON_OK;
}
static const tenon_type one_i32[] = { TENON_I32 };
static const tenon_entry wait_entry = { wait_for, NULL, 1, 1, one_i32, one_i32 };

typedef struct guest {
    world w;
    tenon_module *module;
    tenon_instance *instance;
    int picks;
} guest;

static bool guest_open(guest *g, int mode)
{
    const struct {
        const char *name;
        const tenon_entry *entry;
    } rows[] = { { "pick", &pick_entry }, { "note", &note_entry }, { "wait", &wait_entry } };
    tenon_linker *linker;

    if (mode == COMPILED && access(TENON_LLVM, X_OK) != 0)
        return false;
    g->w = world_new(mode == CHECKED ? TENON_BOUNDS_CHECKED : TENON_BOUNDS_GUARDED);
    g->picks = 0;
    assert_int_equal(tenon_module_new(g->w.engine, BUILT(entries), &g->module, NULL), TENON_OK);
    if (mode == COMPILED) {
        assert_true(add_compiled(TENON_LLVM, g->module, BUILT(entries)) > 0);
    }
    assert_int_equal(tenon_linker_new(g->w.store, &linker), TENON_OK);
    assert_ptr_equal(tenon_linker_store(linker), g->w.store);
    for (size_t i = 0; i < 3; i++) {
        tenon_extern e = { .kind = TENON_KIND_FUNC };
        assert_int_equal(tenon_func_new_entry(g->w.store, rows[i].entry, &g->picks, &e.of.func), TENON_OK);
        assert_int_equal(
            tenon_linker_define(linker, (tenon_name){ "h", 1 }, (tenon_name){ rows[i].name, 4 }, e), TENON_OK);
    }
    assert_int_equal(tenon_linker_instantiate(linker, g->module, &g->instance, NULL), TENON_OK);
    tenon_linker_delete(linker);
    return true;
}

static void guest_close(guest *g)
{
    tenon_module_delete(g->module);
    world_delete(&g->w);
}

static tenon_status call1(guest *g, const char *name, int32_t arg, int32_t *result)
{
    tenon_val in = i32_val(arg), out = i32_val(0);
    tenon_func *func = export_func(g->instance, name);
    tenon_status status = tenon_func_call(func, &in, 1, &out, tenon_func_result_count(func), NULL);

    *result = out.of.i32;
    return status;
}

static void both_entries(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        guest g;
        tenon_val result;
        uint32_t n = 0;
        int32_t ignored;
        tenon_extern e;
        if (!guest_open(&g, mode))
            continue;
        assert_non_null(pick_entry.typed);
        assert_int_equal(pick_entry.param_count, 4);
        assert_int_equal(note_entry.result_count, 0);
        assert_int_equal(tenon_func_call(export_func(g.instance, "pick"), NULL, 0, &result, 1, NULL), TENON_OK);
        assert_true(result.of.f64 == 41.25);
        assert_int_equal(g.picks, 1);
        assert_int_equal(call1(&g, "note", 5, &ignored), TENON_OK);
        /* The memory that is exported as "memory", not memory 0. */
        assert_true(tenon_instance_export(g.instance, (tenon_name){ "memory", 6 }, &e));
        assert_true(tenon_memory_read(e.of.memory, 100, &n, 4));
        assert_int_equal(n, 5);
        assert_int_equal(call1(&g, "note", 7, &ignored), TENON_DENIED);
        assert_int_equal(call1(&g, "note", 6, &ignored), TENON_OK);
        guest_close(&g);
    }
}

static void results_are_brought_into_form(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        guest g;
        int32_t result;
        if (!guest_open(&g, mode))
            continue;
        assert_int_equal(call1(&g, "direct", 4, &result), TENON_OK);
        assert_int_equal(result, 41);
        guest_close(&g);
    }
}

static void calls_with_slots(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        guest g;
        tenon_error err;
        tenon_slot slots[2] = { { .u64 = 0xDEADBEEF00000004u } };
        if (!guest_open(&g, mode))
            continue;
        assert_int_equal(tenon_func_call_packed(export_func(g.instance, "direct"), slots, &err), TENON_OK);
        assert_int_equal(slots[0].i32, 41);
        assert_int_equal(tenon_func_call_packed(export_func(g.instance, "pick"), slots, NULL), TENON_OK);
        assert_true(slots[0].f64 == 41.25);
        slots[0].u64 = 7;
        assert_int_equal(tenon_func_call_packed(export_func(g.instance, "note"), slots, &err), TENON_DENIED);
        assert_int_equal(err.status, TENON_DENIED);
        guest_close(&g);
    }
}

/* A host function that calls guests which call it again has its own caller each time. */
static int32_t factorial(tenon_caller *caller, int32_t n)
{
    tenon_instance *instance = tenon_caller_instance(caller);
    tenon_func *fact = export_func(instance, "fact");
    tenon_val arg = i32_val(n), out = i32_val(1);

    if (n > 0 && tenon_func_call(fact, &arg, 1, &out, 1, NULL) != TENON_OK)
        tenon_caller_fail(caller, TENON_TRAP);
    assert_ptr_equal(tenon_caller_instance(caller), instance);
    if (n == 9)
        tenon_caller_fail(caller, TENON_EXIT);
    return out.of.i32;
}
TENON_ENTRY(factorial_entry, factorial, (i32), i32);

static void entries_call_guests(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        tenon_extern e = { .kind = TENON_KIND_FUNC };
        tenon_module *module;
        tenon_instance *instances[2];
        tenon_val arg = i32_val(6), out;
        if (mode == COMPILED && access(TENON_LLVM, X_OK) != 0)
            continue;
        world w = world_new(mode == CHECKED ? TENON_BOUNDS_CHECKED : TENON_BOUNDS_GUARDED);
        assert_int_equal(tenon_module_new(w.engine, BUILT(host), &module, NULL), TENON_OK);
        if (mode == COMPILED) {
            assert_true(add_compiled(TENON_LLVM, module, BUILT(host)) > 0);
        }
        assert_int_equal(tenon_func_new_entry(w.store, &factorial_entry, NULL, &e.of.func), TENON_OK);
        for (int i = 0; i < 2; i++)
            assert_int_equal(tenon_instance_new(w.store, module, &e, 1, &instances[i], NULL), TENON_OK);
        for (int i = 0; i < 4; i++) {
            tenon_func *fact = export_func(instances[i % 2], "fact");
            assert_int_equal(tenon_func_call(fact, &arg, 1, &out, 1, NULL), TENON_OK);
            assert_int_equal(out.of.i32, 720);
        }
        arg.of.i32 = 10;
        assert_int_equal(tenon_func_call(export_func(instances[0], "fact"), &arg, 1, &out, 1, NULL), TENON_EXIT);
        tenon_module_delete(module);
        world_delete(&w);
    }
}

/* ---- exceptions of the host's ---- */

static tenon_tag *thrown;

static tenon_status throws(tenon_caller *caller, tenon_slot *slots)
{
    const tenon_val values[2] = { i32_val(slots[0].i32), { .type = TENON_F64, .of.f64 = 2.5 } };

    assert_int_equal(tenon_caller_throw(caller, thrown, values, 1), TENON_USAGE);
    return tenon_caller_throw(caller, thrown, values, 2);
}

static int32_t throws_typed(tenon_caller *caller, int32_t n)
{
    tenon_slot slot = { .i32 = n };

    tenon_caller_fail(caller, throws(caller, &slot));
    return 0;
}
TENON_ENTRY(throws_entry, throws_typed, (i32), i32);

static void hosts_throw(void **state)
{
    static const tenon_entry packed = { throws, NULL, 1, 1, one_i32, one_i32 };
    static const tenon_type types[] = { TENON_I32, TENON_F64 };
    (void)state;
    for (int way = 0; way < 2 * MODES; way++) {
        tenon_extern e = { .kind = TENON_KIND_FUNC };
        tenon_module *module;
        tenon_instance *instance;
        tenon_val arg = i32_val(11), out, values[2];
        int mode = way / 2;
        if (mode == COMPILED && access(TENON_LLVM, X_OK) != 0)
            continue;
        world w = world_new(mode == CHECKED ? TENON_BOUNDS_CHECKED : TENON_BOUNDS_GUARDED);
        assert_int_equal(tenon_tag_new(w.store, types, 2, &thrown), TENON_OK);
        assert_int_equal(tenon_module_new(w.engine, BUILT(host), &module, NULL), TENON_OK);
        if (mode == COMPILED) {
            assert_true(add_compiled(TENON_LLVM, module, BUILT(host)) > 0);
        }
        assert_int_equal(tenon_func_new_entry(w.store, way % 2 ? &packed : &throws_entry, NULL, &e.of.func), TENON_OK);
        assert_int_equal(tenon_instance_new(w.store, module, &e, 1, &instance, NULL), TENON_OK);
        assert_int_equal(tenon_func_call(export_func(instance, "run"), &arg, 1, &out, 1, NULL), TENON_EXCEPTION);
        assert_ptr_equal(tenon_store_exception(w.store, values, 2), thrown);
        assert_int_equal(values[0].of.i32, 11);
        assert_true(values[1].type == TENON_F64 && values[1].of.f64 == 2.5);
        tenon_module_delete(module);
        world_delete(&w);
    }
}

static void guest_memory(void **state)
{
    guest g;
    tenon_extern e;
    uint64_t word = 42;
    void *at = NULL;
    (void)state;
    assert_true(guest_open(&g, CHECKED));
    assert_true(tenon_instance_export(g.instance, (tenon_name){ "memory", 6 }, &e));
    tenon_memory *m = e.of.memory;
    const uint64_t size = 2 * 65536;
    assert_true(tenon_memory_range(m, size, 0, 1, &at));
    assert_true(tenon_memory_range(m, 0, size, 1, &at));
    assert_false(tenon_memory_range(m, 0, size + 1, 1, &at));
    assert_false(tenon_memory_range(m, size + 1, 0, 1, &at));
    assert_false(tenon_memory_range(m, 1, UINT64_MAX, 1, &at));
    assert_false(tenon_memory_range(m, 8, (uint64_t)1 << 61, 8, &at));
    assert_false(tenon_memory_range(m, UINT64_MAX, 2, 1, &at));
    assert_false(tenon_memory_range(NULL, 0, 0, 1, &at));
    assert_true(tenon_memory_write(m, size - 8, &word, 8));
    assert_false(tenon_memory_write(m, size - 7, &word, 8));
    word = 0;
    assert_false(tenon_memory_read(m, size - 7, &word, 8));
    assert_true(tenon_memory_read(m, size - 8, &word, 8));
    assert_int_equal(word, 42);
    guest_close(&g);
}

/* ---- resources ---- */

static int drops;
static void count_drop(void *thing)
{
    assert_non_null(thing);
    drops++;
}

static void resources(void **state)
{
    static const tenon_resource_type a = { "a", count_drop }, b = { "b", NULL };
    world w = world_new(TENON_BOUNDS_GUARDED);
    uint32_t handles[1000], more;
    int thing;
    (void)state;
    drops = 0;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(tenon_resource_new(w.store, i % 2 ? &a : &b, &thing, &handles[i]), TENON_OK);
        assert_int_not_equal(handles[i], 0);
    }
    assert_ptr_equal(tenon_resource_get(w.store, &b, handles[0]), &thing);
    assert_null(tenon_resource_get(w.store, &a, handles[0]));
    assert_null(tenon_resource_get(w.store, &a, 0));
    assert_null(tenon_resource_get(w.store, &a, UINT32_MAX));
    assert_int_equal(tenon_resource_drop(w.store, &a, handles[0]), TENON_USAGE);
    assert_int_equal(tenon_resource_drop(w.store, &a, handles[1]), TENON_OK);
    assert_int_equal(tenon_resource_drop(w.store, &a, handles[3]), TENON_OK);
    assert_int_equal(tenon_resource_drop(w.store, &a, handles[1]), TENON_USAGE);
    assert_int_equal(drops, 2);
    /* The oldest free number comes first. */
    assert_int_equal(tenon_resource_new(w.store, &a, &thing, &more), TENON_OK);
    assert_int_equal(more, handles[1]);
    assert_int_equal(tenon_resource_new(w.store, &a, &thing, &more), TENON_OK);
    assert_int_equal(more, handles[3]);
    assert_true(tenon_tenant_memory_bytes(w.tenant) > 1000 * 8);
    world_delete(&w);
    assert_int_equal(drops, 502);
}

/* ---- stubs and accounts ---- */

static void stubs(void **state)
{
    (void)state;
    for (int stub = 0; stub < 2; stub++) {
        world w = world_new(TENON_BOUNDS_GUARDED);
        tenon_linker *linker;
        tenon_module *module;
        tenon_instance *instance;
        tenon_val result;
        size_t count = 0;
        assert_int_equal(tenon_module_new(w.engine, BUILT(entries), &module, NULL), TENON_OK);
        assert_int_equal(tenon_linker_new(w.store, &linker), TENON_OK);
        assert_int_equal(tenon_linker_instantiate(linker, module, &instance, NULL), TENON_LINK);
        assert_int_equal(tenon_linker_define_stubs(linker, module, (tenon_stub)stub, &count), TENON_OK);
        assert_int_equal(count, 3);
        assert_int_equal(tenon_linker_define_stubs(linker, module, (tenon_stub)stub, &count), TENON_OK);
        assert_int_equal(count, 0);
        assert_int_equal(tenon_linker_instantiate(linker, module, &instance, NULL), TENON_OK);
        tenon_linker_delete(linker);
        tenon_status status = tenon_func_call(export_func(instance, "pick"), NULL, 0, &result, 1, NULL);
        assert_int_equal(status, stub == TENON_STUB_TRAP ? TENON_TRAP : TENON_OK);
        if (status == TENON_OK)
            assert_true(result.of.f64 == 0);
        tenon_module_delete(module);
        world_delete(&w);
    }
}

static void tenants_pay_for_host_memory(void **state)
{
    const tenon_limits limits = { .size = sizeof limits, .memory_bytes = 1000 };
    tenon_engine *engine;
    tenon_tenant *tenant;
    (void)state;
    assert_int_equal(tenon_engine_new(NULL, &engine), TENON_OK);
    assert_int_equal(tenon_tenant_new(engine, &limits, &tenant), TENON_OK);
    char *p = tenon_tenant_realloc(tenant, NULL, 0, 600);
    assert_non_null(p);
    memset(p, 7, 600);
    assert_null(tenon_tenant_realloc(tenant, NULL, 0, 600));
    p = tenon_tenant_realloc(tenant, p, 600, 1000);
    assert_non_null(p);
    assert_int_equal(p[599], 7);
    assert_null(tenon_tenant_realloc(tenant, p, 1000, 1001));
    p = tenon_tenant_realloc(tenant, p, 1000, 10);
    assert_int_equal(tenon_tenant_memory_bytes(tenant), 10);
    assert_int_equal(tenon_tenant_peak_bytes(tenant), 1000);
    assert_null(tenon_tenant_realloc(tenant, p, 10, 0));
    assert_int_equal(tenon_tenant_memory_bytes(tenant), 0);
    tenon_tenant_delete(tenant);
    tenon_engine_delete(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_entries),
        cmocka_unit_test(results_are_brought_into_form), cmocka_unit_test(calls_with_slots),
                                        cmocka_unit_test(entries_call_guests), cmocka_unit_test(hosts_throw),
        cmocka_unit_test(guest_memory),
        cmocka_unit_test(resources),
        cmocka_unit_test(stubs),
        cmocka_unit_test(tenants_pay_for_host_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
