/* SPDX-License-Identifier: MIT
 * A table-free UTF-8 check: the first continuation byte's range depends on the lead byte, the others are 80..BF.
 */
#include "base/utf8.h"

/* Number of continuation bytes of a lead byte and the range of the first; -1 for a byte that cannot lead. */
static int lead(uint8_t byte, uint8_t *low, uint8_t *high)
{
    *low = 0x80;
    *high = 0xBF;
    if (byte < 0x80)
        return 0;
    if (byte >= 0xC2 && byte <= 0xDF)
        return 1;
    if (byte >= 0xE0 && byte <= 0xEF) {
        if (byte == 0xE0)
            *low = 0xA0;
        if (byte == 0xED)
            *high = 0x9F;
        return 2;
    }
    if (byte >= 0xF0 && byte <= 0xF4) {
        if (byte == 0xF0)
            *low = 0x90;
        if (byte == 0xF4)
            *high = 0x8F;
        return 3;
    }
    return -1;
}

bool tn_utf8_valid(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size;) {
        uint8_t low, high;
        int more = lead(bytes[i++], &low, &high);

        if (more < 0 || (size_t)more > size - i)
            return false;
        for (; more > 0; more--, i++) {
            if (bytes[i] < low || bytes[i] > high)
                return false;
            low = 0x80;
            high = 0xBF;
        }
    }
    return true;
}
