/* SPDX-License-Identifier: MIT
 * The registry of canonical types. A group is serialized to words (own types by position, others by id), hashed and
 * compared; the words are kept with the group. Ids of released groups are reused by size class.
 */
#include "loader/types.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

typedef struct tn_type_group {
    uint32_t refs, hash, next; /* next: chain of the bucket, or of free groups */
    uint32_t first, count, range_log2;
    uint32_t *words;
    size_t word_count;
    tn_type *types; /* one block: types, then their lists of value types */
    size_t types_size;
} tn_type_group;

#define NO_GROUP UINT32_MAX

tn_types *tn_types_new(tn_mem *mem)
{
    tn_types *types = tn_alloc_zeroed(mem, sizeof *types);

    if (types == NULL)
        return NULL;
    types->mem = mem;
    types->free_group = NO_GROUP;
    tn_os_mutex_init(&types->lock);
    return types;
}

static void free_group_memory(tn_types *types, tn_type_group *group)
{
    tn_free(types->mem, group->words, group->word_count * sizeof *group->words);
    tn_free(types->mem, group->types, group->types_size);
}

void tn_types_delete(tn_types *types)
{
    if (types == NULL)
        return;
    for (uint32_t i = 0; i < types->group_count; i++)
        if (types->groups[i].refs > 0)
            free_group_memory(types, &types->groups[i]);
    for (uint32_t i = 0; i < TN_TYPE_CHUNKS && types->chunks[i] != NULL; i++)
        tn_free(types->mem, types->chunks[i], sizeof(tn_type *) << TN_TYPE_CHUNK_LOG2);
    for (size_t i = 0; i < sizeof types->free_ids / sizeof *types->free_ids; i++)
        tn_vec_fini(types->mem, &types->free_ids[i]);
    tn_free(types->mem, types->groups, types->group_capacity * sizeof *types->groups);
    tn_free(types->mem, types->buckets, types->bucket_count * sizeof *types->buckets);
    tn_os_mutex_fini(&types->lock);
    tn_free(types->mem, types, sizeof *types);
}

/* ---- serialization ---- */

static size_t spec_types(const tn_type_spec *spec)
{
    return (size_t)spec->param_count + spec->result_count;
}

static tenon_status serialize(tn_mem *mem, const tn_type_spec *specs, uint32_t count, uint32_t **out, size_t *out_count)
{
    size_t total = 0, bytes;

    for (uint32_t i = 0; i < count; i++)
        total += 4 + spec_types(&specs[i]);
    if (!tn_mul_size(total, sizeof(uint32_t), &bytes))
        return TENON_NOMEM;
    uint32_t *words = tn_alloc(mem, bytes), *w = words;
    if (words == NULL)
        return TENON_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        *w++ = (uint32_t)specs[i].comp << 1 | specs[i].final;
        *w++ = specs[i].super;
        *w++ = specs[i].param_count;
        *w++ = specs[i].result_count;
        if (spec_types(&specs[i]) > 0)
            memcpy(w, specs[i].types, spec_types(&specs[i]) * sizeof *w);
        w += spec_types(&specs[i]);
    }
    *out = words;
    *out_count = total;
    return TENON_OK;
}

static uint32_t hash_words(const uint32_t *words, size_t count)
{
    uint64_t h = 0x9E3779B97F4A7C15u;

    for (size_t i = 0; i < count; i++) {
        h = (h ^ words[i]) * 0xD6E8FEB86659FD93u;
        h ^= h >> 32;
    }
    return (uint32_t)h;
}

/* ---- table of groups ---- */

static uint32_t find_group(const tn_types *types, uint32_t hash, const uint32_t *words, size_t word_count,
                           uint32_t type_count)
{
    if (types->bucket_count == 0)
        return NO_GROUP;
    for (uint32_t i = types->buckets[hash & (types->bucket_count - 1)]; i != NO_GROUP; i = types->groups[i].next) {
        const tn_type_group *group = &types->groups[i];
        if (group->hash == hash && group->count == type_count && group->word_count == word_count &&
            memcmp(group->words, words, word_count * sizeof *words) == 0)
            return i;
    }
    return NO_GROUP;
}

static tenon_status grow_buckets(tn_types *types)
{
    uint32_t count = types->bucket_count == 0 ? 64 : types->bucket_count * 2;
    uint32_t *buckets = tn_alloc(types->mem, count * sizeof *buckets);

    if (buckets == NULL)
        return TENON_NOMEM;
    memset(buckets, 0xFF, count * sizeof *buckets);
    for (uint32_t i = 0; i < types->group_count; i++) {
        tn_type_group *group = &types->groups[i];
        if (group->refs == 0)
            continue;
        group->next = buckets[group->hash & (count - 1)];
        buckets[group->hash & (count - 1)] = i;
    }
    tn_free(types->mem, types->buckets, types->bucket_count * sizeof *buckets);
    types->buckets = buckets;
    types->bucket_count = count;
    return TENON_OK;
}

static tenon_status new_group_number(tn_types *types, uint32_t *out)
{
    if (types->free_group != NO_GROUP) {
        *out = types->free_group;
        types->free_group = types->groups[*out].next;
        return TENON_OK;
    }
    if (types->group_count == types->group_capacity) {
        size_t capacity = types->group_capacity;
        TN_TRY(
            tn_vec_grow(types->mem, (void **)&types->groups, types->group_count, &capacity, 1, sizeof *types->groups));
        types->group_capacity = (uint32_t)capacity;
    }
    *out = types->group_count++;
    types->groups[*out] = (tn_type_group){ .refs = 0 };
    return TENON_OK;
}

/* ---- ids ---- */

static uint32_t log2_ceil(uint32_t n)
{
    return n <= 1 ? 0 : 32 - (uint32_t)__builtin_clz(n - 1);
}

static tenon_status new_ids(tn_types *types, uint32_t count, uint32_t *log2, uint32_t *first)
{
    *log2 = log2_ceil(count);
    if (types->free_ids[*log2].count > 0) {
        *first = types->free_ids[*log2].items[--types->free_ids[*log2].count];
        return TENON_OK;
    }
    uint32_t length = 1u << *log2;
    if (length > TN_ID_MASK - 1 - types->next_id)
        return TENON_LIMIT;
    uint32_t end = types->next_id + length;
    for (uint32_t i = types->next_id >> TN_TYPE_CHUNK_LOG2; i <= (end - 1) >> TN_TYPE_CHUNK_LOG2; i++) {
        if (types->chunks[i] == NULL)
            types->chunks[i] = tn_alloc_zeroed(types->mem, sizeof(tn_type *) << TN_TYPE_CHUNK_LOG2);
        if (types->chunks[i] == NULL)
            return TENON_NOMEM;
    }
    *first = types->next_id;
    types->next_id = end;
    return TENON_OK;
}

/* ---- building ---- */

static tn_valtype absolute(tn_valtype t, uint32_t first)
{
    return (t & TN_RELATIVE) ? (t & ~TN_RELATIVE) + first : t;
}

static void set_display(const tn_types *types, tn_type *t)
{
    memset(t->display, 0xFF, sizeof t->display);
    t->depth = 0;
    if (t->super != TN_NO_TYPE) {
        const tn_type *super = tn_types_get(types, t->super);
        memcpy(t->display, super->display, sizeof t->display);
        t->depth = super->depth + 1;
    }
    if (t->depth < TN_DISPLAY_SIZE)
        t->display[t->depth] = t->id;
}

static void build_type(tn_types *types, const tn_type_spec *spec, tn_type *t, tn_valtype *list, uint32_t first)
{
    t->comp = spec->comp;
    t->final = spec->final;
    t->param_count = spec->param_count;
    t->result_count = spec->result_count;
    t->super = spec->super == TN_NO_TYPE ? TN_NO_TYPE : absolute(spec->super, first);
    t->types = list;
    for (size_t i = 0; i < spec_types(spec); i++) {
        list[i] = absolute(spec->types[i], first);
        *(i < spec->param_count ? &t->param_slots : &t->result_slots) += tn_slots_of(list[i]);
    }
    types->chunks[t->id >> TN_TYPE_CHUNK_LOG2][t->id & ((1u << TN_TYPE_CHUNK_LOG2) - 1)] = t;
    set_display(types, t);
}

static tenon_status build_group(tn_types *types, tn_type_group *group, uint32_t number, const tn_type_spec *specs)
{
    size_t lists = 0;

    for (uint32_t i = 0; i < group->count; i++)
        lists += spec_types(&specs[i]);
    group->types_size = group->count * sizeof(tn_type) + lists * sizeof(tn_valtype);
    group->types = tn_alloc_zeroed(types->mem, group->types_size);
    if (group->types == NULL)
        return TENON_NOMEM;
    tenon_status status = new_ids(types, group->count, &group->range_log2, &group->first);
    if (status != TENON_OK) {
        tn_free(types->mem, group->types, group->types_size);
        return status;
    }
    tn_valtype *list = (tn_valtype *)(group->types + group->count);
    for (uint32_t i = 0; i < group->count; i++) {
        group->types[i].id = group->first + i;
        group->types[i].group = number;
        build_type(types, &specs[i], &group->types[i], list, group->first);
        list += spec_types(&specs[i]);
    }
    return TENON_OK;
}

static void unchain(tn_types *types, uint32_t number)
{
    tn_type_group *group = &types->groups[number];
    uint32_t *link = &types->buckets[group->hash & (types->bucket_count - 1)];

    while (*link != number)
        link = &types->groups[*link].next;
    *link = group->next;
}

static tn_type_group *group_of(tn_types *types, uint32_t id)
{
    return &types->groups[tn_types_get(types, id)->group];
}

static bool is_defined(tn_valtype t)
{
    return tn_is_ref(t) && !tn_is_abstract(t);
}

static void hold_id(tn_types *types, const tn_type_group *holder, uint32_t id)
{
    if (id - holder->first >= holder->count)
        group_of(types, id)->refs++;
}

/* One that nobody holds any more goes on the list of those. */
static void drop_id(tn_types *types, const tn_type_group *holder, uint32_t id, uint32_t *dead)
{
    if (holder != NULL && id - holder->first < holder->count)
        return;
    tn_type_group *group = group_of(types, id);
    if (--group->refs > 0)
        return;
    unchain(types, tn_types_get(types, id)->group);
    group->next = *dead;
    *dead = tn_types_get(types, id)->group;
}

/* A group holds the groups of the types that it mentions. */
static void hold_mentioned(tn_types *types, const tn_type_group *group)
{
    for (uint32_t i = 0; i < group->count; i++) {
        const tn_type *t = &group->types[i];
        if (t->super != TN_NO_TYPE)
            hold_id(types, group, t->super);
        for (uint32_t k = 0; k < t->param_count + t->result_count; k++)
            if (is_defined(t->types[k]))
                hold_id(types, group, t->types[k] & TN_ID_MASK);
    }
}

static void drop_mentioned(tn_types *types, const tn_type_group *group, uint32_t *dead)
{
    for (uint32_t i = 0; i < group->count; i++) {
        const tn_type *t = &group->types[i];
        if (t->super != TN_NO_TYPE)
            drop_id(types, group, t->super, dead);
        for (uint32_t k = 0; k < t->param_count + t->result_count; k++)
            if (is_defined(t->types[k]))
                drop_id(types, group, t->types[k] & TN_ID_MASK, dead);
    }
}

/* With the lock held; takes the words on success. */
static tenon_status add_group(tn_types *types, const tn_type_spec *specs, uint32_t count, uint32_t *words,
                              size_t word_count, uint32_t *first)
{
    uint32_t number;

    if (types->group_count + 1 > types->bucket_count)
        TN_TRY(grow_buckets(types));
    TN_TRY(new_group_number(types, &number));
    tn_type_group *group = &types->groups[number];
    *group = (tn_type_group){ .hash = hash_words(words, word_count), .count = count };
    tenon_status status = build_group(types, group, number, specs);
    if (status != TENON_OK) {
        group->next = types->free_group;
        types->free_group = number;
        return status;
    }
    group->refs = 1;
    group->words = words;
    group->word_count = word_count;
    hold_mentioned(types, group);
    uint32_t *bucket = &types->buckets[group->hash & (types->bucket_count - 1)];
    group->next = *bucket;
    *bucket = number;
    *first = group->first;
    return TENON_OK;
}

tenon_status tn_types_add(tn_types *types, const tn_type_spec *specs, uint32_t count, uint32_t *first)
{
    uint32_t *words;
    size_t word_count;

    if (count == 0)
        return TENON_OK;
    TN_TRY(serialize(types->mem, specs, count, &words, &word_count));
    tn_os_mutex_lock(&types->lock);
    uint32_t found = find_group(types, hash_words(words, word_count), words, word_count, count);
    tenon_status status = TENON_OK;
    if (found != NO_GROUP) {
        types->groups[found].refs++;
        *first = types->groups[found].first;
    } else {
        status = add_group(types, specs, count, words, word_count, first);
    }
    tn_os_mutex_unlock(&types->lock);
    if (found != NO_GROUP || status != TENON_OK)
        tn_free(types->mem, words, word_count * sizeof *words);
    return status;
}

static void free_group(tn_types *types, uint32_t number)
{
    tn_type_group *group = &types->groups[number];

    for (uint32_t i = group->first; i < group->first + group->count; i++)
        types->chunks[i >> TN_TYPE_CHUNK_LOG2][i & ((1u << TN_TYPE_CHUNK_LOG2) - 1)] = NULL;
    /* A range that cannot be remembered is lost, which is harmless. */
    if (tn_vec_reserve(types->mem, &types->free_ids[group->range_log2], 1) == TENON_OK)
        types->free_ids[group->range_log2].items[types->free_ids[group->range_log2].count++] = group->first;
    free_group_memory(types, group);
    group->next = types->free_group;
    types->free_group = number;
}

void tn_types_release(tn_types *types, uint32_t id)
{
    uint32_t dead = NO_GROUP;

    tn_os_mutex_lock(&types->lock);
    drop_id(types, NULL, id, &dead);
    while (dead != NO_GROUP) {
        uint32_t number = dead;
        dead = types->groups[number].next;
        drop_mentioned(types, &types->groups[number], &dead);
        free_group(types, number);
    }
    tn_os_mutex_unlock(&types->lock);
}

void tn_types_hold(tn_types *types, uint32_t id)
{
    tn_os_mutex_lock(&types->lock);
    group_of(types, id)->refs++;
    tn_os_mutex_unlock(&types->lock);
}

void tn_valtype_hold(tn_types *types, tn_valtype t)
{
    if (is_defined(t))
        tn_types_hold(types, t & TN_ID_MASK);
}

void tn_valtype_release(tn_types *types, tn_valtype t)
{
    if (is_defined(t))
        tn_types_release(types, t & TN_ID_MASK);
}

/* ---- subtyping ---- */

bool tn_is_subtype_id(const tn_types *types, uint32_t sub, uint32_t super)
{
    if (sub == super)
        return true;
    const tn_type *a = tn_types_get(types, sub), *b = tn_types_get(types, super);
    if (b->depth >= a->depth)
        return false;
    if (b->depth < TN_DISPLAY_SIZE)
        return a->display[b->depth] == super;
    while (a->depth > b->depth)
        a = tn_types_get(types, a->super);
    return a->id == super;
}

static tn_heap heap_of_comp(tn_comp comp)
{
    return comp == TN_COMP_FUNC ? TN_HEAP_FUNC : comp == TN_COMP_STRUCT ? TN_HEAP_STRUCT : TN_HEAP_ARRAY;
}

static tn_heap abstract_top(tn_heap heap)
{
    switch (heap) {
    case TN_HEAP_FUNC:
    case TN_HEAP_NOFUNC:
        return TN_HEAP_FUNC;
    case TN_HEAP_EXTERN:
    case TN_HEAP_NOEXTERN:
        return TN_HEAP_EXTERN;
    case TN_HEAP_EXN:
    case TN_HEAP_NOEXN:
        return TN_HEAP_EXN;
    default:
        return TN_HEAP_ANY;
    }
}

tn_heap tn_heap_top(const tn_types *types, tn_valtype t)
{
    if (tn_is_abstract(t))
        return abstract_top((tn_heap)(t & TN_ID_MASK));
    return tn_types_get(types, t & TN_ID_MASK)->comp == TN_COMP_FUNC ? TN_HEAP_FUNC : TN_HEAP_ANY;
}

static bool is_bottom(tn_heap heap)
{
    return heap == TN_HEAP_NOFUNC || heap == TN_HEAP_NOEXTERN || heap == TN_HEAP_NOEXN || heap == TN_HEAP_NONE;
}

static bool abstract_below(tn_heap sub, tn_heap super)
{
    if (sub == super)
        return true;
    if (abstract_top(sub) != abstract_top(super))
        return false;
    if (is_bottom(sub) || super == abstract_top(sub))
        return true;
    return super == TN_HEAP_EQ && (sub == TN_HEAP_I31 || sub == TN_HEAP_STRUCT || sub == TN_HEAP_ARRAY);
}

bool tn_is_subtype_slow(const tn_types *types, tn_valtype sub, tn_valtype super)
{
    uint32_t a = sub & TN_ID_MASK, b = super & TN_ID_MASK;

    if (tn_is_nullable(sub) && !tn_is_nullable(super))
        return false;
    if (tn_is_abstract(sub) && a == TN_HEAP_BOT)
        return true;
    if (tn_is_abstract(super)) {
        if (tn_is_abstract(sub))
            return abstract_below((tn_heap)a, (tn_heap)b);
        return abstract_below(heap_of_comp(tn_types_get(types, a)->comp), (tn_heap)b);
    }
    if (tn_is_abstract(sub))
        return is_bottom((tn_heap)a) && abstract_top((tn_heap)a) == tn_heap_top(types, super);
    return tn_is_subtype_id(types, a, b);
}

const char *tn_valtype_text(tn_valtype t, char *buf, size_t size)
{
    static const char *const plain[] = { "any type", "i32", "i64", "f32", "f64", "v128", "i8", "i16" };
    static const char *const heaps[] = { "func", "nofunc", "extern", "noextern", "exn",  "noexn", "any",
                                         "eq",   "i31",    "struct", "array",    "none", "bottom" };

    t &= ~TN_MUTABLE;
    if (!tn_is_ref(t))
        snprintf(buf, size, "%s", t < sizeof plain / sizeof *plain ? plain[t] : "?");
    else if (tn_is_abstract(t))
        snprintf(buf, size, "(ref %s%s)", tn_is_nullable(t) ? "null " : "", heaps[t & TN_ID_MASK]);
    else
        snprintf(buf, size, "(ref %s#%u)", tn_is_nullable(t) ? "null " : "", (unsigned)(t & TN_ID_MASK));
    return buf;
}
