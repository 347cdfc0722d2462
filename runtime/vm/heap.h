/* SPDX-License-Identifier: MIT
 * The objects of a store: exceptions, and external references of the host's. They are kept by a list and swept when
 * there are many: whatever looks like one on the guest's stack, in a table, in a global or in an exception is kept, and
 * so is what the host holds.
 */
#ifndef TN_VM_HEAP_H
#define TN_VM_HEAP_H

#include "runtime/vm/runtime.h"

/* Zeroed, charged to the tenant, and on the store's list; NULL when memory is out. Guests' values end at stack_end. May
 * sweep: what the caller holds must be found, too. */
void *tn_object_new(tenon_store *store, tn_object_kind kind, size_t size, const tn_slot *stack_end);
/* Frees those that are not marked, and takes the marks off. */
void tn_heap_sweep(tenon_store *store);
/* Frees all. */
void tn_heap_fini(tenon_store *store);

/* externref.c */
/* The set of external references by address, for looking words up. */
tn_externref *tn_externrefs_find(const tenon_store *store, uintptr_t word);
/* Makes the set anew of what is on the store's list. */
void tn_externrefs_rebuild(tenon_store *store);
void tn_externrefs_fini(tenon_store *store);

#endif
