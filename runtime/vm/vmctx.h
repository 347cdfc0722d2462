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

/* Ways from slots into compiled functions of one type; they are code themselves. */
typedef struct tn_gate {
    void *packed; /* C: void (vmctx, slots, native): takes arguments from slots and leaves results there */
    void
        *reenter; /* goes on in the callee with arguments from the buffer; what compiled code does after TN_EXIT_CALL */
} tn_gate;

/* How to enter a guest function: one per own function of a module and bounds mode, shared by all instances and threads.
 * code starts as a cell that finds out how; what a call must know about the frame lies in front of the code, so that
 * whoever reads one word has both. native is NULL until there is compiled code; gate is valid when native is not NULL.
 */
typedef struct tn_entry {
    const union tn_cell *code;
    void *native;
    const tn_gate *gate;
} tn_entry;

/* Where compiled code leaves what does not travel in registers: slots as in an argument list, so that each value has
 * the place that its position gives it. Below it, the function that is called when it has no code yet. */
#define TN_BUFFER_SLOTS 2048
#define TN_CALLEE_SLOT  (-1)
#define TN_CALLER_SLOT  (-3) /* the calling instance, when it is not known who is called */

/* How compiled code calls everything that is not a leaf of builtins.def. */
typedef uint64_t tn_exit_stub(tenon_instance *instance, uint64_t exit, uint64_t a, uint64_t b);

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
    bool marked; /* collect.c; likewise below */
};

struct tenon_table {
    uintptr_t *elems;
    uint64_t size, max, capacity;
    tn_table_type type;
    tenon_store *store;
    tenon_table *next;
    bool marked;
};

struct tenon_global {
    tn_value value;
    tn_global_type type;
    tenon_store *store;
    tenon_global *next;
    tenon_instance *owner; /* that it is part of; NULL: the host's */
    bool marked;
};

struct tenon_tag {
    const tn_type *type;
    tenon_store *store;
    tenon_instance *owner; /* that it is part of; NULL: the host's */
    tenon_tag *next;       /* of the host's */
};

/* What the store sweeps: see heap.h. */
typedef enum tn_object_kind { TN_OBJECT_EXCEPTION, TN_OBJECT_EXTERNREF } tn_object_kind;
typedef struct tn_heap_object {
    struct tn_heap_object *next;
    size_t size;
    uint8_t kind;
    bool marked;
} tn_heap_object;

/* An exception object: the tag and its arguments. */
typedef struct tn_exception {
    tn_heap_object object;
    tenon_tag *tag;
    tn_slot values[];
} tn_exception;

/* A thing of the host's, as an external reference. */
typedef struct tn_externref {
    tn_heap_object object;
    size_t holds; /* of the host */
    void *thing;
    void (*finalizer)(void *thing); /* or NULL */
} tn_externref;

struct tenon_func {
    const tn_type *type;
    tenon_instance *instance;       /* NULL for a host function */
    const tn_entry *entry;          /* never NULL; that of a host function has no slot code */
    void *callee;                   /* what compiled callers pass as vmctx: the instance; for a host function, this */
    struct tn_native_stack *native; /* of a host function: its store's */
    void (*typed)(void);            /* of a host function: for compiled callers, or NULL */
    uint32_t index;                 /* in the instance's module */
    tenon_store *store;
    tenon_packed packed;     /* of a host function */
    tenon_callback callback; /* what packed calls when the function was made with one */
    void *context;
    uint8_t capability; /* that calling a host function needs */
};

/* The vmctx. */
struct tenon_instance {
    struct tn_native_stack *native; /* that compiled code runs on; first, because the stubs look for it here */
    uint8_t *memory0;               /* base of memory 0 when it is guarded */
    const tn_slot *stack_limit;     /* of the store's guest stack */
    uintptr_t native_limit;         /* of the stack that compiled code runs on */
    tn_slot *buffer;
    void *const *leaves;     /* of builtins.def */
    tn_exit_stub *exit_stub; /* how compiled code reaches the others */
    const tn_type **types;   /* of the module, by index */
    tenon_memory **memories;
    tenon_table **tables;
    tn_value **globals; /* values, wherever they are */
    tn_entry *entries;  /* of the module's own functions, by position among them */
    tenon_func **imported_funcs;
    tenon_tag **tags, *own_tags;
    tenon_func *own_funcs; /* filled on first use; type NULL until then */
    uint8_t *dropped_elems, *dropped_datas;
    tenon_store *store;
    uint64_t *fuel; /* the store's */
    tenon_module *module;
    tenon_global **global_objects;
    tenon_instance *next, *gray; /* gray: to be scanned next, while marking */
    size_t size;                 /* bytes of this and all its lists, which are one piece */
    bool marked;
    size_t entries_mode;        /* tenon_bounds of memory 0 that the code assumes */
    tenon_global own_globals[]; /* values of the module's own globals: by position among them */
};

/* The builtins of compiled code; see builtins.def. */
enum {
#define TN_LEAF(id, result, parameters) TN_LEAF_##id,
#define TN_EXIT(id)
#include "runtime/vm/builtins.def"
#undef TN_LEAF
#undef TN_EXIT
    TN_LEAF_COUNT
};
enum {
#define TN_LEAF(id, result, parameters)
#define TN_EXIT(id) TN_EXIT_##id,
#include "runtime/vm/builtins.def"
#undef TN_LEAF
#undef TN_EXIT
    TN_EXIT_COUNT
};

/* The reference that stands for a function of the instance; never NULL. */
tenon_func *tn_instance_func(tenon_instance *instance, uint32_t index);

#endif
