/* SPDX-License-Identifier: MIT
 * The long forms of LEB128, counts and names.
 */
#include "loader/reader.h"

#include "base/utf8.h"

tenon_status tn_reader_end(const tn_reader *r)
{
    return tn_fail(r->err, TENON_MALFORMED, (uint64_t)(r->end - r->start), "unexpected end");
}

static tenon_status too_long(const tn_reader *r)
{
    return tn_fail(r->err, TENON_MALFORMED, tn_reader_offset(r), "integer representation too long");
}

static tenon_status too_large(const tn_reader *r)
{
    return tn_fail(r->err, TENON_MALFORMED, tn_reader_offset(r), "integer too large");
}

static tenon_status read_unsigned(tn_reader *r, unsigned bits, uint64_t *out)
{
    uint64_t value = 0;
    unsigned shift = 0, max = (bits + 6) / 7;

    for (const uint8_t *p = r->p;; shift += 7) {
        if (p == r->end)
            return tn_reader_end(r);
        uint8_t byte = *p++;
        if ((size_t)(p - r->p) == max) {
            if (byte & 0x80)
                return too_long(r);
            if (byte >> (bits - shift))
                return too_large(r);
        }
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            r->p = p;
            *out = value;
            return TENON_OK;
        }
    }
}

tenon_status tn_read_u32_slow(tn_reader *r, uint32_t *out)
{
    uint64_t value;

    TN_TRY(read_unsigned(r, 32, &value));
    *out = (uint32_t)value;
    return TENON_OK;
}

tenon_status tn_read_u64_slow(tn_reader *r, uint64_t *out)
{
    return read_unsigned(r, 64, out);
}

tenon_status tn_read_signed_slow(tn_reader *r, unsigned bits, int64_t *out)
{
    uint64_t value = 0;
    unsigned shift = 0, max = (bits + 6) / 7;

    for (const uint8_t *p = r->p;;) {
        if (p == r->end)
            return tn_reader_end(r);
        uint8_t byte = *p++;
        if ((size_t)(p - r->p) == max) {
            /* The bits above the sign bit must repeat it. */
            uint8_t high = (uint8_t)(0x7F << (bits - shift - 1)) & 0x7F;
            if (byte & 0x80)
                return too_long(r);
            if ((byte & high) != 0 && (byte & high) != high)
                return too_large(r);
        }
        value |= (uint64_t)(byte & 0x7F) << shift;
        shift += 7;
        if (!(byte & 0x80)) {
            if (shift < 64 && (byte & 0x40))
                value |= ~(uint64_t)0 << shift;
            r->p = p;
            *out = (int64_t)value;
            return TENON_OK;
        }
    }
}

tenon_status tn_read_count(tn_reader *r, const char *what, uint32_t limit, uint32_t *out)
{
    uint64_t offset = tn_reader_offset(r);
    uint32_t count;

    TN_TRY(tn_read_u32(r, &count));
    if (count > tn_reader_left(r))
        return tn_fail(r->err, TENON_MALFORMED, offset, "length out of bounds: %u %s in %zu bytes", (unsigned)count,
                       what, tn_reader_left(r));
    if (count > limit)
        return tn_fail(r->err, TENON_LIMIT, offset, "too many %s: %u, the limit is %u", what, (unsigned)count,
                       (unsigned)limit);
    *out = count;
    return TENON_OK;
}

tenon_status tn_read_name(tn_reader *r, tenon_name *out)
{
    uint64_t offset = tn_reader_offset(r);
    const uint8_t *bytes;
    uint32_t size;

    TN_TRY(tn_read_u32(r, &size));
    if (size > tn_reader_left(r))
        return tn_fail(r->err, TENON_MALFORMED, offset, "length out of bounds: a name of %u bytes", (unsigned)size);
    TN_TRY(tn_read_bytes(r, size, &bytes));
    if (!tn_utf8_valid(bytes, size))
        return tn_fail(r->err, TENON_MALFORMED, offset, "malformed UTF-8 encoding");
    *out = (tenon_name){ (const char *)bytes, size };
    return TENON_OK;
}
