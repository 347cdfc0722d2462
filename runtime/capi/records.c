/* SPDX-License-Identifier: MIT
 * Engines, stores, and the records of what programs hold. A record that the program has dropped stays while its object
 * lives, when there is host info or a guest may have it as an external reference; collections find that out.
 */
#include <stdlib.h>

#include "runtime/capi/capi.h"

#define FIRST_BUCKETS   64
#define FIRST_THRESHOLD 256

/* ---- engines and stores ---- */

struct wasm_config_t {
    char unused; /* the standard has nothing to set */
};

wasm_config_t *wasm_config_new(void)
{
    return calloc(1, sizeof(wasm_config_t));
}

void wasm_config_delete(wasm_config_t *config)
{
    free(config);
}

wasm_engine_t *wasm_engine_new(void)
{
    wasm_engine_t *engine = calloc(1, sizeof *engine);

    if (engine == NULL || tenon_engine_new(NULL, &engine->engine) == TENON_OK)
        return engine;
    free(engine);
    return NULL;
}

wasm_engine_t *wasm_engine_new_with_config(wasm_config_t *config)
{
    wasm_config_delete(config);
    return wasm_engine_new();
}

void wasm_engine_delete(wasm_engine_t *engine)
{
    if (engine == NULL)
        return;
    tenon_engine_delete(engine->engine);
    free(engine);
}

wasm_store_t *wasm_store_new(wasm_engine_t *engine)
{
    wasm_store_t *store = calloc(1, sizeof *store);

    if (store == NULL)
        return NULL;
    store->engine = engine->engine;
    store->bucket_count = FIRST_BUCKETS;
    store->threshold = FIRST_THRESHOLD;
    store->buckets = calloc(store->bucket_count, sizeof(tn_record *));
    if (store->buckets != NULL && tenon_tenant_new(engine->engine, NULL, &store->tenant) == TENON_OK) {
        if (tenon_store_new(store->tenant, &store->store) == TENON_OK)
            return store;
        tenon_tenant_delete(store->tenant);
    }
    free(store->buckets);
    free(store);
    return NULL;
}

/* ---- the table ---- */

static const void *key_of(const tn_record *record)
{
    switch (record->kind) {
    case TN_RECORD_EXTERN:
        return record->of.what.of.func;
    case TN_RECORD_INSTANCE:
        return record->of.instance;
    default:
        return record;
    }
}

static size_t bucket_of(const wasm_store_t *store, const void *key)
{
    uint64_t hash = (uint64_t)(uintptr_t)key * 0x9E3779B97F4A7C15u;

    return (size_t)(hash >> 32) & (store->bucket_count - 1);
}

static tn_record *find(const wasm_store_t *store, const void *key)
{
    tn_record *r = store->buckets[bucket_of(store, key)];

    while (r != NULL && key_of(r) != key)
        r = r->next;
    return r;
}

static void put(wasm_store_t *store, tn_record *record)
{
    tn_record **bucket = &store->buckets[bucket_of(store, key_of(record))];

    record->next = *bucket;
    *bucket = record;
}

/* A table that cannot grow gets slower, no more. */
static void grow(wasm_store_t *store)
{
    size_t count = store->bucket_count;
    tn_record **old = store->buckets, **more = calloc(2 * count, sizeof(tn_record *));

    if (more == NULL)
        return;
    store->buckets = more;
    store->bucket_count = 2 * count;
    for (size_t i = 0; i < count; i++)
        for (tn_record *r = old[i], *next; r != NULL; r = next) {
            next = r->next;
            put(store, r);
        }
    free(old);
}

static tn_record *add(wasm_store_t *store, tn_record record)
{
    tn_record *r = malloc(sizeof *r);

    if (r == NULL)
        return NULL;
    *r = record;
    r->store = store;
    r->refs = 1;
    if (store->record_count++ >= 2 * store->bucket_count)
        grow(store);
    put(store, r);
    return r;
}

static void take_out(wasm_store_t *store, tn_record *record)
{
    tn_record **link = &store->buckets[bucket_of(store, key_of(record))];

    while (*link != record)
        link = &(*link)->next;
    *link = record->next;
    store->record_count--;
}

static void finish(tn_record *record)
{
    if (record->finalizer != NULL)
        record->finalizer(record->info);
    if (record->kind == TN_RECORD_MODULE)
        tenon_module_delete(record->of.module);
    if (record->kind == TN_RECORD_TRAP)
        tn_trap_fini(&record->of.trap);
    free(record);
}

/* ---- collection ---- */

static void see(void *context, tenon_ref ref)
{
    tn_record *record = (tn_record *)ref;
    tenon_root *roots = context;

    record->reached = true;
    if (record->kind <= TN_RECORD_INSTANCE)
        roots[record->root].held = true;
}

/* All records of things in the tenon_store. */
static size_t list_roots(const wasm_store_t *store, tenon_root *roots)
{
    size_t count = 0;

    for (size_t i = 0; i < store->bucket_count; i++)
        for (tn_record *r = store->buckets[i]; r != NULL; r = r->next) {
            r->reached = false;
            if (r->kind > TN_RECORD_INSTANCE)
                continue;
            r->root = count;
            roots[count] = (tenon_root){ .held = r->refs > 0 };
            if (r->kind == TN_RECORD_INSTANCE)
                roots[count++].instance = r->of.instance;
            else
                roots[count++].what = r->of.what;
        }
    return count;
}

/* Nobody has the record any more, and nobody asks for it: its object has gone, or it has nothing to say of it. */
static bool is_dead(const tn_record *r, const tenon_root *roots)
{
    if (r->refs > 0 || r->reached)
        return false;
    return r->kind > TN_RECORD_INSTANCE || r->finalizer == NULL || !roots[r->root].alive;
}

/* Host info without a finalizer is kept as well, as long as there is an object to ask. */
static bool says_something(const tn_record *r, const tenon_root *roots)
{
    return r->kind <= TN_RECORD_INSTANCE && r->info != NULL && roots[r->root].alive;
}

static tn_record *take_dead(wasm_store_t *store, const tenon_root *roots)
{
    tn_record *dead = NULL;

    for (size_t i = 0; i < store->bucket_count; i++)
        for (tn_record **link = &store->buckets[i], *r; (r = *link) != NULL;) {
            if (!is_dead(r, roots) || says_something(r, roots)) {
                link = &r->next;
                continue;
            }
            *link = r->next;
            store->record_count--;
            r->next_dead = dead;
            dead = r;
        }
    return dead;
}

/* Programs may do what they like in finalizers: everything is in order again by then. */
static void run_finalizers(wasm_store_t *store, tn_record *dead)
{
    for (tn_record *next; dead != NULL; dead = next) {
        next = dead->next_dead;
        finish(dead);
    }
    for (tn_callback *c; (c = store->gone) != NULL;) {
        store->gone = c->next;
        if (c->finalizer != NULL)
            c->finalizer(c->env);
        wasm_functype_delete(c->type);
        free(c);
    }
}

static void collect(wasm_store_t *store)
{
    tenon_root *roots = calloc(store->record_count + 1, sizeof *roots);

    if (roots == NULL)
        return;
    store->collecting = true;
    tenon_collection wanted = { .roots = roots, .count = list_roots(store, roots), .seen = see, .context = roots };
    tn_record *dead = NULL;
    if (tenon_store_collect(store->store, &wanted))
        dead = take_dead(store, roots);
    store->dropped = 0;
    store->threshold = FIRST_THRESHOLD + 2 * store->record_count;
    free(roots);
    run_finalizers(store, dead);
    store->collecting = false;
}

void wasm_store_delete(wasm_store_t *store)
{
    if (store == NULL)
        return;
    store->collecting = true;
    tenon_store_delete(store->store);
    tenon_tenant_delete(store->tenant);
    tn_record *dead = NULL;
    for (size_t i = 0; i < store->bucket_count; i++)
        for (tn_record *r = store->buckets[i], *next; r != NULL; r = next) {
            next = r->next;
            r->store = NULL;
            if (r->refs > 0)
                continue;
            r->next_dead = dead;
            dead = r;
        }
    run_finalizers(store, dead);
    free(store->buckets);
    free(store);
}

/* ---- references ---- */

tn_record *tn_record_hold(const tn_record *record)
{
    tn_record *r = (tn_record *)(uintptr_t)record;

    r->refs++;
    return r;
}

static tn_record *find_or_add(wasm_store_t *store, tn_record record)
{
    tn_record *r = find(store, key_of(&record));

    return r != NULL ? tn_record_hold(r) : add(store, record);
}

tn_record *tn_record_of_extern(wasm_store_t *store, tenon_extern what)
{
    return find_or_add(store, (tn_record){ .kind = TN_RECORD_EXTERN, .of.what = what });
}

tn_record *tn_record_of_instance(wasm_store_t *store, tenon_instance *instance)
{
    return find_or_add(store, (tn_record){ .kind = TN_RECORD_INSTANCE, .of.instance = instance });
}

tn_record *tn_record_new(wasm_store_t *store, tn_record_kind kind)
{
    return add(store, (tn_record){ .kind = kind });
}

/* What has no more to say goes at once; what guests may know of, or has host info, waits for a collection. */
void tn_record_drop(tn_record *r)
{
    wasm_store_t *store = r->store;

    if (--r->refs > 0)
        return;
    if (store == NULL) {
        finish(r);
        return;
    }
    bool is_object = r->kind <= TN_RECORD_INSTANCE;
    if (!r->escaped && (!is_object || r->info == NULL) && !store->collecting) {
        take_out(store, r);
        finish(r);
    }
    if (++store->dropped >= store->threshold && !store->collecting && store->calls == 0)
        collect(store);
}

/* ---- what all references have ---- */

#define REF_BASE(name)                                                                                     \
    void wasm_##name##_delete(wasm_##name##_t *ref)                                                        \
    {                                                                                                      \
        if (ref != NULL)                                                                                   \
            tn_record_drop(TN_RECORD(ref));                                                                \
    }                                                                                                      \
    wasm_##name##_t *wasm_##name##_copy(const wasm_##name##_t *ref)                                        \
    {                                                                                                      \
        return (wasm_##name##_t *)(ref != NULL ? tn_record_hold(TN_RECORD_OF(ref)) : NULL);                \
    }                                                                                                      \
    bool wasm_##name##_same(const wasm_##name##_t *a, const wasm_##name##_t *b)                            \
    {                                                                                                      \
        return a == b;                                                                                     \
    }                                                                                                      \
    void *wasm_##name##_get_host_info(const wasm_##name##_t *ref)                                          \
    {                                                                                                      \
        return TN_RECORD_OF(ref)->info;                                                                    \
    }                                                                                                      \
    void wasm_##name##_set_host_info(wasm_##name##_t *ref, void *info)                                     \
    {                                                                                                      \
        wasm_##name##_set_host_info_with_finalizer(ref, info, NULL);                                       \
    }                                                                                                      \
    void wasm_##name##_set_host_info_with_finalizer(wasm_##name##_t *ref, void *info, void (*end)(void *)) \
    {                                                                                                      \
        set_info(TN_RECORD(ref), info, end);                                                               \
    }

#define REF(name)                                                                    \
    REF_BASE(name)                                                                   \
    wasm_ref_t *wasm_##name##_as_ref(wasm_##name##_t *ref)                           \
    {                                                                                \
        return (wasm_ref_t *)ref;                                                    \
    }                                                                                \
    const wasm_ref_t *wasm_##name##_as_ref_const(const wasm_##name##_t *ref)         \
    {                                                                                \
        return (const wasm_ref_t *)ref;                                              \
    }                                                                                \
    wasm_##name##_t *wasm_ref_as_##name(wasm_ref_t *ref)                             \
    {                                                                                \
        return (wasm_##name##_t *)(is_##name(TN_RECORD_OF(ref)) ? ref : NULL);       \
    }                                                                                \
    const wasm_##name##_t *wasm_ref_as_##name##_const(const wasm_ref_t *ref)         \
    {                                                                                \
        return (const wasm_##name##_t *)(is_##name(TN_RECORD_OF(ref)) ? ref : NULL); \
    }

/* From and to externs. */
#define EXTERN(name)                                                                 \
    REF(name)                                                                        \
    wasm_extern_t *wasm_##name##_as_extern(wasm_##name##_t *ref)                     \
    {                                                                                \
        return (wasm_extern_t *)ref;                                                 \
    }                                                                                \
    const wasm_extern_t *wasm_##name##_as_extern_const(const wasm_##name##_t *ref)   \
    {                                                                                \
        return (const wasm_extern_t *)ref;                                           \
    }                                                                                \
    wasm_##name##_t *wasm_extern_as_##name(wasm_extern_t *ref)                       \
    {                                                                                \
        return (wasm_##name##_t *)(is_##name(TN_RECORD_OF(ref)) ? ref : NULL);       \
    }                                                                                \
    const wasm_##name##_t *wasm_extern_as_##name##_const(const wasm_extern_t *ref)   \
    {                                                                                \
        return (const wasm_##name##_t *)(is_##name(TN_RECORD_OF(ref)) ? ref : NULL); \
    }

static void set_info(tn_record *record, void *info, void (*finalizer)(void *))
{
    void (*before)(void *) = record->finalizer;
    void *old = record->info;

    record->info = info;
    record->finalizer = finalizer;
    if (before != NULL)
        before(old);
}

#define IS_KIND(name, record_kind)                  \
    static bool is_##name(const tn_record *r)       \
    {                                               \
        return r != NULL && r->kind == record_kind; \
    }
#define IS_EXTERN(name, extern_kind)                                                       \
    static bool is_##name(const tn_record *r)                                              \
    {                                                                                      \
        return r != NULL && r->kind == TN_RECORD_EXTERN && r->of.what.kind == extern_kind; \
    }
IS_KIND(extern, TN_RECORD_EXTERN)
IS_KIND(instance, TN_RECORD_INSTANCE)
IS_KIND(foreign, TN_RECORD_FOREIGN)
IS_KIND(trap, TN_RECORD_TRAP)
IS_KIND(module, TN_RECORD_MODULE)
IS_EXTERN(func, TENON_KIND_FUNC)
IS_EXTERN(global, TENON_KIND_GLOBAL)
IS_EXTERN(table, TENON_KIND_TABLE)
IS_EXTERN(memory, TENON_KIND_MEMORY)

REF_BASE(ref)
REF(extern)
REF(instance)
REF(foreign)
REF(trap)
REF(module)
EXTERN(func)
EXTERN(global)
EXTERN(table)
EXTERN(memory)

wasm_foreign_t *wasm_foreign_new(wasm_store_t *store)
{
    return (wasm_foreign_t *)tn_record_new(store, TN_RECORD_FOREIGN);
}
