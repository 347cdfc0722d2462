/* SPDX-License-Identifier: MIT */
#include "base/agenda.h"

#include "base/assert.h"

static void put(tn_agenda *agenda, size_t place, tn_agenda_item *item)
{
    agenda->list.items[place - 1] = item;
    item->place = place;
}

static void sift_up(tn_agenda *agenda, size_t place, tn_agenda_item *item)
{
    for (; place > 1 && agenda->list.items[place / 2 - 1]->key > item->key; place /= 2)
        put(agenda, place, agenda->list.items[place / 2 - 1]);
    put(agenda, place, item);
}

static void sift_down(tn_agenda *agenda, size_t place, tn_agenda_item *item)
{
    tn_agenda_item **items = agenda->list.items;

    for (size_t child; (child = 2 * place) <= agenda->list.count; place = child) {
        if (child < agenda->list.count && items[child]->key < items[child - 1]->key)
            child++;
        if (items[child - 1]->key >= item->key)
            break;
        put(agenda, place, items[child - 1]);
    }
    put(agenda, place, item);
}

tenon_status tn_agenda_reserve(tn_agenda *agenda, tn_mem *mem, size_t count)
{
    return count > agenda->list.count ? tn_vec_reserve(mem, &agenda->list, count - agenda->list.count) : TENON_OK;
}

void tn_agenda_add(tn_agenda *agenda, tn_agenda_item *item)
{
    TN_ASSERT(item->place == 0 && agenda->list.count < agenda->list.capacity);
    agenda->list.count++;
    sift_up(agenda, agenda->list.count, item);
}

void tn_agenda_remove(tn_agenda *agenda, tn_agenda_item *item)
{
    size_t place = item->place;

    if (place == 0)
        return;
    tn_agenda_item *last = agenda->list.items[--agenda->list.count];
    item->place = 0;
    if (last == item)
        return;
    if (place > 1 && agenda->list.items[place / 2 - 1]->key > last->key)
        sift_up(agenda, place, last);
    else
        sift_down(agenda, place, last);
}

tn_agenda_item *tn_agenda_first(const tn_agenda *agenda)
{
    return agenda->list.count > 0 ? agenda->list.items[0] : NULL;
}
