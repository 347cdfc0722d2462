/* SPDX-License-Identifier: MIT
 * What generated code and the interpreter may see of an instance. All tiers share this layout; jit's builders take the
 * offsets from here. Everything is owned by the store.
 */
#ifndef TN_VM_VMCTX_H
#define TN_VM_VMCTX_H

#include "loader/module.h"
#include "runtime/vm/simd.h"
#include "tenon.h"

/* One 8-byte cell of a guest's stack, of a table or of an argument list. A v128 takes two; i32 is kept zero-extended, a
 * null reference is all zero. */
typedef union tn_slot {
    union tn_slot *fp;       /* in a return record */
    const union tn_cell *pc; /* the same */
    void *pointer;
    uint32_t i32;
    uint64_t i64;
    float f32;
    double f64;
    uintptr_t ref;
} tn_slot;

/* A value outside the stack: a global. */
typedef union tn_value {
    tn_slot slot[2];
    tn_vec v128 __attribute__((aligned(16)));
} tn_value;

/* A static offset below this needs no check on a guarded memory. */
#define TN_GUARD_SIZE ((uint64_t)32 << 20)

union tn_cell;

/* How to enter a guest function: one per own function of a module and bounds mode, shared by all instances and threads.
 * code starts as a cell that translates the function; what a call must know about the frame lies in front of the code,
 * so that whoever reads one word has both. */
typedef struct tn_entry {
    const union tn_cell *code;
} tn_entry;

struct tenon_memory {
    uint8_t *base;
    uint64_t size; /* bytes */
    uint64_t pages, max_pages;
    uint64_t reserved; /* bytes of address space from base */
    tn_limits type;    /* as declared */
    uint8_t page_log2;
    tenon_bounds bounds; /* the mode belongs to the memory */
    tenon_store *store;
    tenon_memory *next;
};

struct tenon_table {
    uintptr_t *elems;
    uint64_t size, max, capacity;
    tn_table_type type;
    tenon_store *store;
    tenon_table *next;
};

struct tenon_global {
    tn_value value;
    tn_global_type type;
    tenon_store *store;
    tenon_global *next;
};

struct tenon_tag {
    const tn_type *type;
    tenon_store *store;
};

struct tenon_func {
    const tn_type *type;
    tenon_instance *instance; /* NULL for a host function */
    const tn_entry *entry;    /* of a guest function */
    uint32_t index;           /* in the instance's module */
    tenon_store *store;
    tenon_packed packed;     /* of a host function */
    void (*typed)(void);     /* the same for compiled callers, or NULL */
    tenon_callback callback; /* what packed calls when the function was made with one */
    void *context;
};

/* The vmctx. */
struct tenon_instance {
    uint8_t *memory0;           /* base of memory 0 when it is guarded */
    const tn_slot *stack_limit; /* of the store's guest stack */
    tenon_memory **memories;
    tenon_table **tables;
    tn_value **globals; /* values, wherever they are */
    tn_entry *entries;  /* of the module's own functions, by position among them */
    tenon_func **imported_funcs;
    tenon_tag **tags;
    tenon_func *own_funcs; /* filled on first use; type NULL until then */
    uint8_t *dropped_elems, *dropped_datas;
    tenon_store *store;
    tenon_module *module;
    tenon_global **global_objects;
    tenon_instance *next;
    size_t entries_mode; /* tenon_bounds of memory 0 that the code assumes */
};

/* The reference that stands for a function of the instance; never NULL. */
tenon_func *tn_instance_func(tenon_instance *instance, uint32_t index);

#endif
