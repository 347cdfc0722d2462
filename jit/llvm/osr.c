/* SPDX-License-Identifier: MIT
 * On-stack replacement: a function that is entered at the head of a loop, with its locals and operands in slots.
 *
 * The whole body is built, but nothing leads to its start; what the loop does not lead to goes when LLVM tidies up.
 * Values from before the loop's head must not be named behind it, for they may have come from outside. So locals, and
 * operands below the labels that are opened up to the head, are kept in memory of the frame, which a pass turns into
 * SSA again.
 */
#include "jit/llvm/build.h"

/* In the first block, where LLVM wants what lives as long as the frame. */
static LLVMValueRef new_cell(tn_fn *f, uint8_t type)
{
    LLVMBasicBlockRef here = LLVMGetInsertBlock(f->b), first = LLVMGetEntryBasicBlock(f->function);

    LLVMPositionBuilderBefore(f->b, LLVMGetFirstInstruction(first));
    LLVMValueRef cell = LLVMBuildAlloca(f->b, tn_ir_type(f->u, type), "");
    LLVMPositionBuilderAtEnd(f->b, here);
    return cell;
}

tenon_status tn_osr_begin(tn_fn *f)
{
    f->entry = LLVMGetInsertBlock(f->b);
    f->local_cells = tn_arena_alloc(&f->arena, f->local_count + 1u, sizeof *f->local_cells);
    if (f->local_cells == NULL)
        return TENON_NOMEM;
    for (uint32_t i = 0; i < f->local_count; i++)
        f->local_cells[i] = new_cell(f, f->local_types[i]);
    for (size_t i = 0; i < f->loops.count; i++)
        f->loops.items[i].end = f->loops.items[i].first;
    LLVMPositionBuilderAtEnd(f->b, tn_new_block(f, "start"));
    return TENON_OK;
}

void tn_osr_keep(tn_fn *f, uint32_t height)
{
    if (f->entered == NULL || f->met)
        return;
    for (uint32_t i = height; i > 0 && f->stack.items[i - 1].cell == NULL; i--) {
        tn_operand *o = &f->stack.items[i - 1];
        o->cell = new_cell(f, o->type);
        LLVMBuildStore(f->b, o->value, o->cell);
    }
}

/* A value from the slots; *at moves on. */
static LLVMValueRef take(tn_fn *f, uint32_t *at, uint8_t type)
{
    LLVMValueRef value = tn_load_slot(f->u, LLVMGetParam(f->function, 1), *at, type);

    *at += tn_slots_of(type);
    return value;
}

void tn_osr_meet(tn_fn *f, const tn_label *l)
{
    LLVMBasicBlockRef head = LLVMGetInsertBlock(f->b);
    uint32_t at = 0;

    if (f->entered == NULL || l->loop != f->entered->loop)
        return;
    f->met = true;
    LLVMPositionBuilderAtEnd(f->b, f->entry);
    for (uint32_t i = 0; i < f->local_count; i++)
        LLVMBuildStore(f->b, take(f, &at, f->local_types[i]), f->local_cells[i]);
    for (uint32_t i = 0; i < l->height; i++)
        LLVMBuildStore(f->b, take(f, &at, f->stack.items[i].type), f->stack.items[i].cell);
    for (uint32_t i = l->height; i < f->stack.count; i++) {
        LLVMValueRef value = take(f, &at, f->stack.items[i].type);
        LLVMAddIncoming(l->param_phis[i - l->height], &value, &f->entry, 1);
    }
    LLVMBuildBr(f->b, head);
    LLVMPositionBuilderAtEnd(f->b, head);
}

void tn_osr_end(tn_fn *f)
{
    if (f->met)
        return;
    LLVMPositionBuilderAtEnd(f->b, f->entry);
    LLVMBuildUnreachable(f->b);
}
