/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <pthread.h>

#include "loader/types.h"

static tn_type_spec func_spec(tn_valtype *types, uint32_t params, uint32_t results)
{
    return (tn_type_spec){ .comp = TN_COMP_FUNC, .final = true, .super = TN_NO_TYPE, .param_count = params,
                           .result_count = results, .types = types };
}

static void equal_types_have_equal_ids(void **state)
{
    tn_mem mem;
    tn_valtype a[] = { TN_I32, TN_I64 }, b[] = { TN_I32, TN_F64 };
    uint32_t first, second, other, split;
    (void)state;
    tn_mem_init(&mem, NULL);
    tn_types *types = tn_types_new(&mem);
    tn_type_spec s1 = func_spec(a, 1, 1), s2 = func_spec(b, 1, 1), s3 = func_spec(a, 2, 0);
    assert_int_equal(tn_types_add(types, &s1, 1, &first), TENON_OK);
    assert_int_equal(tn_types_add(types, &s1, 1, &second), TENON_OK);
    assert_int_equal(tn_types_add(types, &s2, 1, &other), TENON_OK);
    assert_int_equal(tn_types_add(types, &s3, 1, &split), TENON_OK);
    assert_int_equal(first, second);
    assert_int_not_equal(first, other);
    assert_int_not_equal(first, split);
    tn_types_release(types, first);
    assert_int_equal(tn_types_get(types, first)->param_count, 1);
    tn_types_release(types, second);
    /* Its last holder is gone, so the id may serve another type. */
    tn_type_spec s4 = func_spec(b, 2, 0);
    assert_int_equal(tn_types_add(types, &s4, 1, &second), TENON_OK);
    assert_int_equal(second, first);
    tn_types_delete(types);
}

static void deep_chains_are_subtypes(void **state)
{
    enum { DEPTH = 20 };
    tn_mem mem;
    uint32_t ids[DEPTH];
    (void)state;
    tn_mem_init(&mem, NULL);
    tn_types *types = tn_types_new(&mem);
    for (uint32_t i = 0; i < DEPTH; i++) {
        tn_type_spec s = { .comp = TN_COMP_STRUCT, .super = i == 0 ? TN_NO_TYPE : ids[i - 1], .types = NULL };
        assert_int_equal(tn_types_add(types, &s, 1, &ids[i]), TENON_OK);
    }
    for (uint32_t i = 0; i < DEPTH; i++)
        for (uint32_t k = 0; k < DEPTH; k++)
            assert_int_equal(tn_is_subtype_id(types, ids[i], ids[k]), k <= i);
    tn_valtype none = TN_REF_NULL_ABSTRACT(TN_HEAP_NONE), any = TN_REF_NULL_ABSTRACT(TN_HEAP_ANY);
    assert_true(tn_is_subtype(types, none, TN_REF_TYPE(ids[3]) | TN_NULLABLE));
    assert_false(tn_is_subtype(types, none, TN_REF_TYPE(ids[3])));
    assert_true(tn_is_subtype(types, TN_REF_TYPE(ids[3]), any));
    assert_false(tn_is_subtype(types, TN_REF_TYPE(ids[3]), TN_FUNCREF));
    tn_types_delete(types);
}

/* Ids under racing loads: two threads make and drop the same and different types (CVE-2024-47813). */
static tn_types *shared;
static void *churn(void *arg)
{
    uint32_t seed = *(uint32_t *)arg;
    for (uint32_t i = 0; i < 20000; i++) {
        tn_valtype list[6];
        uint32_t id, n = seed % 6 + 1;
        for (uint32_t k = 0; k < n; k++)
            list[k] = TN_I32 + (seed >> (2 * k)) % 4;
        seed = seed * 1664525 + 1013904223;
        tn_type_spec s = func_spec(list, n, 0);
        if (tn_types_add(shared, &s, 1, &id) != TENON_OK)
            return (void *)1;
        const tn_type *t = tn_types_get(shared, id);
        if (t->param_count != n || memcmp(t->types, list, n * sizeof *list) != 0)
            return (void *)1;
        tn_types_release(shared, id);
    }
    return NULL;
}

static void racing_loads_agree(void **state)
{
    tn_mem mem;
    pthread_t threads[2];
    uint32_t seeds[2] = { 1, 99 };
    void *failed;
    (void)state;
    tn_mem_init(&mem, NULL);
    shared = tn_types_new(&mem);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, churn, &seeds[i]), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    tn_types_delete(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(equal_types_have_equal_ids),
                                        cmocka_unit_test(deep_chains_are_subtypes), cmocka_unit_test(racing_loads_agree) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
