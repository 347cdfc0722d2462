/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/status.h"

static void first_error_wins(void **state)
{
    tenon_error err;
    (void)state;
    tn_error_clear(&err);
    assert_int_equal(tn_fail(&err, TENON_INVALID, 7, "one %d", 1), TENON_INVALID);
    assert_int_equal(tn_fail(&err, TENON_LINK, 9, "two"), TENON_LINK);
    assert_int_equal(err.status, TENON_INVALID);
    assert_int_equal(err.offset, 7);
    assert_string_equal(err.text, "one 1");
}

static void null_is_allowed(void **state)
{
    (void)state;
    tn_error_clear(NULL);
    assert_int_equal(tn_fail(NULL, TENON_LIMIT, 0, "x"), TENON_LIMIT);
    assert_int_equal(tn_fail_trap(NULL, TENON_TRAP_UNREACHABLE), TENON_TRAP);
}

static void texts_exist(void **state)
{
    (void)state;
    assert_string_equal(tenon_status_text(TENON_NOMEM), "out of memory");
    assert_string_equal(tenon_trap_text(TENON_TRAP_MEMORY_BOUNDS), "out of bounds memory access");
    assert_string_equal(tenon_status_text((tenon_status)999), "unknown status");
    assert_null(tenon_feature_text(TENON_FEATURE_COUNT));
    assert_true(tenon_features_standard() >> TENON_FEATURE_GC & 1);
    assert_false(tenon_features_standard() >> TENON_FEATURE_THREADS & 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(first_error_wins), cmocka_unit_test(null_is_allowed),
                                        cmocka_unit_test(texts_exist) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
