/* SPDX-License-Identifier: MIT
 * UTF-8 (Unicode 15, table 3-7), for paths and for what terminals see.
 */
#include "hostcalls/wasi.h"

uint8_t tn_wasi_utf8_sequence(uint8_t lead, uint8_t *low, uint8_t *high)
{
    *low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

bool tn_wasi_is_utf8(const uint8_t *s, size_t size)
{
    for (size_t i = 0; i < size;) {
        uint8_t low, high, more = tn_wasi_utf8_sequence(s[i++], &low, &high);
        if (more == 0 || (size_t)more - 1 > size - i)
            return false;
        for (; more > 1; more--, low = 0x80, high = 0xBF)
            if (s[i] < low || s[i++] > high)
                return false;
    }
    return true;
}
