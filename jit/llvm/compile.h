/* SPDX-License-Identifier: MIT
 * The optimizing compiler: from validated functions to machine code, through LLVM's C API.
 *
 *   job       a module and how to compile it; shared by all threads, read-only
 *   unit      a group of its functions, compiled together in an LLVM context of its own
 *   function  one function while its SSA is built straight from the operand stack (build.h)
 *
 * A unit becomes an object file; all objects of a job become one image (link.c). Same input, same bytes.
 */
#ifndef TN_LLVM_COMPILE_H
#define TN_LLVM_COMPILE_H

#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/TargetMachine.h>

#include "base/mem.h"
#include "jit/image.h"
#include "jit/job.h"
#include "jit/llvm/target.h"
#include "loader/module.h"

/* Bodies above this many bytes stay in the interpreter: their frames could be larger than a guest's stack. */
#define TN_MAX_COMPILED_BODY (128u << 10)

/* A loop of an own function, in the order of their heads. */
typedef struct tn_loop_ref {
    uint32_t own, loop;
} tn_loop_ref;

typedef struct tn_job {
    tn_mem *mem;
    const tn_module *module;
    const tn_target *target;
    const tn_cpu *cpu;
    tenon_bounds bounds; /* of memory 0 */
    unsigned level;      /* -O0 to -O3 */
    bool hardened;       /* no code whose safety rests on a check elsewhere */
    bool metered;        /* code burns fuel */
    size_t threads;
    tn_job_progress *progress; /* or NULL */
    const uint8_t *wanted;     /* by own function: whether to compile it; NULL: all */
    const tn_loop_ref *loops;  /* that can be entered besides: functions of their own (osr.c) */
    size_t loop_count;
    const uint32_t *first_type; /* by canonical id: the first type of the module that it is */
    const uint8_t *needed;      /* by type: TN_NEEDS_ bits of the gates that somebody may use */
} tn_job;

enum { TN_NEEDS_ENTRIES = 1, TN_NEEDS_SLOW_CALL = 2 };

typedef struct tn_object {
    uint8_t *bytes;
    size_t size;
} tn_object;

/* LLVM's types, by name. */
typedef struct tn_ir_types {
    LLVMTypeRef void_, i1, i8, i16, i32, i64, i128, f32, f64, ptr, v128;
} tn_ir_types;

/* What an access touches: accesses of different kinds never alias. */
typedef enum tn_alias {
    TN_ALIAS_CONSTANT, /* of the instance: never changes */
    TN_ALIAS_VMCTX,    /* descriptions of memories and tables, function entries */
    TN_ALIAS_BUFFER,
    TN_ALIAS_GLOBAL,
    TN_ALIAS_TABLE,
    TN_ALIAS_MEMORY,
    TN_ALIAS_COUNT
} tn_alias;

typedef struct tn_unit {
    const tn_job *job;
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    LLVMTargetMachineRef machine;
    LLVMDIBuilderRef debug;
    LLVMMetadataRef debug_file, debug_type;
    tn_ir_types t;
    LLVMValueRef alias_tags[TN_ALIAS_COUNT];
    LLVMValueRef unlikely, empty_node, personality;
    unsigned md_alias, md_invariant, md_prof;
    unsigned versions; /* of loops that were made */
} tn_unit;

/* Whether an own function gets code. */
bool tn_is_compiled(const tn_job *job, uint32_t own);
/* What a unit has: own functions [first, end), gates, ways into loops. */
typedef struct tn_unit_range {
    uint32_t first, end;
    bool gates, loops;
} tn_unit_range;
/* The object is the caller's. */
tenon_status tn_unit_compile(const tn_job *job, tn_unit_range range, tn_object *out, tenon_error *err);

/* ---- abi.c: signatures ---- */

/* The type of a compiled function of this wasm type. */
LLVMTypeRef tn_function_type(tn_unit *u, const tn_type *type);
/* The compiled function; declared when it belongs to another unit. */
LLVMValueRef tn_declare_function(tn_unit *u, uint32_t func);
/* What calls a function that has no code, of this type: takes what that takes, and finds it in the place of the callee.
 */
LLVMValueRef tn_declare_slow_call(tn_unit *u, const tn_type *type);
/* Its index in the module. */
uint32_t tn_type_index(const tn_job *job, const tn_type *type);
/* Defines the gates of all function types that need them. */
void tn_define_gates(tn_unit *u);
/* The function that is entered at a loop of the job's list: of the vmctx and slots, with the results of its type. */
LLVMValueRef tn_declare_loop(tn_unit *u, uint32_t index);
/* What enters it from C. */
void tn_define_loop_gate(tn_unit *u, uint32_t index);

/* Values in slots, i32 zero-extended. */
LLVMTypeRef tn_ir_type(const tn_unit *u, tn_valtype t);
LLVMValueRef tn_load_slot(tn_unit *u, LLVMValueRef slots, uint32_t at, tn_valtype t);
void tn_store_slot(tn_unit *u, LLVMValueRef slots, uint32_t at, tn_valtype t, LLVMValueRef value);
/* Arguments of a call as LLVM takes them, vmctx first; what does not fit registers is put into the buffer. Returns how
 * many there are in out, which has room for TN_MAX_REGISTER_ARGS. */
#define TN_MAX_REGISTER_ARGS 32
#define TN_CONVENTION        LLVMCCallConv
unsigned tn_pass_arguments(tn_unit *u, const tn_type *type, LLVMValueRef vmctx, LLVMValueRef buffer,
                           const LLVMValueRef *values, LLVMValueRef *out);
/* Results of a call, one by one. */
void tn_take_results(tn_unit *u, const tn_type *type, LLVMValueRef call, LLVMValueRef buffer, LLVMValueRef *out);
/* Returns from a compiled function. */
void tn_build_return(tn_unit *u, const tn_type *type, LLVMValueRef buffer, const LLVMValueRef *values);
/* Parameters of a compiled function, one by one. */
void tn_take_parameters(tn_unit *u, const tn_type *type, LLVMValueRef function, LLVMValueRef buffer, LLVMValueRef *out);
void tn_set_function_attributes(tn_unit *u, LLVMValueRef function);
void tn_add_attribute(const tn_unit *u, LLVMValueRef call, const char *name);
/* The call has effects, so that it stays, but on nothing that other instructions can see. */
void tn_hide_effects(const tn_unit *u, LLVMValueRef call);
/* A call through the exit stub; what it does with its operands is in builtins.def. */
LLVMTypeRef tn_exit_type(const tn_unit *u);
LLVMValueRef tn_load_exit_stub(tn_unit *u, LLVMValueRef vmctx);

/* ---- unit.c ---- */

/* A field of something that the vmctx leads to. */
LLVMValueRef tn_load_field(tn_unit *u, LLVMTypeRef type, LLVMValueRef base, size_t offset, tn_alias alias);
LLVMValueRef tn_at(tn_unit *u, LLVMValueRef base, size_t offset);
void tn_set_alias(const tn_unit *u, LLVMValueRef access, tn_alias alias);
LLVMValueRef tn_i32(const tn_unit *u, uint32_t n);
LLVMValueRef tn_i64(const tn_unit *u, uint64_t n);
/* An intrinsic overloaded for up to two types, called. */
LLVMValueRef tn_intrinsic(tn_unit *u, const char *name, LLVMTypeRef *types, unsigned type_count, LLVMValueRef *args,
                          unsigned arg_count);
/* A call into the runtime; see runtime/vm/builtins.def. */
LLVMValueRef tn_call_leaf(tn_unit *u, LLVMValueRef vmctx, unsigned builtin, LLVMTypeRef result, LLVMValueRef *args,
                          unsigned count);

/* ---- function.c ---- */

/* Builds the body of an own function. */
tenon_status tn_build_function(tn_unit *u, uint32_t own);
/* The same as it is entered at a loop of the job's list. */
tenon_status tn_build_loop(tn_unit *u, uint32_t index);

/* ---- link.c ---- */

/* Makes an image of the objects, in their order. */
tenon_status tn_link(const tn_job *job, const tn_object *objects, size_t count, tn_object *out, tenon_error *err);

#endif
