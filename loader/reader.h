/* SPDX-License-Identifier: MIT
 * A bounded cursor over the bytes of a module; the only LEB128 readers in the house (specification 5.2). The cursor
 * moves only on success, and every failure names its byte.
 */
#ifndef TN_LOADER_READER_H
#define TN_LOADER_READER_H

#include <stddef.h>
#include <string.h>

#include "base/status.h"
#include "tenon.h"

typedef struct tn_reader {
    const uint8_t *start; /* of the module: offsets count from here */
    const uint8_t *p, *end;
    tenon_error *err;
} tn_reader;

TN_INLINE uint64_t tn_reader_offset(const tn_reader *r)
{
    return (uint64_t)(r->p - r->start);
}
TN_INLINE size_t tn_reader_left(const tn_reader *r)
{
    return (size_t)(r->end - r->p);
}

tenon_status tn_reader_end(const tn_reader *r);
tenon_status tn_read_u32_slow(tn_reader *r, uint32_t *out);
tenon_status tn_read_u64_slow(tn_reader *r, uint64_t *out);
/* A signed number of `bits` bits (32, 33 or 64). */
tenon_status tn_read_signed_slow(tn_reader *r, unsigned bits, int64_t *out);

TN_INLINE tenon_status tn_read_u8(tn_reader *r, uint8_t *out)
{
    if (TN_UNLIKELY(r->p == r->end))
        return tn_reader_end(r);
    *out = *r->p++;
    return TENON_OK;
}
TN_INLINE tenon_status tn_read_u32(tn_reader *r, uint32_t *out)
{
    if (TN_LIKELY(r->p != r->end && *r->p < 0x80)) {
        *out = *r->p++;
        return TENON_OK;
    }
    return tn_read_u32_slow(r, out);
}
TN_INLINE tenon_status tn_read_u64(tn_reader *r, uint64_t *out)
{
    if (TN_LIKELY(r->p != r->end && *r->p < 0x80)) {
        *out = *r->p++;
        return TENON_OK;
    }
    return tn_read_u64_slow(r, out);
}
TN_INLINE tenon_status tn_read_signed(tn_reader *r, unsigned bits, int64_t *out)
{
    if (TN_LIKELY(r->p != r->end && *r->p < 0x80)) {
        *out = (int64_t)((uint64_t)*r->p++ << 57) >> 57;
        return TENON_OK;
    }
    return tn_read_signed_slow(r, bits, out);
}
/* Takes size bytes. */
TN_INLINE tenon_status tn_read_bytes(tn_reader *r, size_t size, const uint8_t **out)
{
    if (TN_UNLIKELY(size > tn_reader_left(r)))
        return tn_reader_end(r);
    *out = r->p;
    r->p += size;
    return TENON_OK;
}
/* A count of items of at least one byte each: compared with the bytes that are left before anyone reserves for it. */
tenon_status tn_read_count(tn_reader *r, const char *what, uint32_t limit, uint32_t *out);
/* A name (5.2.4): UTF-8 is checked. */
tenon_status tn_read_name(tn_reader *r, tenon_name *out);

#endif
