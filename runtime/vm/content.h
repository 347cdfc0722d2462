/* SPDX-License-Identifier: MIT
 * What a memory held at some moment, for checkpoints and snapshots.
 */
#ifndef TN_VM_CONTENT_H
#define TN_VM_CONTENT_H

#include "runtime/vm/runtime.h"

/* The bytes of a memory up to the last page that is not zero; shared by stores that have begun alike. */
typedef struct tn_content {
    atomic_size_t refs;
    tn_mem *mem;
    size_t size; /* whole pages */
    int file;    /* with the same bytes, to be mapped privately; -1: they are copied */
    uint8_t *bytes;
} tn_content;

/* What the memory holds: another hold on `like`, which may be NULL, when that is the same. NULL: out of memory. */
tn_content *tn_content_of(tenon_store *store, const tenon_memory *memory, tn_content *like);
void tn_content_unref(tn_content *content);
/* Puts the content's file where the memory begins, if it has one and the memory is as large; whether it is there. */
bool tn_content_map(const tn_content *content, const tenon_memory *memory);

#endif
