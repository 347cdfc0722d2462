/* SPDX-License-Identifier: MIT
 * The stacks that a store's guests run on: slots for the interpreter, a native one for compiled code, and the buffer
 * between compiled functions. Engines keep spare ones. A store has its own from the beginning; one that borrows has
 * them only while it is called.
 */
#ifndef TN_VM_STACKS_H
#define TN_VM_STACKS_H

#include "runtime/vm/runtime.h"

/* One mapping: guard | native stack, buffer | guard | slots | guard. */
typedef struct tn_stacks {
    struct tn_stacks *next;
    const tenon_tenant *tenant; /* whose guests have run on them last; only compared */
    uint8_t *map;
    size_t map_size, native_size, slots_size; /* bytes */
} tn_stacks;

/* Gives the store stacks; charged to its tenant. It has none. */
tenon_status tn_stacks_attach(tenon_store *store) TN_MUST_CHECK;
/* Takes them back. */
void tn_stacks_detach(tenon_store *store);
/* Frees an engine's spare ones. */
void tn_stacks_fini(tenon_engine *engine);

#endif
