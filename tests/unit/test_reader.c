/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "loader/reader.h"

static tn_reader over(const uint8_t *bytes, size_t size)
{
    return (tn_reader){ .start = bytes, .p = bytes, .end = bytes + size };
}

static void unsigned_numbers(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        tenon_status status;
        uint32_t value;
    } cases[] = {
        { "\x00", 1, TENON_OK, 0 },
        { "\xE5\x8E\x26", 3, TENON_OK, 624485 },
        { "\xFF\xFF\xFF\xFF\x0F", 5, TENON_OK, UINT32_MAX },
        { "\x80\x80\x80\x80\x00", 5, TENON_OK, 0 },
        { "\xFF\xFF\xFF\xFF\x1F", 5, TENON_MALFORMED, 0 },
        { "\x80\x80\x80\x80\x80\x00", 6, TENON_MALFORMED, 0 },
        { "\x80", 1, TENON_MALFORMED, 0 },
        { "", 0, TENON_MALFORMED, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tn_reader r = over((const uint8_t *)cases[i].bytes, cases[i].size);
        uint32_t value = 0;
        assert_int_equal(tn_read_u32(&r, &value), cases[i].status);
        assert_int_equal(value, cases[i].value);
        /* The cursor moves only on success. */
        assert_int_equal(r.p - r.start, cases[i].status == TENON_OK ? cases[i].size : 0);
    }
}

static void signed_numbers(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        unsigned bits;
        tenon_status status;
        int64_t value;
    } cases[] = {
        { "\x7F", 1, 32, TENON_OK, -1 },
        { "\x80\x7F", 2, 32, TENON_OK, -128 },
        { "\xFF\xFF\xFF\xFF\x07", 5, 32, TENON_OK, INT32_MAX },
        { "\x80\x80\x80\x80\x78", 5, 32, TENON_OK, INT32_MIN },
        { "\x80\x80\x80\x80\x70", 5, 32, TENON_MALFORMED, 0 },
        { "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7F", 10, 64, TENON_OK, INT64_MIN },
        { "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7E", 10, 64, TENON_MALFORMED, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tn_reader r = over((const uint8_t *)cases[i].bytes, cases[i].size);
        int64_t value = 0;
        assert_int_equal(tn_read_signed(&r, cases[i].bits, &value), cases[i].status);
        assert_true(value == cases[i].value);
    }
}

static void counts_are_compared_with_what_is_left(void **state)
{
    tenon_error err;
    tn_reader r = over(BYTES("\xFF\xFF\xFF\xFF\x0F"));
    uint32_t count = 0;
    (void)state;
    tn_error_clear(&err);
    r.err = &err;
    assert_int_equal(tn_read_count(&r, "things", UINT32_MAX, &count), TENON_MALFORMED);
    assert_non_null(strstr(err.text, "length out of bounds"));
    assert_int_equal(err.offset, 0);
}

static void names_are_utf8(void **state)
{
    tn_reader r = over(BYTES("\2\xC3\xA9"));
    tenon_name name;
    (void)state;
    assert_int_equal(tn_read_name(&r, &name), TENON_OK);
    assert_int_equal(name.size, 2);
    r = over(BYTES("\2\xC3\x28"));
    assert_int_equal(tn_read_name(&r, &name), TENON_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(unsigned_numbers), cmocka_unit_test(signed_numbers),
                                        cmocka_unit_test(counts_are_compared_with_what_is_left),
                                        cmocka_unit_test(names_are_utf8) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
