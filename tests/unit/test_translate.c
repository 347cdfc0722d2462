/* SPDX-License-Identifier: MIT
 * What the translator makes of a known function, and that slot code is no longer than it should be.
 */
#include "unit.h"

#include "runtime/interp/translate.h"

static void a_loop_is_three_dispatches(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    tenon_module *module;
    tenon_instance *instance;
    tenon_error err;
    tn_entry entries[2];
    tn_function f;
    tenon_val arg = i32_val(5), result;
    (void)state;
    assert_int_equal(tenon_module_new(w.engine, BUILT(sum), &module, &err), TENON_OK);
    assert_int_equal(tn_translate(module, entries, true, 0, &f), TENON_OK);
    assert_int_equal(f.param_slots, 1);
    assert_int_equal(f.zero_slots, 2);
    /* Pin, load at a sum, add, latch; then the addition and the return. Portable code is less fused. */
    assert_int_equal(f.map_count, TN_TAIL_DISPATCH ? 6 : f.map_count);
    tn_function_fini(&module->engine->mem, &f);
    assert_int_equal(tn_translate(module, entries, false, 0, &f), TENON_OK);
    assert_true(f.map_count >= 6);
    tn_function_fini(&module->engine->mem, &f);
    assert_int_equal(tenon_instance_new(w.store, module, NULL, 0, &instance, &err), TENON_OK);
    assert_int_equal(tenon_func_call(export_func(instance, "run"), &arg, 1, &result, 1, &err), TENON_OK);
    assert_int_equal(result.of.i32, 5);
    tenon_module_delete(module);
    world_delete(&w);
}

static void rows_have_the_classes_they_promise(void **state)
{
    (void)state;
    for (int op = 1; op < TN_OP_COUNT; op++) {
        if (tn_binary_rows[op] != NULL)
            assert_non_null((*tn_binary_rows[op])[TN_CLASS_S][TN_CLASS_S][TN_CLASS_S]);
        if (tn_unary_rows[op] != NULL)
            assert_non_null((*tn_unary_rows[op])[TN_CLASS_S][TN_CLASS_S]);
        if (tn_load_rows[op] != NULL)
            assert_non_null((*tn_load_rows[op])[TN_CLASS_S][TN_CLASS_S]);
        if (tn_store_rows[op] != NULL)
            assert_non_null((*tn_store_rows[op])[TN_CLASS_S][TN_CLASS_S]);
        /* Integer comparisons have a negation instead of the other sense. */
        if (tn_branch_when_rows[op] != NULL && tn_branch_unless_rows[op] == NULL) {
            assert_int_not_equal(tn_negated((tn_op)op), TN_OP_INVALID);
            assert_int_equal(tn_negated(tn_negated((tn_op)op)), op);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_loop_is_three_dispatches),
                                        cmocka_unit_test(rows_have_the_classes_they_promise) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
