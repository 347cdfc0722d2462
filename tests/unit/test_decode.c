/* SPDX-License-Identifier: MIT */
#include "unit.h"

static tenon_status load(const uint8_t *bytes, size_t size, tenon_error *err)
{
    tenon_engine *engine;
    tenon_module *module;
    assert_int_equal(tenon_engine_new(NULL, &engine), TENON_OK);
    tenon_status status = tenon_module_new(engine, bytes, size, &module, err);
    if (status == TENON_OK)
        tenon_module_delete(module);
    tenon_engine_delete(engine);
    return status;
}

static void refused(const uint8_t *bytes, size_t size, tenon_status status, uint64_t offset, const char *text)
{
    tenon_error err;
    assert_int_equal(load(bytes, size, &err), status);
    assert_int_equal(err.status, status);
    assert_int_equal(err.offset, offset);
    assert_non_null(strstr(err.text, text));
}

static void errors_have_places(void **state)
{
    (void)state;
    refused(BYTES(""), TENON_MALFORMED, 0, "magic header");
    refused(BYTES("\0asm\2\0\0\0"), TENON_MALFORMED, 4, "unknown binary version");
    refused(BYTES(HEADER "\x0e\0"), TENON_MALFORMED, 8, "malformed section id");
    refused(BYTES(HEADER "\1\5\1"), TENON_MALFORMED, 8, "unexpected end");
    refused(BYTES(HEADER "\3\1\0\1\1\0"), TENON_MALFORMED, 11, "out of order");
    refused(BYTES(HEADER "\3\2\1\0"), TENON_INVALID, 11, "unknown type");
    refused(BYTES(HEADER "\1\4\1\x60\0\0\3\2\1\0"), TENON_MALFORMED, 18, "inconsistent lengths");
    refused(BYTES(HEADER "\1\1\0\0"), TENON_MALFORMED, 12, "unexpected end");
    refused(BYTES(HEADER "\1\5\xFF\xFF\xFF\xFF\x0F"), TENON_MALFORMED, 10, "length out of bounds");
}

static void every_prefix_of_a_module_is_refused_or_accepted(void **state)
{
    tenon_error err;
    (void)state;
    for (size_t size = 0; size < sizeof module_small; size++) {
        /* An exact copy, so that a sanitizer sees reads beyond it. */
        uint8_t *copy = malloc(size + 1);
        memcpy(copy, module_small, size);
        load(copy, size, &err);
        free(copy);
    }
    assert_int_equal(load(BUILT(small), &err), TENON_OK);
}

static void one_flipped_bit_is_no_crash(void **state)
{
    uint8_t copy[sizeof module_small];
    tenon_error err;
    (void)state;
    for (size_t bit = 0; bit < sizeof copy * 8; bit++) {
        memcpy(copy, module_small, sizeof copy);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        tenon_status status = load(copy, sizeof copy, &err);
        assert_true(status == TENON_OK || err.text[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(errors_have_places),
                                        cmocka_unit_test(every_prefix_of_a_module_is_refused_or_accepted),
                                        cmocka_unit_test(one_flipped_bit_is_no_crash) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
