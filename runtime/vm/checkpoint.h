/* SPDX-License-Identifier: MIT
 * Checkpoints: what a store has at some moment, and going back to it. Whatever was made since goes, whatever was
 * changed is as it was: memories, tables, globals, segments. No guest runs meanwhile.
 */
#ifndef TN_VM_CHECKPOINT_H
#define TN_VM_CHECKPOINT_H

#include "runtime/vm/content.h"

typedef struct tn_memory_state {
    tenon_memory *memory;
    uint64_t pages;
    tn_content *content;
    const uint8_t *mapped_at; /* where the content's file is mapped; NULL: it is not */
} tn_memory_state;

typedef struct tn_checkpoint {
    tenon_store *store;
    size_t size; /* bytes of this and all its lists, which are one piece */
    /* The newest of each list; newer ones go. */
    tenon_instance *instances;
    tenon_memory *newest_memory;
    tenon_table *newest_table;
    tenon_global *newest_global;
    tn_host_func *host_funcs;
    tenon_tag *host_tags;
    size_t memory_count, table_count, global_count;
    tn_memory_state *memories; /* newest first, as are the others */
    uint64_t *table_sizes, *table_capacities;
    uintptr_t *elems; /* of all tables */
    tn_value *globals;
    uint8_t *dropped; /* segments of all instances */
} tn_checkpoint;

/* like: of a store that was filled in the same way, whose contents are shared where they are the same; or NULL.
 * TENON_USAGE: the store holds exceptions or resources, which cannot be brought back. */
tenon_status tn_checkpoint_new(tenon_store *store, const tn_checkpoint *like, tn_checkpoint **out, tenon_error *err)
    TN_MUST_CHECK;
/* Before its store. */
void tn_checkpoint_delete(tn_checkpoint *checkpoint);
/* keep: bytes of each memory's changed pages that are written over; more is given back to the system. false: the system
 * refuses, and nobody may use the store again. */
bool tn_checkpoint_restore(const tn_checkpoint *checkpoint, uint64_t keep);

#endif
