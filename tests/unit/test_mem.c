/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/mem.h"

static void sizes_do_not_wrap(void **state)
{
    size_t out;
    (void)state;
    assert_false(tn_mul_size(SIZE_MAX / 2, 3, &out));
    assert_false(tn_add_size(SIZE_MAX, 1, &out));
    assert_true(tn_mul_size(6, 7, &out));
    assert_int_equal(out, 42);
}

static void arena_is_zeroed_and_aligned(void **state)
{
    tn_mem mem;
    tn_arena arena;
    (void)state;
    tn_mem_init(&mem, NULL);
    tn_arena_init(&arena, &mem);
    for (size_t size = 1; size < 100000; size = size * 3 + 1) {
        uint8_t *p = tn_arena_alloc(&arena, size, 1);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xFF, size);
    }
    assert_null(tn_arena_alloc(&arena, SIZE_MAX / 2, 4));
    tn_arena_fini(&arena);
}

static void vectors_grow(void **state)
{
    tn_mem mem;
    TN_VEC(uint32_t) v = { 0 };
    (void)state;
    tn_mem_init(&mem, NULL);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(tn_vec_reserve(&mem, &v, 1), TENON_OK);
        v.items[v.count++] = i;
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(v.items[i], i);
    tn_vec_fini(&mem, &v);
    assert_null(v.items);
}

/* The allocator sees the size of each block again when it is freed. */
static size_t outstanding;
static void *counting(void *ud, void *p, size_t old_size, size_t new_size)
{
    (void)ud;
    outstanding = outstanding - old_size + new_size;
    if (new_size == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, new_size);
}

static void sizes_are_passed_back(void **state)
{
    tenon_allocator allocator = { .realloc = counting };
    tn_mem mem;
    (void)state;
    tn_mem_init(&mem, &allocator);
    void *p = tn_alloc(&mem, 100);
    p = tn_realloc(&mem, p, 100, 300);
    assert_int_equal(outstanding, 300);
    tn_free(&mem, p, 300);
    assert_int_equal(outstanding, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(sizes_do_not_wrap), cmocka_unit_test(arena_is_zeroed_and_aligned),
                                        cmocka_unit_test(vectors_grow), cmocka_unit_test(sizes_are_passed_back) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
