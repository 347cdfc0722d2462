/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/utf8.h"

/* The definition, spelt out: decode and compare with the shortest encoding. */
static bool by_definition(const uint8_t *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t c = s[i];
        size_t more = c < 0x80 ? 0 : (c & 0xE0) == 0xC0 ? 1 : (c & 0xF0) == 0xE0 ? 2 : (c & 0xF8) == 0xF0 ? 3 : 9;
        if (more == 9 || i + more >= n)
            return false;
        c &= more == 0 ? 0x7F : 0x3F >> more;
        for (size_t k = 1; k <= more; k++) {
            if ((s[i + k] & 0xC0) != 0x80)
                return false;
            c = c << 6 | (s[i + k] & 0x3F);
        }
        static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
        if (c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
            return false;
        i += more + 1;
    }
    return true;
}

static void agrees_with_the_definition(void **state)
{
    uint8_t s[4];
    (void)state;
    for (uint32_t a = 0; a < 256; a++)
        for (uint32_t b = 0; b < 256; b++) {
            s[0] = (uint8_t)a, s[1] = (uint8_t)b, s[2] = 0x80, s[3] = 0xBF;
            for (size_t n = 0; n <= 4; n++)
                assert_int_equal(tn_utf8_valid(s, n), by_definition(s, n));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(agrees_with_the_definition) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
