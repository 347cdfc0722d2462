/* SPDX-License-Identifier: MIT
 * What the runtime asks of a way to execute code. Implemented by runtime/interp and by jit; the runtime knows neither:
 * it finds them in tn_tiers, which runtime/tiers.c fills when the library is linked.
 */
#ifndef TN_VM_TIER_H
#define TN_VM_TIER_H

#include "runtime/vm/vmctx.h"

typedef struct tn_code tn_code;

/* Where a guest is, as far as its tier can tell: for backtraces. */
typedef struct tn_location {
    tenon_instance *instance;
    uint32_t function;
    uint64_t offset; /* byte offset in the module */
} tn_location;

/* What a tier found when guest code faulted. */
typedef struct tn_fault {
    uintptr_t pc, address;
    void *ucontext;
} tn_fault;

typedef struct tn_tier {
    const char *name;
    /* Makes the entries of a module for memories of one mode; nothing is translated yet. NULL: out of memory. */
    tn_code *(*code_new)(tenon_module *module, tenon_bounds bounds);
    void (*code_delete)(tn_code *code);
    tn_entry *(*entries)(tn_code *code);
    /* Runs a guest function: args[0..] in, results from args[0] out; args lie at the store's stack top. */
    tenon_status (*run)(tenon_func *func, tn_slot *args, tenon_error *err);
    /* Goes on after a suspended host call whose results are in place; status other than TENON_OK ends the guest. */
    tenon_status (*resume)(tenon_store *store, tenon_status status, tenon_error *err);
    /* In a signal handler: whether a pc is in the tier's code. */
    bool (*owns_pc)(uintptr_t pc);
    /* In a signal handler: notes where the guest was in the store. */
    void (*note_fault)(tenon_store *store, const tn_fault *fault);
} tn_tier;

extern const tn_tier *const tn_tiers[]; /* ends with NULL; the first is the default */

#endif
