/* SPDX-License-Identifier: MIT
 * A unit: an LLVM context from its making to its object file, and the small words that all builders share.
 */
#include <llvm-c/Analysis.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "jit/llvm/versions.h"
#include "runtime/vm/vmctx.h"

/* ---- words ---- */

LLVMValueRef tn_i32(const tn_unit *u, uint32_t n)
{
    return LLVMConstInt(u->t.i32, n, false);
}

LLVMValueRef tn_i64(const tn_unit *u, uint64_t n)
{
    return LLVMConstInt(u->t.i64, n, false);
}

LLVMValueRef tn_at(tn_unit *u, LLVMValueRef base, size_t offset)
{
    LLVMValueRef index = tn_i64(u, offset);

    return offset == 0 ? base : LLVMBuildGEP2(u->builder, u->t.i8, base, &index, 1, "");
}

void tn_set_alias(const tn_unit *u, LLVMValueRef access, tn_alias alias)
{
    LLVMSetMetadata(access, u->md_alias, u->alias_tags[alias]);
    if (alias == TN_ALIAS_CONSTANT)
        LLVMSetMetadata(access, u->md_invariant, u->empty_node);
}

LLVMValueRef tn_load_field(tn_unit *u, LLVMTypeRef type, LLVMValueRef base, size_t offset, tn_alias alias)
{
    LLVMValueRef load = LLVMBuildLoad2(u->builder, type, tn_at(u, base, offset), "");

    tn_set_alias(u, load, alias);
    return load;
}

LLVMValueRef tn_intrinsic(tn_unit *u, const char *name, LLVMTypeRef *types, unsigned type_count, LLVMValueRef *args,
                          unsigned arg_count)
{
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMValueRef declaration = LLVMGetIntrinsicDeclaration(u->module, id, types, type_count);

    return LLVMBuildCall2(u->builder, LLVMGlobalGetValueType(declaration), declaration, args, arg_count, "");
}

LLVMValueRef tn_call_leaf(tn_unit *u, LLVMValueRef vmctx, unsigned builtin, LLVMTypeRef result, LLVMValueRef *args,
                          unsigned count)
{
    LLVMTypeRef types[8];
    LLVMValueRef all[8];

    TN_CHECK(count < 8);
    types[0] = u->t.ptr;
    all[0] = vmctx;
    for (unsigned i = 0; i < count; i++) {
        types[i + 1] = LLVMTypeOf(args[i]);
        all[i + 1] = args[i];
    }
    LLVMValueRef leaves = tn_load_field(u, u->t.ptr, vmctx, offsetof(tenon_instance, leaves), TN_ALIAS_CONSTANT);
    LLVMValueRef leaf = tn_load_field(u, u->t.ptr, leaves, builtin * sizeof(void *), TN_ALIAS_CONSTANT);
    LLVMValueRef call =
        LLVMBuildCall2(u->builder, LLVMFunctionType(result, types, count + 1, false), leaf, all, count + 1, "");
    tn_add_attribute(u, call, "nounwind");
    return call;
}

/* ---- making a unit ---- */

static void make_types(tn_unit *u)
{
    LLVMContextRef c = u->context;

    u->t = (tn_ir_types){ .void_ = LLVMVoidTypeInContext(c),
                          .i1 = LLVMInt1TypeInContext(c),
                          .i8 = LLVMInt8TypeInContext(c),
                          .i16 = LLVMInt16TypeInContext(c),
                          .i32 = LLVMInt32TypeInContext(c),
                          .i64 = LLVMInt64TypeInContext(c),
                          .i128 = LLVMInt128TypeInContext(c),
                          .f32 = LLVMFloatTypeInContext(c),
                          .f64 = LLVMDoubleTypeInContext(c),
                          .ptr = LLVMPointerTypeInContext(c, 0) };
    u->t.v128 = LLVMVectorType(u->t.i64, 2);
}

static LLVMMetadataRef md_string(const tn_unit *u, const char *text)
{
    return LLVMMDStringInContext2(u->context, text, strlen(text));
}

/* One type of TBAA for each kind of thing: none of them ever aliases another. */
static void make_metadata(tn_unit *u)
{
    static const char *const names[TN_ALIAS_COUNT] = { "constant", "vmctx", "buffer", "global", "table", "memory" };
    LLVMMetadataRef zero = LLVMValueAsMetadata(tn_i64(u, 0)), root_name = md_string(u, "tenon");
    LLVMMetadataRef root = LLVMMDNodeInContext2(u->context, &root_name, 1);

    for (int i = 0; i < TN_ALIAS_COUNT; i++) {
        LLVMMetadataRef type[3] = { md_string(u, names[i]), root, zero };
        LLVMMetadataRef node = LLVMMDNodeInContext2(u->context, type, 3), tag[3] = { node, node, zero };
        u->alias_tags[i] = LLVMMetadataAsValue(u->context, LLVMMDNodeInContext2(u->context, tag, 3));
    }
    LLVMMetadataRef weights[3] = { md_string(u, "branch_weights"), LLVMValueAsMetadata(tn_i32(u, 1)),
                                   LLVMValueAsMetadata(tn_i32(u, 1u << 20)) };
    u->unlikely = LLVMMetadataAsValue(u->context, LLVMMDNodeInContext2(u->context, weights, 3));
    u->empty_node = LLVMMetadataAsValue(u->context, LLVMMDNodeInContext2(u->context, NULL, 0));
    u->md_alias = LLVMGetMDKindIDInContext(u->context, "tbaa", 4);
    u->md_invariant = LLVMGetMDKindIDInContext(u->context, "invariant.load", 14);
    u->md_prof = LLVMGetMDKindIDInContext(u->context, "prof", 4);
}

/* Line numbers are byte offsets in the module: LLVM keeps them with the instructions, and link.c reads them back. */
static void make_debug(tn_unit *u)
{
    LLVMMetadataRef version = LLVMValueAsMetadata(tn_i32(u, LLVMDebugMetadataVersion()));
    LLVMMetadataRef dwarf = LLVMValueAsMetadata(tn_i32(u, 4));

    LLVMAddModuleFlag(u->module, LLVMModuleFlagBehaviorWarning, "Debug Info Version", 18, version);
    LLVMAddModuleFlag(u->module, LLVMModuleFlagBehaviorWarning, "Dwarf Version", 13, dwarf);
    u->debug = LLVMCreateDIBuilder(u->module);
    u->debug_file = LLVMDIBuilderCreateFile(u->debug, "m", 1, "", 0);
    LLVMDIBuilderCreateCompileUnit(u->debug, LLVMDWARFSourceLanguageC, u->debug_file, "", 0, true, "", 0, 0, "", 0,
                                   LLVMDWARFEmissionLineTablesOnly, 0, false, false, "", 0, "", 0);
    u->debug_type = LLVMDIBuilderCreateSubroutineType(u->debug, u->debug_file, NULL, 0, LLVMDIFlagZero);
}

static tenon_status make_machine(tn_unit *u, tenon_error *err)
{
    const tn_job *job = u->job;
    LLVMTargetRef target;
    char *message = NULL, features[256];
    static const LLVMCodeGenOptLevel levels[] = { LLVMCodeGenLevelNone, LLVMCodeGenLevelLess, LLVMCodeGenLevelDefault,
                                                  LLVMCodeGenLevelAggressive };

    if (LLVMGetTargetFromTriple(job->target->triple, &target, &message) != 0) {
        tn_fail_plain(err, TENON_UNSUPPORTED, "LLVM cannot compile for %s: %s", job->target->name, message);
        LLVMDisposeMessage(message);
        return TENON_UNSUPPORTED;
    }
    snprintf(features, sizeof features, "%s%s%s", job->target->features, job->cpu->features[0] != 0 ? "," : "",
             job->cpu->features);
    u->machine = LLVMCreateTargetMachine(target, job->target->triple, job->target->cpu, features, levels[job->level],
                                         LLVMRelocPIC, LLVMCodeModelSmall);
    if (u->machine == NULL)
        return tn_fail_plain(err, TENON_UNSUPPORTED, "LLVM does not know the CPU %s", job->cpu->name);
    LLVMSetTarget(u->module, job->target->triple);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(u->machine);
    LLVMSetModuleDataLayout(u->module, layout);
    LLVMDisposeTargetData(layout);
    return TENON_OK;
}

static void delete_unit(tn_unit *u)
{
    if (u->machine != NULL)
        LLVMDisposeTargetMachine(u->machine);
    LLVMDisposeDIBuilder(u->debug);
    LLVMDisposeBuilder(u->builder);
    LLVMDisposeModule(u->module);
    LLVMContextDispose(u->context);
}

/* ---- from IR to an object ---- */

/* What the producer has done already is not done again: docs/optimizing.md has the measurements. Loops get their
 * versions between the first part and the second, and functions that have some are vectorized ahead of the last. */
static const char *first_part(unsigned level)
{
    switch (level) {
    case 0:
        return "";
    case 1:
        return "function(early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg)";
    default:
        return "function(early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,loop-mssa(loop-rotate,licm))";
    }
}

/* What the producer has unrolled is one vector of straight code; only then come loops that it has not. */
#define VECTORIZE \
    "function(early-cse<memssa>,slp-vectorizer,loop-vectorize,instcombine<no-verify-fixpoint>,loop-unroll<O2>)"

static const char *last_part(unsigned level)
{
    if (level < 2)
        return "";
    return level > 2 ? "default<O3>" : "function(gvn,instcombine<no-verify-fixpoint>,dse,simplifycfg)";
}

static tenon_status take_message(tenon_error *err, const char *what, char *message)
{
    tn_fail_plain(err, TENON_UNSUPPORTED, "%s: %s", what, message != NULL ? message : "");
    LLVMDisposeMessage(message);
    return TENON_UNSUPPORTED;
}

static tenon_status run_passes(const tn_unit *u, const char *passes, tenon_error *err)
{
    if (passes[0] == '\0')
        return TENON_OK;
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMErrorRef error = LLVMRunPasses(u->module, passes, u->machine, options);
    LLVMDisposePassBuilderOptions(options);
    if (error == NULL)
        return TENON_OK;
    char *message = LLVMGetErrorMessage(error);
    tn_fail_plain(err, TENON_UNSUPPORTED, "LLVM's passes failed: %s", message);
    LLVMDisposeErrorMessage(message);
    return TENON_UNSUPPORTED;
}

static tenon_status optimize(tn_unit *u, bool has_cells, tenon_error *err)
{
    unsigned level = u->job->level;

    if (has_cells && level > 0)
        TN_TRY(run_passes(u, "function(simplifycfg,mem2reg)", err));
    TN_TRY(run_passes(u, first_part(level), err));
    if (level >= 2 && u->job->bounds == TENON_BOUNDS_GUARDED && !u->job->hardened && !u->job->metered)
        tn_version_loops(u);
    if (u->versions > 0 && level == 2) {
        tn_set_others_aside(u, true);
        TN_TRY(run_passes(u, VECTORIZE, err));
        tn_set_others_aside(u, false);
    }
    return run_passes(u, last_part(level), err);
}

static tenon_status emit(tn_unit *u, bool has_cells, tn_object *out, tenon_error *err)
{
    LLVMMemoryBufferRef buffer;
    char *message = NULL;

    LLVMDIBuilderFinalize(u->debug);
#ifndef NDEBUG
    if (LLVMVerifyModule(u->module, LLVMReturnStatusAction, &message))
        return take_message(err, "the compiler has made wrong IR", message);
    LLVMDisposeMessage(message);
    message = NULL;
#endif
    TN_TRY(optimize(u, has_cells, err));
    if (LLVMTargetMachineEmitToMemoryBuffer(u->machine, u->module, LLVMObjectFile, &message, &buffer) != 0)
        return take_message(err, "LLVM could not make an object", message);
    out->size = LLVMGetBufferSize(buffer);
    out->bytes = tn_alloc(u->job->mem, out->size);
    if (out->bytes != NULL)
        memcpy(out->bytes, LLVMGetBufferStart(buffer), out->size);
    LLVMDisposeMemoryBuffer(buffer);
    return out->bytes != NULL ? TENON_OK : TENON_NOMEM;
}

bool tn_is_compiled(const tn_job *job, uint32_t own)
{
    return (job->wanted == NULL || job->wanted[own]) && job->module->bodies[own].size <= TN_MAX_COMPILED_BODY;
}

static tenon_status build_all(tn_unit *u, tn_unit_range range)
{
    if (range.gates)
        tn_define_gates(u);
    for (uint32_t own = range.first; own < range.end; own++)
        if (tn_is_compiled(u->job, own))
            TN_TRY(tn_build_function(u, own));
    for (uint32_t i = 0; range.loops && i < u->job->loop_count; i++) {
        tn_define_loop_gate(u, i);
        TN_TRY(tn_build_loop(u, i));
    }
    return TENON_OK;
}

tenon_status tn_unit_compile(const tn_job *job, tn_unit_range range, tn_object *out, tenon_error *err)
{
    tn_unit u = { .job = job, .context = LLVMContextCreate() };

    u.module = LLVMModuleCreateWithNameInContext("tenon", u.context);
    u.builder = LLVMCreateBuilderInContext(u.context);
    make_types(&u);
    make_metadata(&u);
    make_debug(&u);
    tenon_status status = make_machine(&u, err);
    if (status == TENON_OK)
        status = build_all(&u, range);
    if (status == TENON_OK)
        status = emit(&u, range.loops && job->loop_count > 0, out, err);
    delete_unit(&u);
    return status;
}
