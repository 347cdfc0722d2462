/* SPDX-License-Identifier: MIT
 * Constant expressions (specification 3.4.16): a stack machine over checked bytes. The stack is bounded by the size of
 * the expression; deep ones take theirs from the engine's allocator.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/runtime.h"

#define SMALL_STACK 16

static void binary(tn_op op, tn_value *a, const tn_value *b)
{
    tn_slot *x = &a->slot[0];
    const tn_slot *y = &b->slot[0];
    uint32_t i32 = x->i32;
    uint64_t i64 = x->i64;

    switch (op) {
    case TN_OP_I32_ADD:
        tn_num_I32_ADD(i32, y->i32, &i32);
        break;
    case TN_OP_I32_SUB:
        tn_num_I32_SUB(i32, y->i32, &i32);
        break;
    case TN_OP_I32_MUL:
        tn_num_I32_MUL(i32, y->i32, &i32);
        break;
    case TN_OP_I64_ADD:
        tn_num_I64_ADD(i64, y->i64, &i64);
        break;
    case TN_OP_I64_SUB:
        tn_num_I64_SUB(i64, y->i64, &i64);
        break;
    default:
        tn_num_I64_MUL(i64, y->i64, &i64);
        break;
    }
    x->i64 = op == TN_OP_I32_ADD || op == TN_OP_I32_SUB || op == TN_OP_I32_MUL ? i32 : i64;
}

static tenon_status step(tenon_instance *instance, const tn_insn *in, tn_value *stack, size_t *depth, tenon_error *err)
{
    tn_value *top = &stack[*depth];

    switch (in->op) {
    case TN_OP_I32_CONST:
    case TN_OP_I64_CONST:
    case TN_OP_F32_CONST:
    case TN_OP_F64_CONST:
        *top = (tn_value){ .slot = { { .i64 = in->imm.bits } } };
        break;
    case TN_OP_V128_CONST:
        memcpy(top, in->imm.bytes, 16);
        break;
    case TN_OP_REF_NULL:
        *top = (tn_value){ .slot = { { .ref = 0 } } };
        break;
    case TN_OP_REF_FUNC:
        *top = (tn_value){ .slot = { { .ref = (uintptr_t)tn_instance_func(instance, in->a) } } };
        break;
    case TN_OP_GLOBAL_GET:
        *top = *instance->globals[in->a];
        break;
    case TN_OP_I32_ADD:
    case TN_OP_I32_SUB:
    case TN_OP_I32_MUL:
    case TN_OP_I64_ADD:
    case TN_OP_I64_SUB:
    case TN_OP_I64_MUL:
        binary(in->op, top - 2, top - 1);
        *depth -= 1;
        return TENON_OK;
    default:
        return tn_fail(err, TENON_UNSUPPORTED, in->offset, "%s is not supported in a constant expression yet",
                       tn_op_infos[in->op].text);
    }
    *depth += 1;
    return TENON_OK;
}

static tenon_status evaluate(tenon_instance *instance, tn_reader *r, tn_value *stack, tn_value *out, tenon_error *err)
{
    tn_insn in = { .op = TN_OP_INVALID };
    size_t depth = 0;

    for (;;) {
        TN_TRY(tn_insn_read(r, &in));
        if (in.op == TN_OP_END)
            break;
        TN_TRY(step(instance, &in, stack, &depth, err));
    }
    *out = stack[0];
    return TENON_OK;
}

/* Instructions that push, up to the end. */
static size_t depth_bound(tn_reader r)
{
    tn_insn in = { .op = TN_OP_INVALID };
    size_t count = 1;

    while (tn_insn_read(&r, &in) == TENON_OK && in.op != TN_OP_END)
        count++;
    return count;
}

tenon_status tn_constant(tenon_instance *instance, tn_range expr, tn_value *out, tenon_error *err)
{
    tn_mem *mem = &instance->store->engine->mem;
    tn_reader r = tn_module_reader(&instance->module->core, expr, err);
    size_t bound = depth_bound(r);
    tn_value small[SMALL_STACK], *stack = small;

    if (bound > SMALL_STACK) {
        stack = tn_alloc(mem, bound * sizeof *stack);
        if (stack == NULL)
            return tn_fail_plain(err, TENON_NOMEM, "out of memory in a constant expression");
    }
    tenon_status status = evaluate(instance, &r, stack, out, err);
    if (stack != small)
        tn_free(mem, stack, bound * sizeof *stack);
    return status;
}
