/* SPDX-License-Identifier: MIT
 * The living rooms: engine, tenant, module, store. vmctx.h has what code may see of an instance; this is the rest.
 */
#ifndef TN_VM_RUNTIME_H
#define TN_VM_RUNTIME_H

#include <setjmp.h>
#include <stdatomic.h>

#include "runtime/vm/tier.h"

struct tenon_engine {
    atomic_size_t refs;
    tn_mem mem;
    tenon_features features;
    tenon_bounds bounds;
    size_t stack_size;
    tn_types *types;
    const tn_tier *tier;
};

struct tenon_tenant {
    tenon_engine *engine;
    tenon_limits limits;
    atomic_uint_fast64_t memory_bytes, instances;
};

struct tenon_module {
    atomic_size_t refs;
    tenon_engine *engine;
    tn_module core;
    uint8_t *owned; /* copy of the bytes, or NULL */
    tn_os_mutex lock;
    tn_code *code[2]; /* by tenon_bounds of memory 0; made when first instantiated */
};

/* A call from the host into a guest. Traps go to the innermost one and unwind guest frames only. */
typedef struct tn_activation {
    jmp_buf landing;
    struct tn_activation *outer;
    tenon_store *store;
    tenon_trap trap; /* set before landing */
} tn_activation;

/* An exception object: the tag and its arguments. */
typedef struct tn_exception {
    struct tn_exception *next;
    tenon_tag *tag;
    size_t size;
    bool marked;
    tn_slot values[];
} tn_exception;

#define TN_MAX_FRAMES 64

struct tenon_store {
    tenon_engine *engine;
    tenon_tenant *tenant;
    tn_arena arena; /* small objects */
    uint8_t *stack_map;
    size_t stack_map_size;
    tn_slot *stack_base, *stack_limit;
    tn_slot *stack_top;        /* first free slot while host code runs */
    tn_activation *activation; /* innermost */
    uint32_t depth;            /* of nested calls from the host */
    tenon_memory *memories;
    tenon_table *tables;
    tenon_global *globals;
    tenon_instance *instances;
    tn_exception *exceptions;
    size_t exception_count, exception_threshold;
    tn_exception *pending;    /* thrown and not caught yet */
    tenon_status host_status; /* what a host function returned, when it was not TENON_OK */
    /* Where the guest was at the newest trap; filled by the tier. */
    const union tn_cell *trap_pc;
    tn_slot *trap_fp;
    tenon_instance *trap_instance;
    tn_location frames[TN_MAX_FRAMES];
    size_t frame_count;
    bool resume; /* a catch clause was found for what a host function threw */
};

struct tenon_caller {
    tenon_instance *instance;
    tenon_store *store;
};

/* engine.c */
void tn_engine_ref(tenon_engine *engine);
void tn_engine_unref(tenon_engine *engine);
void tn_module_ref(tenon_module *module);
/* Charges bytes to the tenant; false when its limit forbids. */
bool tn_tenant_charge(tenon_tenant *tenant, uint64_t bytes);
void tn_tenant_release(tenon_tenant *tenant, uint64_t bytes);

/* memory.c, table.c */
tenon_status tn_memory_new(tenon_store *store, const tn_limits *type, tenon_bounds bounds, tenon_memory **out,
                           tenon_error *err);
void tn_memory_delete(tenon_memory *memory);
/* Old size in pages, or UINT64_MAX when it cannot grow. */
uint64_t tn_memory_grow(tenon_memory *memory, uint64_t pages);
tenon_status tn_table_new(tenon_store *store, const tn_table_type *type, uintptr_t init, tenon_table **out,
                          tenon_error *err);
void tn_table_delete(tenon_table *table);
uint64_t tn_table_grow(tenon_table *table, uint64_t count, uintptr_t init);
tenon_trap tn_memory_init(tenon_instance *instance, uint32_t memory, uint32_t data, uint64_t to, uint64_t from,
                          uint64_t count);
tenon_trap tn_table_init(tenon_instance *instance, uint32_t table, uint32_t elem, uint64_t to, uint64_t from,
                         uint64_t count);

/* constant.c: evaluates a checked constant expression. */
tenon_status tn_constant(tenon_instance *instance, tn_range expr, tn_value *out, tenon_error *err);

/* func.c */
tenon_status tn_call_host(tenon_func *func, tenon_instance *caller, tn_slot *args);
tenon_type tn_public_type(const tn_types *types, tn_valtype t);
void tn_value_to_val(tn_valtype t, const tn_types *types, const tn_slot *slots, tenon_val *out);

/* exception.c: a new exception with its arguments copied; NULL when memory is out. */
tn_exception *tn_exception_new(tenon_store *store, tenon_tag *tag, const tn_slot *values, tn_slot *stack_end);

/* trap.c */
/* Puts the handlers of faults in front of what is installed now; done again for each engine. */
tenon_status tn_signals_install(void);
/* Runs fn(arg) so that faults of guest code come back as a trap. */
tenon_trap tn_activate(tenon_store *store, void (*fn)(void *), void *arg);
/* Ends the innermost activation with a trap. */
_Noreturn void tn_trap_now(tenon_store *store, tenon_trap trap);

#endif
