/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/os/os.h"

static void reserves_and_commits(void **state)
{
    size_t page = tn_os_page_size();
    uint8_t *p = tn_os_reserve(16 * page);
    (void)state;
    assert_non_null(p);
    assert_true(tn_os_commit(p, 2 * page));
    p[0] = p[2 * page - 1] = 1;
    assert_true(tn_os_commit(p, 0));
    tn_os_release(p, 16 * page);
    assert_null(tn_os_reserve((size_t)1 << 62));
}

static void clock_and_stack(void **state)
{
    uint64_t before = tn_os_now();
    (void)state;
    assert_true(tn_os_now() >= before);
    assert_true(tn_os_stack_limit() < (uintptr_t)__builtin_frame_address(0));
    assert_true(tn_os_stack_limit() > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(reserves_and_commits), cmocka_unit_test(clock_and_stack) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
