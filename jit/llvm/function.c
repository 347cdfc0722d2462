/* SPDX-License-Identifier: MIT
 * A function from its prologue to its end, and what all instructions share: operands, places, traps.
 */
#include <stdio.h>

#include "base/assert.h"
#include "jit/llvm/build.h"

/* What a frame may take: every value that is alive at once, and what LLVM computes besides. Frames up to the last have
 * room in the reserve below the limit. */
#define BYTES_PER_VALUE     16
#define BYTES_PER_BODY_BYTE 4
#define SMALL_FRAME         ((uint64_t)32 << 10)

/* ---- operands ---- */

uint8_t tn_small_type(tn_valtype t)
{
    return tn_is_ref(t) ? TN_I64 : (uint8_t)t;
}

tenon_status tn_push(tn_fn *f, uint8_t type, LLVMValueRef value)
{
    TN_TRY(tn_vec_reserve(f->u->job->mem, &f->stack, 1));
    f->stack.items[f->stack.count++] = (tn_operand){ .value = value, .type = type };
    if (f->stack.count > f->most_values)
        f->most_values = f->stack.count;
    return TENON_OK;
}

LLVMValueRef tn_peek(tn_fn *f, size_t depth)
{
    const tn_operand *o = &f->stack.items[f->stack.count - 1 - depth];

    return o->cell == NULL ? o->value : LLVMBuildLoad2(f->b, tn_ir_type(f->u, o->type), o->cell, "");
}

LLVMValueRef tn_pop(tn_fn *f)
{
    LLVMValueRef value = tn_peek(f, 0);

    f->stack.count--;
    return value;
}

LLVMValueRef tn_get_local(tn_fn *f, uint32_t local)
{
    if (f->local_cells == NULL)
        return f->locals[local];
    return LLVMBuildLoad2(f->b, tn_ir_type(f->u, f->local_types[local]), f->local_cells[local], "");
}

void tn_set_local(tn_fn *f, uint32_t local, LLVMValueRef value)
{
    if (f->local_cells != NULL) {
        LLVMBuildStore(f->b, value, f->local_cells[local]);
        return;
    }
    /* Room was made when the instruction began. */
    f->log.items[f->log.count++] = (tn_assignment){ local, f->locals[local] };
    f->locals[local] = value;
}

LLVMBasicBlockRef tn_new_block(tn_fn *f, const char *name)
{
    return LLVMAppendBasicBlockInContext(f->u->context, f->function, name);
}

void tn_set_dead(tn_fn *f)
{
    f->dead = true;
    f->dead_depth = 0;
}

/* ---- places and traps ---- */

void tn_locate(tn_fn *f)
{
    if (f->located == f->in.offset + 1)
        return;
    f->located = f->in.offset + 1;
    LLVMSetCurrentDebugLocation2(
        f->b, LLVMDIBuilderCreateDebugLocation(f->u->context, (unsigned)f->in.offset, 0, f->scope, NULL));
}

/* An instruction that the CPU refuses carries the trap in itself; where nobody handles signals, a call does. */
void tn_build_trap(tn_fn *f, tenon_trap trap)
{
    LLVMValueRef kind = LLVMConstInt(f->u->t.i8, trap, false);

    tn_locate(f);
    if (f->u->job->bounds == TENON_BOUNDS_CHECKED) {
        tn_build_exit(f, TN_EXIT_TRAP, tn_i64(f->u, trap), tn_i64(f->u, 0), false);
    } else {
        LLVMValueRef call = tn_intrinsic(f->u, "llvm.ubsantrap", NULL, 0, &kind, 1);
        tn_add_attribute(f->u, call, "nomerge");
    }
    LLVMBuildUnreachable(f->b);
}

void tn_trap_if(tn_fn *f, LLVMValueRef condition, tenon_trap trap)
{
    LLVMBasicBlockRef out = tn_new_block(f, "trap"), on = tn_new_block(f, "");

    LLVMSetMetadata(LLVMBuildCondBr(f->b, condition, out, on), f->u->md_prof, f->u->unlikely);
    LLVMPositionBuilderAtEnd(f->b, out);
    tn_build_trap(f, trap);
    LLVMPositionBuilderAtEnd(f->b, on);
}

void tn_trap_with(tn_fn *f, LLVMValueRef trap)
{
    LLVMBasicBlockRef out = tn_new_block(f, "trap"), on = tn_new_block(f, "");
    LLVMValueRef none = LLVMConstInt(LLVMTypeOf(trap), TENON_TRAP_NONE, false);
    LLVMValueRef trapped = LLVMBuildICmp(f->b, LLVMIntNE, trap, none, "");

    LLVMSetMetadata(LLVMBuildCondBr(f->b, trapped, out, on), f->u->md_prof, f->u->unlikely);
    LLVMPositionBuilderAtEnd(f->b, out);
    tn_build_exit(f, TN_EXIT_TRAP, LLVMBuildZExt(f->b, trap, f->u->t.i64, ""), tn_i64(f->u, 0), false);
    LLVMBuildUnreachable(f->b);
    LLVMPositionBuilderAtEnd(f->b, on);
}

tenon_status tn_build_leaf(tn_fn *f, unsigned leaf, LLVMValueRef *args, unsigned count)
{
    tn_locate(f);
    tn_trap_with(f, tn_call_leaf(f->u, f->vmctx, leaf, f->u->t.i32, args, count));
    return TENON_OK;
}

LLVMValueRef tn_is_null(tn_fn *f, LLVMValueRef reference)
{
    return LLVMBuildICmp(f->b, LLVMIntEQ, reference, tn_i64(f->u, 0), "");
}

LLVMValueRef tn_as_i64(tn_fn *f, LLVMValueRef v)
{
    return LLVMTypeOf(v) == f->u->t.i64 ? v : LLVMBuildZExt(f->b, v, f->u->t.i64, "");
}

/* ---- the frame ---- */

static LLVMValueRef zero_of(const tn_unit *u, uint8_t type)
{
    return LLVMConstNull(tn_ir_type(u, type));
}

static tenon_status read_locals(tn_fn *f, LLVMValueRef *params)
{
    uint32_t count = 0, groups = 0, index = 0;
    tn_rawtype raw = 0;
    tn_reader ahead = f->r;

    TN_TRY(tn_skip_locals(&ahead, &count));
    f->local_count = f->type->param_count + count;
    f->locals = tn_arena_alloc(&f->arena, f->local_count, sizeof *f->locals);
    f->local_types = tn_arena_alloc(&f->arena, f->local_count, 1);
    f->local_marks = tn_arena_alloc(&f->arena, f->local_count, sizeof *f->local_marks);
    f->local_places = tn_arena_alloc(&f->arena, f->local_count, sizeof *f->local_places);
    if (f->locals == NULL || f->local_types == NULL || f->local_marks == NULL || f->local_places == NULL)
        return TENON_NOMEM;
    for (; index < f->type->param_count; index++) {
        f->local_types[index] = tn_small_type(f->type->types[index]);
        f->locals[index] = f->entered == NULL ? params[index] : zero_of(f->u, f->local_types[index]);
    }
    TN_TRY(tn_read_u32(&f->r, &groups));
    for (uint32_t i = 0; i < groups; i++) {
        tn_valtype type;
        TN_TRY(tn_read_u32(&f->r, &count));
        TN_TRY(tn_read_valtype(&f->r, &raw));
        uint8_t small = tn_module_resolve(f->m, raw, &type) ? tn_small_type(type) : TN_I64;
        for (; count > 0; count--, index++) {
            f->local_types[index] = small;
            f->locals[index] = zero_of(f->u, small);
        }
    }
    return TENON_OK;
}

/* Compares the frame with the limit; how much room it needs is known only when the body is built. */
static void check_stack(tn_fn *f)
{
    tn_unit *u = f->u;
    LLVMValueRef zero = tn_i32(u, 0), frame = tn_intrinsic(u, "llvm.frameaddress", &u->t.ptr, 1, &zero, 1);
    LLVMValueRef at = LLVMBuildPtrToInt(f->b, frame, u->t.i64, "");
    LLVMValueRef limit =
        tn_load_field(u, u->t.i64, f->vmctx, offsetof(tenon_instance, native_limit), TN_ALIAS_CONSTANT);

    f->room = LLVMBuildAdd(f->b, limit, tn_i64(u, 0), "");
    TN_CHECK(LLVMIsAInstruction(f->room) != NULL && f->room != limit);
    f->is_exhausted = LLVMBuildICmp(f->b, LLVMIntULT, at, f->room, "");
    tn_trap_if(f, f->is_exhausted, TENON_TRAP_STACK_EXHAUSTED);
}

/* A function that calls nothing and has a small frame has room in the reserve. */
static void finish_stack_check(tn_fn *f, uint32_t body_size)
{
    uint64_t frame = (f->most_values + f->local_count) * BYTES_PER_VALUE + (uint64_t)body_size * BYTES_PER_BODY_BYTE;

    if (frame > SMALL_FRAME)
        LLVMSetOperand(f->room, 1, tn_i64(f->u, frame));
    else if (!f->calls)
        LLVMReplaceAllUsesWith(f->is_exhausted, LLVMConstInt(f->u->t.i1, 0, false));
}

static void describe(tn_fn *f, uint32_t own, uint64_t offset)
{
    char name[16];
    int size = snprintf(name, sizeof name, "f%u", (unsigned)own);

    f->scope = LLVMDIBuilderCreateFunction(f->u->debug, f->u->debug_file, name, (size_t)size, name, (size_t)size,
                                           f->u->debug_file, (unsigned)offset, f->u->debug_type, false, true,
                                           (unsigned)offset, LLVMDIFlagZero, true);
    LLVMSetSubprogram(f->function, f->scope);
    f->in.offset = offset;
}

static tenon_status build_insn(tn_fn *f)
{
    TN_TRY(tn_vec_reserve(f->u->job->mem, &f->log, 1));
    if (f->dead || tn_is_control(f->in.op))
        return tn_build_control(f);
    tenon_status status = tn_build_numeric(f);
    if (status == TENON_UNSUPPORTED)
        status = tn_build_memory(f);
    if (status == TENON_UNSUPPORTED)
        status = tn_build_table(f);
    if (status != TENON_UNSUPPORTED)
        return status;
    /* What this tier does not know yet ends the guest that reaches it. */
    tn_build_trap(f, TENON_TRAP_UNSUPPORTED);
    tn_set_dead(f);
    return TENON_OK;
}

/* The segment behind the instruction at this offset is paid for. Volatile: what is left must be right at each trap. */
static void charge_behind(tn_fn *f, uint64_t offset)
{
    tn_unit *u = f->u;
    uint64_t cost = f->fuel.charges.count > 0 ? tn_fuel_behind(&f->fuel, offset) : 0;

    if (cost == 0 || f->dead || f->labels.count == 0)
        return;
    LLVMBasicBlockRef empty = tn_new_block(f, "empty"), pay = tn_new_block(f, "pay"), on = tn_new_block(f, "");
    LLVMValueRef fuel = tn_load_field(u, u->t.ptr, f->vmctx, offsetof(tenon_instance, fuel), TN_ALIAS_CONSTANT);
    LLVMValueRef have = LLVMBuildLoad2(f->b, u->t.i64, fuel, "");
    LLVMSetVolatile(have, true);
    LLVMValueRef lacks = LLVMBuildICmp(f->b, LLVMIntULT, have, tn_i64(u, cost), "");
    LLVMSetMetadata(LLVMBuildCondBr(f->b, lacks, empty, pay), u->md_prof, u->unlikely);
    LLVMPositionBuilderAtEnd(f->b, empty);
    tn_build_exit(f, TN_EXIT_FUEL, tn_i64(u, cost), tn_i64(u, 0), false);
    LLVMBuildBr(f->b, on);
    LLVMPositionBuilderAtEnd(f->b, pay);
    LLVMSetVolatile(LLVMBuildStore(f->b, LLVMBuildSub(f->b, have, tn_i64(u, cost), ""), fuel), true);
    LLVMBuildBr(f->b, on);
    LLVMPositionBuilderAtEnd(f->b, on);
}

static tenon_status build_insns(tn_fn *f, uint32_t own)
{
    if (f->u->job->metered)
        TN_TRY(tn_fuel_plan_make(&f->fuel, f->m, own, f->u->job->mem));
    charge_behind(f, TN_FUEL_ENTRY);
    while (f->labels.count > 0) {
        TN_TRY(tn_insn_read(&f->r, &f->in));
        TN_TRY(build_insn(f));
        charge_behind(f, f->in.offset);
    }
    return TENON_OK;
}

static tenon_status build_body(tn_fn *f, uint32_t own)
{
    tn_range body = f->m->bodies[own];
    LLVMValueRef *params = tn_arena_alloc(&f->arena, f->type->param_count + 1u, sizeof *params);

    if (params == NULL)
        return TENON_NOMEM;
    LLVMPositionBuilderAtEnd(f->b, tn_new_block(f, "entry"));
    f->vmctx = LLVMGetParam(f->function, 0);
    tn_locate(f);
    f->buffer = tn_load_field(f->u, f->u->t.ptr, f->vmctx, offsetof(tenon_instance, buffer), TN_ALIAS_CONSTANT);
    if (f->entered == NULL)
        tn_take_parameters(f->u, f->type, f->function, f->buffer, params);
    TN_TRY(read_locals(f, params));
    TN_TRY(tn_scan_body(f));
    check_stack(f);
    if (f->u->job->bounds == TENON_BOUNDS_GUARDED && f->m->memory_count > 0)
        f->memory0 = tn_load_field(f->u, f->u->t.ptr, f->vmctx, offsetof(tenon_instance, memory0), TN_ALIAS_CONSTANT);
    if (f->entered != NULL)
        TN_TRY(tn_osr_begin(f));
    TN_TRY(tn_open_body(f));
    TN_TRY(build_insns(f, own));
    if (f->entered != NULL)
        tn_osr_end(f);
    finish_stack_check(f, body.size);
    return TENON_OK;
}

static tenon_status build(tn_unit *u, uint32_t own, LLVMValueRef function, const tn_loop_ref *entered)
{
    const tn_module *m = u->job->module;
    tn_mem *mem = u->job->mem;
    tn_fn f = { .u = u,
                .b = u->builder,
                .m = m,
                .type = tn_module_func_type(m, m->imported_funcs + own),
                .function = function,
                .entered = entered };

    tn_arena_init(&f.arena, mem);
    f.r = tn_module_reader(m, m->bodies[own], NULL);
    describe(&f, own, m->bodies[own].offset);
    tenon_status status = build_body(&f, own);
    LLVMSetCurrentDebugLocation2(u->builder, NULL);
    tn_vec_fini(mem, &f.stack);
    tn_vec_fini(mem, &f.labels);
    tn_vec_fini(mem, &f.log);
    tn_vec_fini(mem, &f.loops);
    tn_vec_fini(mem, &f.loop_locals);
    tn_fuel_plan_fini(&f.fuel, mem);
    tn_arena_fini(&f.arena);
    return status;
}

tenon_status tn_build_function(tn_unit *u, uint32_t own)
{
    return build(u, own, tn_declare_function(u, u->job->module->imported_funcs + own), NULL);
}

tenon_status tn_build_loop(tn_unit *u, uint32_t index)
{
    const tn_loop_ref *loop = &u->job->loops[index];

    return build(u, loop->own, tn_declare_loop(u, index), loop);
}
