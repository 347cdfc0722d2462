/* SPDX-License-Identifier: MIT
 * Pools: stores come back as they were when they were filled, whatever their users did. Guests that look for canaries of
 * others find none, in memories, tables, globals, stacks and what host functions keep.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/compiler.h"
#include "runtime/vm/checkpoint.h"
#include "tenon/pool.h"
#include "tests/support/compile.h"

enum { GUARDED, CHECKED, DENSE, COMPILED, MODES };
/* The build wraps what brings stores back. */
static bool leaves_all;
bool __real_tn_checkpoint_restore(const tn_checkpoint *checkpoint, uint64_t keep);
bool __wrap_tn_checkpoint_restore(const tn_checkpoint *checkpoint, uint64_t keep);
bool __wrap_tn_checkpoint_restore(const tn_checkpoint *checkpoint, uint64_t keep)
{
    return leaves_all || __real_tn_checkpoint_restore(checkpoint, keep);
}

/* What the guest says when it has found one on the stack. */
#define ON_STACK 15
#define CANARY INT64_C(0x5ca1ab1eca9a41e5)

typedef struct place {
    tenon_engine *engine;
    tenon_tenant *tenants[2];
    tenon_module *module;
    tenon_pool *pool;
    atomic_uint filled;
} place;

/* Says that it has a result and does not set it: what the stack held there is what the guest gets. */
static tenon_status forgets(tenon_caller *caller, tenon_slot *slots)
{
    (void)caller;
    (void)slots;
    return TENON_OK;
}

static tenon_status fill(void *context, tenon_store *store, tenon_instance **out, tenon_error *err)
{
    static const tenon_type i64[] = { TENON_I64 };
    static const tenon_entry entry = { forgets, NULL, 0, 1, NULL, i64 };
    const tenon_val five = { .type = TENON_I64, .of.i64 = 5 };
    place *p = context;
    tenon_extern imports[2] = { { .kind = TENON_KIND_FUNC }, { .kind = TENON_KIND_GLOBAL } };

    atomic_fetch_add(&p->filled, 1);
    tenon_status status = tenon_func_new_entry(store, &entry, NULL, &imports[0].of.func);
    if (status == TENON_OK)
        status = tenon_global_new(store, &five, true, &imports[1].of.global);
    if (status == TENON_OK)
        status = tenon_instance_new(store, p->module, imports, 2, out, err);
    return status;
}

static bool open_place(place *p, int mode, const tenon_pool_config *wanted, const tenon_limits *limits)
{
    tenon_config config = { .size = sizeof config,
                            .features = TENON_FEATURES_ALL,
                            .bounds = mode == CHECKED ? TENON_BOUNDS_CHECKED : TENON_BOUNDS_GUARDED };
    tenon_pool_config how = wanted != NULL ? *wanted : (tenon_pool_config){ .size = sizeof how };

    if (mode == COMPILED && access(TENON_LLVM, X_OK) != 0)
        return false;
    memset(p, 0, sizeof *p);
    how.fill = fill;
    how.context = p;
    how.dense = mode == DENSE;
    assert_int_equal(tenon_engine_new(&config, &p->engine), TENON_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(tenon_tenant_new(p->engine, limits, &p->tenants[i]), TENON_OK);
    assert_int_equal(tenon_module_new(p->engine, BUILT(soil), &p->module, NULL), TENON_OK);
    assert_int_equal(tenon_pool_new(p->engine, &how, &p->pool), TENON_OK);
    if (mode == COMPILED) {
        assert_true(add_compiled(TENON_LLVM, p->module, BUILT(soil)) > 0);
    }
    return true;
}

static void close_place(place *p)
{
    tenon_pool_delete(p->pool);
    tenon_module_delete(p->module);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tenon_tenant_memory_bytes(p->tenants[i]), 0);
        tenon_tenant_delete(p->tenants[i]);
    }
    tenon_engine_delete(p->engine);
}

static tenon_instance *take(place *p, int tenant, tenon_store **store)
{
    tenon_instance *instance;

    assert_int_equal(tenon_pool_take(p->pool, p->tenants[tenant], store, &instance, NULL), TENON_OK);
    assert_true(leaves_all || tenon_store_context(*store) == NULL);
    tenon_store_set_context(*store, p);
    return instance;
}

static void call_n(tenon_instance *instance, const char *name, int64_t n)
{
    tenon_val args[2] = { { .type = TENON_I64, .of.i64 = n }, { .type = TENON_I32, .of.i32 = 500 } }, out;
    tenon_func *func = export_func(instance, name);

    assert_int_equal(tenon_func_call(func, args, tenon_func_param_count(func), &out, tenon_func_result_count(func), NULL),
                     TENON_OK);
}

static int64_t look(tenon_instance *instance, const char *name)
{
    tenon_val out;

    /* It traps where a segment is missing. */
    if (tenon_func_call(export_func(instance, name), NULL, 0, &out, 1, NULL) != TENON_OK)
        return -1;
    return out.of.i64;
}

static int64_t check(tenon_instance *instance)
{
    int64_t place = look(instance, "check");

    return place != 0 ? place : look(instance, "check_grown");
}

/* ---- one after the other ---- */

static void use_and_look(place *p, const char *soil)
{
    tenon_store *store, *again;
    tenon_instance *instance = take(p, 0, &store);

    call_n(instance, "deep", CANARY);
    call_n(instance, soil, CANARY);
    tenon_pool_give(p->pool, store);
    instance = take(p, 1, &again);
    assert_ptr_equal(store, again);
    assert_int_equal(check(instance), 0);
    tenon_pool_give(p->pool, again);
}

static void stores_come_back_as_they_were(void **state)
{
    static const char *const soils[] = { "soil", "grow", "fill", "big" };
    const tenon_pool_config small = { .size = sizeof small, .keep = 4096 };
    (void)state;
    for (int mode = 0; mode < MODES; mode++)
        for (int way = 0; way < 3; way++) {
            place p;
            if (!open_place(&p, mode, way == 1 ? &small : NULL, NULL))
                continue;
            /* A system that cannot tell which pages were written. */
            if (way == 2)
                atomic_store(&p.engine->pages.descriptor, -1);
            for (int round = 0; round < 3; round++)
                for (size_t i = 0; i < sizeof soils / sizeof *soils; i++)
                    use_and_look(&p, soils[i]);
            assert_int_equal(atomic_load(&p.filled), 1);
            close_place(&p);
        }
}

static int drops;
static void note_drop(void *thing)
{
    (void)thing;
    drops++;
}

static void what_was_made_since_goes(void **state)
{
    static const tenon_resource_type type = { "thing", note_drop };
    place p;
    tenon_store *store;
    tenon_func *func;
    tenon_memory *memory;
    tenon_table *table;
    tenon_global *global;
    uint32_t handle;
    const tenon_val value = i32_val(1);
    (void)state;
    assert_true(open_place(&p, GUARDED, NULL, NULL));
    drops = 0;
    for (int round = 0; round < 5; round++) {
        tenon_instance *another;
        take(&p, round % 2, &store);
        assert_int_equal(tenon_func_new(store, NULL, 0, NULL, 0, NULL, &drops, &func), TENON_OK);
        assert_int_equal(tenon_func_set_finalizer(func, note_drop), TENON_OK);
        assert_int_equal(tenon_memory_new(store, 3, 5, TENON_BOUNDS_GUARDED, false, &memory), TENON_OK);
        assert_int_equal(tenon_table_new(store, TENON_FUNCREF, 100, 200, false, &table), TENON_OK);
        assert_int_equal(tenon_global_new(store, &value, true, &global), TENON_OK);
        assert_int_equal(tenon_resource_new(store, &type, &p, &handle), TENON_OK);
        assert_int_equal(fill(&p, store, &another, NULL), TENON_OK);
        call_n(another, "soil", CANARY);
        tenon_pool_give(p.pool, store);
        assert_int_equal(drops, 2 * (round + 1));
        assert_int_equal(tenon_tenant_memory_bytes(p.tenants[round % 2]), 0);
    }
    close_place(&p);
}

/* ---- side by side ---- */

static void tenants_pay_and_are_limited(void **state)
{
    const tenon_limits limits = { .size = sizeof limits, .memory_bytes = 3 << 20, .instances = 3 };
    place p;
    tenon_store *stores[4];
    tenon_instance *instance;
    tenon_error err;
    (void)state;
    assert_true(open_place(&p, GUARDED, NULL, &limits));
    for (int i = 0; i < 3; i++)
        assert_int_equal(check(take(&p, 0, &stores[i])), 0);
    assert_int_equal(atomic_load(&p.filled), 3);
    /* Each has grown by a page and three table elements. */
    assert_true(tenon_tenant_memory_bytes(p.tenants[0]) >= 3 * 4 * 65536);
    assert_int_equal(tenon_pool_take(p.pool, p.tenants[0], &stores[3], &instance, &err), TENON_LIMIT);
    assert_int_equal(tenon_pool_take(p.pool, p.tenants[1], &stores[3], &instance, &err), TENON_OK);
    assert_int_equal(atomic_load(&p.filled), 4);
    for (int i = 0; i < 4; i++)
        tenon_pool_give(p.pool, stores[i]);
    assert_int_equal(tenon_tenant_memory_bytes(p.tenants[0]), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(check(take(&p, 1, &stores[i])), 0);
    assert_int_equal(atomic_load(&p.filled), 4);
    for (int i = 0; i < 3; i++)
        tenon_pool_give(p.pool, stores[i]);
    close_place(&p);
}

/* More tenants than there are spare stacks: what others left on them is gone. */
static void stacks_are_wiped(void **state)
{
    enum { MANY = 80 };
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        place p;
        tenon_tenant *tenants[MANY];
        if (!open_place(&p, mode, NULL, NULL))
            continue;
        for (int i = 0; i < MANY; i++) {
            tenon_store *store;
            tenon_instance *instance;
            assert_int_equal(tenon_tenant_new(p.engine, NULL, &tenants[i]), TENON_OK);
            assert_int_equal(tenon_pool_take(p.pool, tenants[i], &store, &instance, NULL), TENON_OK);
            assert_int_equal(look(instance, "check"), 0);
            call_n(instance, "deep", CANARY);
            tenon_pool_give(p.pool, store);
        }
        assert_in_range(p.engine->spare_count, 1, TN_SPARE_STACKS);
        for (int i = 0; i < MANY; i++)
            tenon_tenant_delete(tenants[i]);
        close_place(&p);
    }
}

static uint64_t allowed;
static bool allow_some(void *context, tenon_tenant *tenant, uint64_t bytes)
{
    (void)tenant;
    ++*(unsigned *)context;
    if (bytes > allowed)
        return false;
    allowed -= bytes;
    return true;
}

static void limits_may_be_exceeded_if_allowed(void **state)
{
    unsigned asked = 0;
    const tenon_limits limits = {
        .size = sizeof limits, .memory_bytes = (1 << 20) + 65536, .exceeds = allow_some, .context = &asked
    };
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_store *store;
    tenon_memory *memory;
    (void)state;
    allowed = 3 * 65536;
    assert_int_equal(tenon_engine_new(NULL, &engine), TENON_OK);
    assert_int_equal(tenon_tenant_new(engine, &limits, &tenant), TENON_OK);
    assert_int_equal(tenon_store_new(tenant, &store), TENON_OK);
    assert_int_equal(tenon_memory_new(store, 1, 10, TENON_BOUNDS_GUARDED, false, &memory), TENON_OK);
    assert_int_equal(asked, 0);
    assert_int_equal(tenon_memory_grow(memory, 3), TENON_OK);
    assert_int_equal(tenon_memory_grow(memory, 1), TENON_LIMIT);
    assert_int_equal(asked, 2);
    tenon_store_delete(store);
    assert_int_equal(tenon_tenant_memory_bytes(tenant), 0);
    tenon_tenant_delete(tenant);
    tenon_engine_delete(engine);
}

static void spares_are_limited(void **state)
{
    const tenon_pool_config config = { .size = sizeof config, .spare = 2 };
    place p;
    tenon_store *stores[5];
    (void)state;
    assert_true(open_place(&p, GUARDED, &config, NULL));
    for (int i = 0; i < 5; i++)
        take(&p, 0, &stores[i]);
    for (int i = 0; i < 5; i++)
        tenon_pool_give(p.pool, stores[i]);
    for (int i = 0; i < 5; i++)
        take(&p, 1, &stores[i]);
    assert_in_range(atomic_load(&p.filled), 7, 8);
    for (int i = 0; i < 5; i++)
        tenon_pool_give(p.pool, stores[i]);
    close_place(&p);
}

/* ---- very often ---- */

typedef struct user {
    place *p;
    int number, rounds;
    unsigned seen;
} user;

/* Leaves canaries, and looks for those of others. */
static void *reuse(void *arg)
{
    user *u = arg;

    for (int i = 0; i < u->rounds; i++) {
        tenon_store *store;
        int tenant = (u->number + i) % 2;
        tenon_instance *instance = take(u->p, tenant, &store);
        int64_t place = i % 16 == 0 ? check(instance) : look(instance, "check");
        /* Stacks are wiped between tenants; the second may find what it has left itself. */
        u->seen += place != 0 && (place != ON_STACK || tenant == 0);
        tenon_pool_give(u->p->pool, store);
        instance = take(u->p, 1 - tenant, &store);
        if (i % 64 < 2 && tenant == 0)
            call_n(instance, "deep", CANARY);
        call_n(instance, i % 1000 == 0 ? "fill" : i % 16 == 0 ? "grow" : "soil", CANARY);
        tenon_pool_give(u->p->pool, store);
    }
    return NULL;
}

static unsigned reuse_in(int mode, int rounds)
{
    place p;
    pthread_t threads[2];
    user users[2];

    if (!open_place(&p, mode, NULL, NULL))
        return 0;
    for (int i = 0; i < 2; i++) {
        users[i] = (user){ .p = &p, .number = i, .rounds = rounds };
        assert_int_equal(pthread_create(&threads[i], NULL, reuse, &users[i]), 0);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    close_place(&p);
    return users[0].seen + users[1].seen;
}

/* A search that finds nothing when nothing is taken away would be worth nothing. */
static void the_search_finds_what_is_left(void **state)
{
    (void)state;
    leaves_all = true;
    for (int mode = 0; mode < MODES; mode++)
        if (mode != COMPILED || access(TENON_LLVM, X_OK) == 0)
            assert_in_range(reuse_in(mode, 100), 150, 200);
    leaves_all = false;
}

/* A million times, of which a sanitizer is spared the most. */
static void no_canary_is_seen(void **state)
{
    const int rounds = TN_SANITIZED ? 1000 : 63000;
    (void)state;
    for (int mode = 0; mode < MODES; mode++)
        assert_int_equal(reuse_in(mode, rounds), 0);
}

/* A process that was forked has pages of its own. */
static void children_go_back_too(void **state)
{
    place p;
    tenon_store *store;
    int status;
    (void)state;
    assert_true(open_place(&p, GUARDED, NULL, NULL));
    use_and_look(&p, "soil");
    pid_t child = fork();
    if (child == 0) {
        tenon_instance *instance = take(&p, 0, &store);
        call_n(instance, "soil", CANARY);
        tenon_pool_give(p.pool, store);
        _exit(check(take(&p, 1, &store)) != 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close_place(&p);
}

/* ---- snapshots ---- */

static void must_be_alike(tenon_instance *a, tenon_instance *b)
{
    tenon_extern x, y;
    uint64_t x_size, y_size;

    assert_true(tenon_instance_export(a, (tenon_name){ "memory", 6 }, &x));
    assert_true(tenon_instance_export(b, (tenon_name){ "memory", 6 }, &y));
    const uint8_t *x_bytes = tenon_memory_data(x.of.memory, &x_size), *y_bytes = tenon_memory_data(y.of.memory, &y_size);
    assert_int_equal(x_size, y_size);
    assert_memory_equal(x_bytes, y_bytes, x_size);
}

static tenon_instance *instance_of(place *p, const tenon_snapshot *snapshot, tenon_store *store)
{
    static const tenon_type i64[] = { TENON_I64 };
    static const tenon_entry entry = { forgets, NULL, 0, 1, NULL, i64 };
    const tenon_val five = { .type = TENON_I64, .of.i64 = 5 };
    tenon_extern imports[2] = { { .kind = TENON_KIND_FUNC }, { .kind = TENON_KIND_GLOBAL } };
    tenon_instance *out;

    assert_int_equal(tenon_func_new_entry(store, &entry, NULL, &imports[0].of.func), TENON_OK);
    assert_int_equal(tenon_global_new(store, &five, true, &imports[1].of.global), TENON_OK);
    if (snapshot == NULL)
        assert_int_equal(tenon_instance_new(store, p->module, imports, 2, &out, NULL), TENON_OK);
    else
        assert_int_equal(tenon_snapshot_instantiate(store, snapshot, imports, 2, &out, NULL), TENON_OK);
    return out;
}

static void instances_begin_where_others_were(void **state)
{
    static const char *const soils[] = { NULL, "soil", "fill", "big" };
    (void)state;
    for (int mode = 0; mode < MODES; mode++)
        for (size_t i = 0; i < sizeof soils / sizeof *soils; i++) {
            place p;
            tenon_store *from, *to[3];
            tenon_snapshot *snapshot;
            tenon_instance *clones[3];
            if (mode == DENSE || !open_place(&p, mode, NULL, NULL))
                continue;
            assert_int_equal(tenon_store_new(p.tenants[0], &from), TENON_OK);
            tenon_instance *first = instance_of(&p, NULL, from);
            if (soils[i] != NULL)
                call_n(first, soils[i], CANARY);
            assert_int_equal(tenon_snapshot_new(first, &snapshot, NULL), TENON_OK);
            for (int k = 0; k < 3; k++) {
                assert_int_equal(tenon_store_new(p.tenants[1], &to[k]), TENON_OK);
                clones[k] = instance_of(&p, snapshot, to[k]);
                must_be_alike(first, clones[k]);
            }
            /* They are apart from each other, and from what they come from. */
            int64_t seen = look(first, "check");
            assert_true((seen == 0) == (soils[i] == NULL));
            for (int k = 0; k < 3; k++) {
                assert_int_equal(look(clones[k], "check"), seen);
                call_n(clones[k], "fill", k);
            }
            tenon_store_delete(from);
            tenon_snapshot_delete(snapshot);
            for (int k = 0; k < 3; k++) {
                assert_int_equal(look(clones[k], "check"), 1);
                tenon_store_delete(to[k]);
            }
            close_place(&p);
        }
}

static void some_things_stay_behind(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    tenon_module *module;
    tenon_instance *instance;
    tenon_snapshot *snapshot;
    tenon_extern e;
    tenon_error err;
    (void)state;
    assert_int_equal(tenon_module_new(w.engine, BUILT(holds), &module, NULL), TENON_OK);
    assert_int_equal(tenon_instance_new(w.store, module, NULL, 0, &instance, NULL), TENON_OK);
    assert_int_equal(tenon_snapshot_new(instance, &snapshot, NULL), TENON_OK);
    tenon_snapshot_delete(snapshot);
    assert_true(tenon_instance_export(instance, (tenon_name){ "table", 5 }, &e));
    assert_int_equal(tenon_table_set(e.of.table, 1, 42), TENON_OK);
    assert_int_equal(tenon_snapshot_new(instance, &snapshot, &err), TENON_USAGE);
    assert_non_null(strstr(err.text, "another store"));
    tenon_module_delete(module);
    world_delete(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_come_back_as_they_were), cmocka_unit_test(what_was_made_since_goes),
        cmocka_unit_test(tenants_pay_and_are_limited),   cmocka_unit_test(spares_are_limited),
        cmocka_unit_test(limits_may_be_exceeded_if_allowed),
        cmocka_unit_test(stacks_are_wiped),
        cmocka_unit_test(the_search_finds_what_is_left), cmocka_unit_test(no_canary_is_seen),
        cmocka_unit_test(children_go_back_too),
        cmocka_unit_test(instances_begin_where_others_were),
        cmocka_unit_test(some_things_stay_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
