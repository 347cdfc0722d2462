/* SPDX-License-Identifier: MIT
 * Exception objects: kept while somebody may hold them, swept when nobody can.
 */
#include "unit.h"

#include "runtime/vm/runtime.h"

static void unreachable_ones_are_swept(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    tn_valtype types[] = { TN_I64 };
    tn_type_spec spec = { .comp = TN_COMP_FUNC, .final = true, .super = TN_NO_TYPE, .param_count = 1, .types = types };
    uint32_t id;
    tn_slot value = { .i64 = 42 };
    (void)state;
    assert_int_equal(tn_types_add(w.engine->types, &spec, 1, &id), TENON_OK);
    tenon_tag tag = { .type = tn_types_get(w.engine->types, id), .store = w.store };
    tn_slot *stack = w.store->stack_base;
    tn_exception *kept = tn_exception_new(w.store, &tag, &value, stack);
    stack[0].pointer = kept;
    /* The second holds the first: a chain that is reachable from the stack only through it. */
    value.pointer = kept;
    stack[0].pointer = tn_exception_new(w.store, &tag, &value, stack + 1);
    for (int i = 0; i < 100000; i++) {
        value.i64 = (uint64_t)i;
        assert_non_null(tn_exception_new(w.store, &tag, &value, stack + 1));
        assert_true(w.store->object_count < 4096);
    }
    tn_exception *holder = stack[0].pointer;
    assert_ptr_equal(holder->values[0].pointer, kept);
    assert_int_equal(kept->values[0].i64, 42);
    world_delete(&w);
}

/* A global that the host has made, which a guest may have imported and written. */
static void globals_of_the_host_hold(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    tn_type_spec spec = { .comp = TN_COMP_FUNC, .final = true, .super = TN_NO_TYPE };
    const tenon_val null = { .type = TENON_EXNREF };
    tenon_global *global;
    uint32_t id;
    (void)state;
    assert_int_equal(tn_types_add(w.engine->types, &spec, 1, &id), TENON_OK);
    tenon_tag tag = { .type = tn_types_get(w.engine->types, id), .store = w.store };
    assert_int_equal(tenon_global_new(w.store, &null, true, &global), TENON_OK);
    tn_exception *kept = tn_exception_new(w.store, &tag, NULL, w.store->stack_base);
    global->value.slot[0].pointer = kept;
    for (int i = 0; i < 10000; i++)
        assert_non_null(tn_exception_new(w.store, &tag, NULL, w.store->stack_base));
    assert_true(tn_is_exception(w.store, (uintptr_t)kept));
    world_delete(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(unreachable_ones_are_swept),
                                        cmocka_unit_test(globals_of_the_host_hold) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
