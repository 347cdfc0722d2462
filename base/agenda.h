/* SPDX-License-Identifier: MIT
 * A priority queue of things with a key, the least first. A thing knows its place, so it can be taken out from the
 * middle.
 */
#ifndef TN_BASE_AGENDA_H
#define TN_BASE_AGENDA_H

#include "base/mem.h"

typedef struct tn_agenda_item {
    uint64_t key;
    size_t place; /* from 1 on; 0: in none */
} tn_agenda_item;

typedef struct tn_agenda {
    TN_VEC(tn_agenda_item *) list;
} tn_agenda;

/* Makes sure that `count` items fit, so that adding them cannot fail. */
tenon_status tn_agenda_reserve(tn_agenda *agenda, tn_mem *mem, size_t count) TN_MUST_CHECK;
void tn_agenda_add(tn_agenda *agenda, tn_agenda_item *item);
/* item may be in none. */
void tn_agenda_remove(tn_agenda *agenda, tn_agenda_item *item);
/* NULL: empty. */
tn_agenda_item *tn_agenda_first(const tn_agenda *agenda);

#endif
