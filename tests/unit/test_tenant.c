/* SPDX-License-Identifier: MIT
 * Tenants as accounts of code: modules that they share are charged in full to each, and nobody pays for another's calls.
 */
#define _GNU_SOURCE
#include "unit.h"

#include "runtime/vm/runtime.h"
#include "tests/support/compile.h"

typedef struct house {
    tenon_engine *engine;
    tenon_module *module;
    tenon_tenant *tenants[2];
} house;

static void open_house(house *h, const tenon_limits *limits)
{
    const tenon_config config = { .size = sizeof config, .features = TENON_FEATURES_ALL };
    assert_int_equal(tenon_engine_new(&config, &h->engine), TENON_OK);
    assert_int_equal(tenon_module_new(h->engine, BUILT(small), &h->module, NULL), TENON_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(tenon_tenant_new(h->engine, limits, &h->tenants[i]), TENON_OK);
}

static void close_house(house *h)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tenon_tenant_memory_bytes(h->tenants[i]), 0);
        tenon_tenant_delete(h->tenants[i]);
    }
    tenon_module_delete(h->module);
    tenon_engine_delete(h->engine);
}

/* A store with an instance; what it takes besides code. */
typedef struct room {
    tenon_store *store;
    tenon_instance *instance;
    uint64_t own;
} room;

static tenon_status open_room(const house *h, int tenant, room *r)
{
    assert_int_equal(tenon_store_new(h->tenants[tenant], &r->store), TENON_OK);
    tenon_status status = tenon_instance_new(r->store, h->module, NULL, 0, &r->instance, NULL);
    if (status == TENON_OK)
        r->own = h->engine->stack_size + 65536 + tn_instance_bytes(r->instance);
    return status;
}

static tenon_status divide(const room *r, tenon_error *err)
{
    const tenon_val args[2] = { i32_val(42), i32_val(6) };
    tenon_val result;
    tenon_status status = tenon_func_call(export_func(r->instance, "div"), args, 2, &result, 1, err);
    if (status == TENON_OK)
        assert_int_equal(result.of.i32, 7);
    return status;
}

static uint64_t charged(const house *h, int tenant)
{
    return tenon_tenant_memory_bytes(h->tenants[tenant]);
}

static void shared_code_is_charged_in_full_to_each(void **state)
{
    house h;
    room r[3];
    (void)state;
    open_house(&h, NULL);
    uint64_t loaded = tn_module_bytes(h.module);
    assert_true(loaded > sizeof module_small + sizeof(tenon_module));
    assert_int_equal(open_room(&h, 0, &r[0]), TENON_OK);
    uint64_t entered = tn_module_bytes(h.module);
    assert_true(entered > loaded);
    assert_int_equal(charged(&h, 0), r[0].own + entered);
    assert_int_equal(open_room(&h, 1, &r[1]), TENON_OK);
    assert_int_equal(charged(&h, 1), r[1].own + entered);
    /* Who calls a function first pays for its translation, at once. */
    assert_int_equal(divide(&r[0], NULL), TENON_OK);
    uint64_t translated = tn_module_bytes(h.module);
    assert_true(translated > entered);
    assert_int_equal(charged(&h, 0), r[0].own + translated);
    assert_int_equal(divide(&r[1], NULL), TENON_OK);
    assert_int_equal(charged(&h, 1), r[1].own + entered);
    /* The others with their next instance; and a module once, however many instances there are of it. */
    assert_int_equal(open_room(&h, 1, &r[2]), TENON_OK);
    assert_int_equal(charged(&h, 1), r[1].own + r[2].own + translated);
    tenon_store_delete(r[1].store);
    assert_int_equal(charged(&h, 1), r[2].own + translated);
    tenon_store_delete(r[2].store);
    assert_int_equal(charged(&h, 1), 0);
    assert_int_equal(charged(&h, 0), r[0].own + translated);
    tenon_store_delete(r[0].store);
    close_house(&h);
}

static void who_cannot_pay_gets_no_code(void **state)
{
    house h;
    room r[2];
    tenon_error err;
    (void)state;
    open_house(&h, NULL);
    assert_int_equal(open_room(&h, 0, &r[0]), TENON_OK);
    assert_int_equal(open_room(&h, 1, &r[1]), TENON_OK);
    h.tenants[0]->limits.memory_bytes = charged(&h, 0);
    uint64_t before = tn_module_bytes(h.module);
    assert_int_equal(divide(&r[0], &err), TENON_TRAP);
    assert_int_equal(err.trap, TENON_TRAP_OUT_OF_MEMORY);
    assert_int_equal(tn_module_bytes(h.module), before);
    assert_int_equal(charged(&h, 0), r[0].own + before);
    /* The other pays, and then it is there for both. */
    assert_int_equal(divide(&r[1], NULL), TENON_OK);
    assert_int_equal(divide(&r[0], NULL), TENON_OK);
    tenon_store_delete(r[0].store);
    /* Not even the module. */
    h.tenants[0]->limits.memory_bytes = h.engine->stack_size + before;
    assert_int_equal(open_room(&h, 0, &r[0]), TENON_LIMIT);
    assert_int_equal(tenon_tenant_memory_bytes(h.tenants[0]), h.engine->stack_size);
    tenon_store_delete(r[0].store);
    tenon_store_delete(r[1].store);
    close_house(&h);
}

static void compiled_code_is_charged(void **state)
{
    house h;
    room r;
    size_t size;
    (void)state;
    if (access(TENON_LLVM, X_OK) != 0)
        skip();
    open_house(&h, NULL);
    uint64_t loaded = tn_module_bytes(h.module);
    uint8_t *image = compile_module(TENON_LLVM, BUILT(small), &size);
    assert_non_null(image);
    assert_int_equal(tenon_module_add_code(h.module, image, size, NULL), TENON_OK);
    free(image);
    assert_true(tn_module_bytes(h.module) >= loaded + size);
    assert_int_equal(open_room(&h, 0, &r), TENON_OK);
    assert_int_equal(charged(&h, 0), r.own + tn_module_bytes(h.module));
    tenon_store_delete(r.store);
    close_house(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(shared_code_is_charged_in_full_to_each),
                                        cmocka_unit_test(who_cannot_pay_gets_no_code),
                                        cmocka_unit_test(compiled_code_is_charged) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
