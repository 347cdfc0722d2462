/* SPDX-License-Identifier: MIT
 * Readers of immediates, one per shape.
 */
#include "loader/insn.h"

#include "base/assert.h"

static tenon_status unknown_heap(const tn_reader *r, uint64_t offset)
{
    return tn_fail(r->err, TENON_MALFORMED, offset, "malformed heap type");
}

/* The abstract heap type of a one-byte code, or -1. */
static int abstract_heap(uint8_t byte)
{
    static const uint8_t heaps[] = {
        [0x69 - 0x69] = TN_HEAP_EXN,      [0x6A - 0x69] = TN_HEAP_ARRAY,  [0x6B - 0x69] = TN_HEAP_STRUCT,
        [0x6C - 0x69] = TN_HEAP_I31,      [0x6D - 0x69] = TN_HEAP_EQ,     [0x6E - 0x69] = TN_HEAP_ANY,
        [0x6F - 0x69] = TN_HEAP_EXTERN,   [0x70 - 0x69] = TN_HEAP_FUNC,   [0x71 - 0x69] = TN_HEAP_NONE,
        [0x72 - 0x69] = TN_HEAP_NOEXTERN, [0x73 - 0x69] = TN_HEAP_NOFUNC, [0x74 - 0x69] = TN_HEAP_NOEXN,
    };
    return byte >= 0x69 && byte <= 0x74 ? heaps[byte - 0x69] : -1;
}

tenon_status tn_read_heaptype(tn_reader *r, tn_rawtype *out)
{
    uint64_t offset = tn_reader_offset(r);
    int64_t number;

    TN_TRY(tn_read_signed(r, 33, &number));
    if (number >= 0) {
        if (number >= TN_NO_TYPE)
            return tn_fail(r->err, TENON_INVALID, offset, "unknown type %lld", (long long)number);
        *out = TN_REF_TYPE((uint32_t)number);
        return TENON_OK;
    }
    int heap = number >= -64 ? abstract_heap((uint8_t)(number & 0x7F)) : -1;
    if (heap < 0)
        return unknown_heap(r, offset);
    *out = TN_REF_ABSTRACT(heap);
    return TENON_OK;
}

tenon_status tn_read_valtype(tn_reader *r, tn_rawtype *out)
{
    uint64_t offset = tn_reader_offset(r);
    uint8_t byte;

    TN_TRY(tn_read_u8(r, &byte));
    if (byte <= 0x7F && byte >= 0x7B) {
        *out = (tn_rawtype)(TN_I32 + (0x7F - byte));
        return TENON_OK;
    }
    if (byte == 0x63 || byte == 0x64) {
        TN_TRY(tn_read_heaptype(r, out));
        *out |= byte == 0x63 ? TN_NULLABLE : 0;
        return TENON_OK;
    }
    int heap = abstract_heap(byte);
    if (heap < 0)
        return tn_fail(r->err, TENON_MALFORMED, offset, "malformed value type 0x%02x", byte);
    *out = TN_REF_NULL_ABSTRACT(heap);
    return TENON_OK;
}

static tenon_status read_block_type(tn_reader *r, tn_insn *in)
{
    if (r->p == r->end)
        return tn_reader_end(r);
    if (*r->p == 0x40) {
        r->p++;
        in->block_kind = TN_BLOCK_EMPTY;
        return TENON_OK;
    }
    if ((*r->p & 0xC0) == 0x40) {
        in->block_kind = TN_BLOCK_VALUE;
        return tn_read_valtype(r, &in->type);
    }
    uint64_t offset = tn_reader_offset(r);
    int64_t index;
    TN_TRY(tn_read_signed(r, 33, &index));
    if (index < 0)
        return tn_fail(r->err, TENON_MALFORMED, offset, "malformed block type");
    in->block_kind = TN_BLOCK_TYPE;
    in->a = (uint32_t)index;
    return TENON_OK;
}

static tenon_status read_labels(tn_reader *r, tn_insn *in)
{
    uint32_t label;

    TN_TRY(tn_read_count(r, "labels", UINT32_MAX - 1, &in->a));
    in->list = r->p;
    for (uint64_t i = 0; i <= in->a; i++)
        TN_TRY(tn_read_u32(r, &label));
    return TENON_OK;
}

tenon_status tn_read_catch(tn_reader *r, tn_catch *out)
{
    uint64_t offset = tn_reader_offset(r);

    TN_TRY(tn_read_u8(r, &out->kind));
    if (out->kind > 3)
        return tn_fail(r->err, TENON_MALFORMED, offset, "malformed catch clause");
    out->tag = 0;
    if (out->kind < 2)
        TN_TRY(tn_read_u32(r, &out->tag));
    return tn_read_u32(r, &out->label);
}

tenon_status tn_skip_locals(tn_reader *r, uint32_t *count)
{
    uint32_t groups = 0, more = 0;
    tn_rawtype type = 0;

    *count = 0;
    TN_TRY(tn_read_u32(r, &groups));
    for (uint32_t i = 0; i < groups; i++) {
        TN_TRY(tn_read_u32(r, &more));
        TN_TRY(tn_read_valtype(r, &type));
        *count += more;
    }
    return TENON_OK;
}

static tenon_status read_try_table(tn_reader *r, tn_insn *in)
{
    tn_catch clause;
    uint32_t count;

    TN_TRY(read_block_type(r, in));
    TN_TRY(tn_read_count(r, "catch clauses", UINT32_MAX, &count));
    in->b = count;
    in->list = r->p;
    for (uint32_t i = 0; i < count; i++)
        TN_TRY(tn_read_catch(r, &clause));
    return TENON_OK;
}

static tenon_status read_types(tn_reader *r, tn_insn *in)
{
    TN_TRY(tn_read_count(r, "types", UINT32_MAX, &in->a));
    in->list = r->p;
    for (uint32_t i = 0; i < in->a; i++)
        TN_TRY(tn_read_valtype(r, &in->type));
    return TENON_OK;
}

static tenon_status read_memarg(tn_reader *r, tn_insn *in)
{
    uint64_t offset = tn_reader_offset(r);
    uint32_t flags;

    TN_TRY(tn_read_u32(r, &flags));
    if (flags >= 0x80)
        return tn_fail(r->err, TENON_MALFORMED, offset, "malformed memop flags");
    in->a = 0;
    if (flags & 0x40)
        TN_TRY(tn_read_u32(r, &in->a));
    in->align = (uint8_t)(flags & 0x3F);
    return tn_read_u64(r, &in->imm.bits);
}

static tenon_status read_constant(tn_reader *r, unsigned size, tn_insn *in)
{
    const uint8_t *bytes;

    TN_TRY(tn_read_bytes(r, size, &bytes));
    in->imm.bits = 0;
    memcpy(in->imm.bytes, bytes, size);
    return TENON_OK;
}

static tenon_status read_integer(tn_reader *r, unsigned bits, tn_insn *in)
{
    int64_t value;

    TN_TRY(tn_read_signed(r, bits, &value));
    in->imm.bits = bits == 32 ? (uint32_t)value : (uint64_t)value;
    return TENON_OK;
}

static tenon_status read_br_cast(tn_reader *r, tn_insn *in)
{
    uint64_t offset = tn_reader_offset(r);
    uint8_t flags;

    TN_TRY(tn_read_u8(r, &flags));
    if (flags > 3)
        return tn_fail(r->err, TENON_MALFORMED, offset, "malformed cast flags");
    TN_TRY(tn_read_u32(r, &in->a));
    TN_TRY(tn_read_heaptype(r, &in->type));
    TN_TRY(tn_read_heaptype(r, &in->type2));
    in->type |= (flags & 1) ? TN_NULLABLE : 0;
    in->type2 |= (flags & 2) ? TN_NULLABLE : 0;
    return TENON_OK;
}

static tenon_status read_zero(tn_reader *r)
{
    uint64_t offset = tn_reader_offset(r);
    uint8_t byte;

    TN_TRY(tn_read_u8(r, &byte));
    return byte == 0 ? TENON_OK : tn_fail(r->err, TENON_MALFORMED, offset, "zero byte expected");
}

tenon_status tn_insn_read_immediates(tn_reader *r, tn_insn *in)
{
    switch ((tn_imm)tn_op_infos[in->op].imm) {
    case TN_IMM_NONE:
        return TENON_OK;
    case TN_IMM_BLOCK:
        return read_block_type(r, in);
    case TN_IMM_LABELS:
        return read_labels(r, in);
    case TN_IMM_TRY_TABLE:
        return read_try_table(r, in);
    case TN_IMM_TYPES:
        return read_types(r, in);
    case TN_IMM_LABEL:
    case TN_IMM_FUNC:
    case TN_IMM_TYPE:
    case TN_IMM_LOCAL:
    case TN_IMM_GLOBAL:
    case TN_IMM_TABLE:
    case TN_IMM_ELEM:
    case TN_IMM_DATA:
    case TN_IMM_MEM:
    case TN_IMM_TAG:
        return tn_read_u32(r, &in->a);
    case TN_IMM_TYPE_TABLE:
    case TN_IMM_TABLE_TABLE:
    case TN_IMM_ELEM_TABLE:
    case TN_IMM_DATA_MEM:
    case TN_IMM_MEM_MEM:
    case TN_IMM_TYPE_FIELD:
    case TN_IMM_TYPE_COUNT:
    case TN_IMM_TYPE_DATA:
    case TN_IMM_TYPE_ELEM:
    case TN_IMM_TYPE_TYPE:
        TN_TRY(tn_read_u32(r, &in->a));
        return tn_read_u32(r, &in->b);
    case TN_IMM_MEMARG:
        return read_memarg(r, in);
    case TN_IMM_MEMARG_LANE:
        TN_TRY(read_memarg(r, in));
        return tn_read_u8(r, &in->lane);
    case TN_IMM_I32:
        return read_integer(r, 32, in);
    case TN_IMM_I64:
        return read_integer(r, 64, in);
    case TN_IMM_F32:
        return read_constant(r, 4, in);
    case TN_IMM_F64:
        return read_constant(r, 8, in);
    case TN_IMM_V128:
    case TN_IMM_LANES16:
        return read_constant(r, 16, in);
    case TN_IMM_LANE:
        return tn_read_u8(r, &in->lane);
    case TN_IMM_HEAP:
        return tn_read_heaptype(r, &in->type);
    case TN_IMM_BR_CAST:
        return read_br_cast(r, in);
    case TN_IMM_ZERO:
        return read_zero(r);
    }
    TN_ASSERT(!"shape of immediates without a reader");
    return TENON_MALFORMED;
}

tenon_status tn_insn_read_prefixed(tn_reader *r, uint8_t prefix, tn_insn *in)
{
    uint32_t code = 0;

    if (prefix < 0xFB || prefix > 0xFE)
        return tn_fail(r->err, TENON_MALFORMED, in->offset, "illegal opcode 0x%02x", prefix);
    r->p++;
    TN_TRY(tn_read_u32(r, &code));
    if (code < (prefix == 0xFD ? 0x200u : 0x100u))
        in->op = (tn_op)tn_op_at[TN_ENCODING(prefix, code)];
    if (in->op == TN_OP_INVALID)
        return tn_fail(r->err, TENON_MALFORMED, in->offset, "illegal opcode 0x%02x 0x%02x", prefix, (unsigned)code);
    return tn_insn_read_immediates(r, in);
}
