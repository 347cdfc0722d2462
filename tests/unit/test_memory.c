/* SPDX-License-Identifier: MIT
 * Memories, tables and globals made by the host.
 */
#include "unit.h"

static void memories(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    tenon_memory *memory;
    uint64_t size;
    (void)state;
    for (int bounds = TENON_BOUNDS_GUARDED; bounds <= TENON_BOUNDS_CHECKED; bounds++) {
        assert_int_equal(tenon_memory_new(w.store, 1, 3, (tenon_bounds)bounds, false, &memory), TENON_OK);
        uint8_t *data = tenon_memory_data(memory, &size);
        assert_int_equal(size, 65536);
        data[65535] = 7;
        assert_int_equal(tenon_memory_grow(memory, 2), TENON_OK);
        data = tenon_memory_data(memory, &size);
        assert_int_equal(size, 3 * 65536);
        assert_int_equal(data[65535], 7);
        assert_int_equal(data[65536], 0);
        data[size - 1] = 1;
        assert_int_equal(tenon_memory_grow(memory, 1), TENON_LIMIT);
        assert_int_equal(tenon_memory_grow(memory, UINT64_MAX), TENON_LIMIT);
    }
    /* A checked memory moves when it outgrows what was reserved. */
    assert_int_equal(tenon_memory_new(w.store, 1, UINT64_MAX, TENON_BOUNDS_CHECKED, false, &memory), TENON_OK);
    tenon_memory_data(memory, &size)[5] = 55;
    assert_int_equal(tenon_memory_grow(memory, 2000), TENON_OK);
    assert_int_equal(tenon_memory_data(memory, &size)[5], 55);
    assert_int_equal(tenon_memory_data(memory, &size)[size - 1], 0);
    assert_int_equal(tenon_memory_new(w.store, 2, 1, TENON_BOUNDS_CHECKED, false, &memory), TENON_USAGE);
    tenon_memory_type type = { .min = 1, .max = (uint64_t)1 << 48, .address64 = true, .page_log2 = 16 };
    const tenon_extern what = { .kind = TENON_KIND_MEMORY };
    tenon_extern made = what;
    assert_int_equal(tenon_memory_new_of(w.store, &type, &made.of.memory), TENON_OK);
    assert_true(tenon_extern_type_of(&made).address64);
    type.max++;
    assert_int_equal(tenon_memory_new_of(w.store, &type, &memory), TENON_USAGE);
    type = (tenon_memory_type){ .min = 70000, .max = UINT64_MAX, .page_log2 = 0 };
    assert_int_equal(tenon_memory_new_of(w.store, &type, &made.of.memory), TENON_OK);
    assert_int_equal(tenon_extern_type_of(&made).page_log2, 0);
    type.page_log2 = 12;
    assert_int_equal(tenon_memory_new_of(w.store, &type, &memory), TENON_USAGE);
    assert_int_equal(tenon_memory_new(w.store, 1, UINT64_MAX, TENON_BOUNDS_CHECKED, true, &memory), TENON_USAGE);
    world_delete(&w);
}

static void tables(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    tenon_table *table;
    tenon_ref ref = 1;
    (void)state;
    assert_int_equal(tenon_table_new(w.store, TENON_FUNCREF, 3, 5, false, &table), TENON_OK);
    assert_int_equal(tenon_table_size(table), 3);
    assert_int_equal(tenon_table_get(table, 2, &ref), TENON_OK);
    assert_int_equal(ref, 0);
    assert_int_equal(tenon_table_get(table, 3, &ref), TENON_USAGE);
    assert_int_equal(tenon_table_new(w.store, TENON_I32, 3, 5, false, &table), TENON_USAGE);
    assert_int_equal(tenon_table_new(w.store, TENON_FUNCREF, 20000000, UINT64_MAX, false, &table), TENON_LIMIT);
    world_delete(&w);
}

static void globals(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    tenon_val value = { .type = TENON_F64, .of.f64 = 1.5 }, other = i32_val(3);
    tenon_global *global;
    (void)state;
    assert_int_equal(tenon_global_new(w.store, &value, true, &global), TENON_OK);
    value.of.f64 = 2.5;
    assert_int_equal(tenon_global_set(global, &value), TENON_OK);
    assert_true(tenon_global_get(global).of.f64 == 2.5);
    assert_int_equal(tenon_global_set(global, &other), TENON_USAGE);
    assert_int_equal(tenon_global_new(w.store, &other, false, &global), TENON_OK);
    assert_int_equal(tenon_global_set(global, &other), TENON_USAGE);
    world_delete(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(memories), cmocka_unit_test(tables), cmocka_unit_test(globals) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
