/* SPDX-License-Identifier: MIT
 * Tenants: code that they share is charged in full to each, and nobody pays for another's calls; calls of host functions
 * are counted and limited, need capabilities, and are written down; who may be reached.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>

#include "runtime/vm/runtime.h"
#include "tests/support/compile.h"

typedef struct house {
    tenon_engine *engine;
    tenon_module *module;
    tenon_tenant *tenants[2];
} house;

static void open_house(house *h, const tenon_limits *limits)
{
    const tenon_config config = { .size = sizeof config, .features = TENON_FEATURES_ALL };
    assert_int_equal(tenon_engine_new(&config, &h->engine), TENON_OK);
    assert_int_equal(tenon_module_new(h->engine, BUILT(small), &h->module, NULL), TENON_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(tenon_tenant_new(h->engine, limits, &h->tenants[i]), TENON_OK);
}

static void close_house(house *h)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tenon_tenant_memory_bytes(h->tenants[i]), 0);
        tenon_tenant_delete(h->tenants[i]);
    }
    tenon_module_delete(h->module);
    tenon_engine_delete(h->engine);
}

/* A store with an instance; what it takes besides code. */
typedef struct room {
    tenon_store *store;
    tenon_instance *instance;
    uint64_t own;
} room;

static tenon_status open_room(const house *h, int tenant, room *r)
{
    assert_int_equal(tenon_store_new(h->tenants[tenant], &r->store), TENON_OK);
    tenon_status status = tenon_instance_new(r->store, h->module, NULL, 0, &r->instance, NULL);
    if (status == TENON_OK)
        r->own = h->engine->stack_size + 65536 + tn_instance_bytes(r->instance);
    return status;
}

static tenon_status divide(const room *r, tenon_error *err)
{
    const tenon_val args[2] = { i32_val(42), i32_val(6) };
    tenon_val result;
    tenon_status status = tenon_func_call(export_func(r->instance, "div"), args, 2, &result, 1, err);
    if (status == TENON_OK)
        assert_int_equal(result.of.i32, 7);
    return status;
}

static uint64_t charged(const house *h, int tenant)
{
    return tenon_tenant_memory_bytes(h->tenants[tenant]);
}

static void shared_code_is_charged_in_full_to_each(void **state)
{
    house h;
    room r[3];
    (void)state;
    open_house(&h, NULL);
    uint64_t loaded = tn_module_bytes(h.module);
    assert_true(loaded > sizeof module_small + sizeof(tenon_module));
    assert_int_equal(open_room(&h, 0, &r[0]), TENON_OK);
    uint64_t entered = tn_module_bytes(h.module);
    assert_true(entered > loaded);
    assert_int_equal(charged(&h, 0), r[0].own + entered);
    assert_int_equal(open_room(&h, 1, &r[1]), TENON_OK);
    assert_int_equal(charged(&h, 1), r[1].own + entered);
    /* Who calls a function first pays for its translation, at once. */
    assert_int_equal(divide(&r[0], NULL), TENON_OK);
    uint64_t translated = tn_module_bytes(h.module);
    assert_true(translated > entered);
    assert_int_equal(charged(&h, 0), r[0].own + translated);
    assert_int_equal(divide(&r[1], NULL), TENON_OK);
    assert_int_equal(charged(&h, 1), r[1].own + entered);
    /* The others with their next instance; and a module once, however many instances there are of it. */
    assert_int_equal(open_room(&h, 1, &r[2]), TENON_OK);
    assert_int_equal(charged(&h, 1), r[1].own + r[2].own + translated);
    tenon_store_delete(r[1].store);
    assert_int_equal(charged(&h, 1), r[2].own + translated);
    tenon_store_delete(r[2].store);
    assert_int_equal(charged(&h, 1), 0);
    assert_int_equal(charged(&h, 0), r[0].own + translated);
    tenon_store_delete(r[0].store);
    close_house(&h);
}

static void who_cannot_pay_gets_no_code(void **state)
{
    house h;
    room r[2];
    tenon_error err;
    (void)state;
    open_house(&h, NULL);
    assert_int_equal(open_room(&h, 0, &r[0]), TENON_OK);
    assert_int_equal(open_room(&h, 1, &r[1]), TENON_OK);
    h.tenants[0]->limits.memory_bytes = charged(&h, 0);
    uint64_t before = tn_module_bytes(h.module);
    assert_int_equal(divide(&r[0], &err), TENON_TRAP);
    assert_int_equal(err.trap, TENON_TRAP_OUT_OF_MEMORY);
    assert_int_equal(tn_module_bytes(h.module), before);
    assert_int_equal(charged(&h, 0), r[0].own + before);
    /* The other pays, and then it is there for both. */
    assert_int_equal(divide(&r[1], NULL), TENON_OK);
    assert_int_equal(divide(&r[0], NULL), TENON_OK);
    tenon_store_delete(r[0].store);
    /* Not even the module. */
    h.tenants[0]->limits.memory_bytes = h.engine->stack_size + before;
    assert_int_equal(open_room(&h, 0, &r[0]), TENON_LIMIT);
    assert_int_equal(tenon_tenant_memory_bytes(h.tenants[0]), h.engine->stack_size);
    tenon_store_delete(r[0].store);
    tenon_store_delete(r[1].store);
    close_house(&h);
}

static void compiled_code_is_charged(void **state)
{
    house h;
    room r;
    (void)state;
    if (access(TENON_LLVM, X_OK) != 0)
        skip();
    open_house(&h, NULL);
    uint64_t loaded = tn_module_bytes(h.module);
    size_t size = add_compiled(TENON_LLVM, h.module, BUILT(small));
    assert_true(size > 0 && tn_module_bytes(h.module) >= loaded + size);
    assert_int_equal(open_room(&h, 0, &r), TENON_OK);
    assert_int_equal(charged(&h, 0), r.own + tn_module_bytes(h.module));
    tenon_store_delete(r.store);
    close_house(&h);
}

/* ---- calls of host functions ---- */

enum { INTERPRETED, COMPILED, MODES };

typedef struct storm {
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_module *module;
    tenon_store *store;
    tenon_instance *instance;
    tenon_func *f;
    unsigned calls, wrong; /* of the host function, and those whose arguments were */
    unsigned allowed, denied, complaints;
    tenon_record last;
} storm;

static storm *here;

static int32_t f(tenon_caller *caller, int32_t a, int64_t b, float c, double d, int32_t e, int64_t g, float h, double i,
                 int32_t j)
{
    (void)caller;
    here->calls++;
    here->wrong += a != (int32_t)here->calls || b != 2 || c != 3 || d != 4 || e != 5 || g != 6 || h != 7 || i != 8 ||
                   j != 9;
    return 1;
}
TENON_ENTRY(f_entry, f, (i32, i64, f32, f64, i32, i64, f32, f64, i32), i32);

static void note_record(void *context, tenon_tenant *tenant, const tenon_record *record)
{
    storm *s = context;
    assert_ptr_equal(tenant, s->tenant);
    s->allowed += record->allowed;
    s->denied += !record->allowed;
    s->last = *record;
}

static void note_complaint(void *context, tenon_level level, tenon_tenant *tenant, const char *text)
{
    storm *s = context;
    assert_int_equal(level, TENON_LEVEL_WARNING);
    assert_ptr_equal(tenant, s->tenant);
    assert_non_null(strstr(text, "limit"));
    s->complaints++;
}

static void add_store(storm *s, tenon_store **store, tenon_instance **instance, tenon_func **func)
{
    tenon_extern e = { .kind = TENON_KIND_FUNC };
    assert_int_equal(tenon_store_new(s->tenant, store), TENON_OK);
    assert_int_equal(tenon_func_new_entry(*store, &f_entry, NULL, func), TENON_OK);
    e.of.func = *func;
    assert_int_equal(tenon_instance_new(*store, s->module, &e, 1, instance, NULL), TENON_OK);
}

static bool open_storm(storm *s, int mode, uint64_t calls, bool audit_all)
{
    const tenon_config config = {
        .size = sizeof config, .features = TENON_FEATURES_ALL, .log = note_complaint, .log_context = s
    };
    const tenon_limits limits = { .size = sizeof limits, .meters = { [TENON_METER_HOST_CALLS] = calls } };
    const tenon_policy policy = { .size = sizeof policy,
                                  .capabilities = TENON_CAPABILITY_BIT(40),
                                  .audit_all = audit_all,
                                  .audit = note_record,
                                  .audit_context = s };
    if (mode == COMPILED && access(TENON_LLVM, X_OK) != 0)
        return false;
    memset(s, 0, sizeof *s);
    here = s;
    assert_int_equal(tenon_engine_new(&config, &s->engine), TENON_OK);
    assert_int_equal(tenon_tenant_new(s->engine, &limits, &s->tenant), TENON_OK);
    assert_int_equal(tenon_tenant_set_policy(s->tenant, &policy, NULL), TENON_OK);
    assert_int_equal(tenon_module_new(s->engine, BUILT(calls_out), &s->module, NULL), TENON_OK);
    if (mode == COMPILED) {
        assert_true(add_compiled(TENON_LLVM, s->module, BUILT(calls_out)) > 0);
    }
    add_store(s, &s->store, &s->instance, &s->f);
    return true;
}

static void close_storm(storm *s)
{
    tenon_store_delete(s->store);
    tenon_module_delete(s->module);
    assert_int_equal(tenon_tenant_memory_bytes(s->tenant), 0);
    tenon_tenant_delete(s->tenant);
    tenon_engine_delete(s->engine);
}

/* TENON_OK: the host was called `count` times. */
static tenon_status blow(storm *s, tenon_instance *instance, int32_t count)
{
    const tenon_val n = i32_val(count);
    tenon_val sum;
    s->calls = s->wrong = 0;
    tenon_status status = tenon_func_call(export_func(instance, "storm"), &n, 1, &sum, 1, NULL);
    assert_int_equal(s->wrong, 0);
    if (status == TENON_OK)
        assert_int_equal(sum.of.i32, count);
    return status;
}

static uint64_t spent(const storm *s)
{
    return tenon_tenant_spent(s->tenant, TENON_METER_HOST_CALLS);
}

static void host_calls_are_counted(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        storm s;
        tenon_store *other;
        tenon_instance *instance;
        tenon_func *func;
        const tenon_val args[9] = { i32_val(1), { .type = TENON_I64 }, { .type = TENON_F32 }, { .type = TENON_F64 },
                                    i32_val(5), { .type = TENON_I64 }, { .type = TENON_F32 }, { .type = TENON_F64 },
                                    i32_val(9) };
        tenon_val result;
        if (!open_storm(&s, mode, 0, false))
            continue;
        assert_int_equal(blow(&s, s.instance, 1000), TENON_OK);
        assert_int_equal(spent(&s), 1000);
        add_store(&s, &other, &instance, &func);
        assert_int_equal(blow(&s, instance, 23), TENON_OK);
        assert_int_equal(spent(&s), 1023);
        tenon_store_delete(other);
        assert_int_equal(spent(&s), 1023);
        /* The host's own calls are nobody's. */
        assert_int_equal(tenon_func_call(s.f, args, 9, &result, 1, NULL), TENON_OK);
        assert_int_equal(spent(&s), 1023);
        assert_int_equal(tenon_tenant_left(s.tenant, TENON_METER_HOST_CALLS), UINT64_MAX);
        close_storm(&s);
    }
}

static void host_calls_are_limited(void **state)
{
    /* Stores take none, one or many in advance. */
    static const int32_t limits[] = { 1, 10, 5000, 100000 };
    (void)state;
    for (int mode = 0; mode < MODES; mode++)
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
            storm s;
            const int32_t limit = limits[i], first = limit / 3 + 1;
            tenon_store *other;
            tenon_instance *instance;
            tenon_func *func;
            if (!open_storm(&s, mode, (uint64_t)limit, false))
                continue;
            assert_int_equal(blow(&s, s.instance, first), TENON_OK);
            assert_int_equal(spent(&s), first);
            assert_int_equal(tenon_tenant_left(s.tenant, TENON_METER_HOST_CALLS), limit - first);
            /* What this store has taken in advance comes back with it. */
            tenon_store_delete(s.store);
            add_store(&s, &s.store, &s.instance, &s.f);
            add_store(&s, &other, &instance, &func);
            assert_int_equal(blow(&s, instance, limit - first + 1), TENON_LIMIT);
            assert_int_equal(s.calls, limit - first);
            assert_int_equal(spent(&s), limit);
            assert_int_equal(blow(&s, s.instance, 1), TENON_LIMIT);
            assert_int_equal(s.calls, 0);
            assert_int_equal(s.complaints, 1);
            tenon_store_delete(other);
            close_storm(&s);
        }
}

static void host_functions_need_capabilities(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        storm s;
        if (!open_storm(&s, mode, 0, true))
            continue;
        assert_int_equal(tenon_func_set_capability(s.f, (tenon_capability)41), TENON_OK);
        assert_int_equal(blow(&s, s.instance, 3), TENON_DENIED);
        assert_int_equal(s.calls, 0);
        assert_int_equal(s.denied, 1);
        assert_int_equal(s.last.capability, 41);
        assert_int_equal(s.last.number, 1);
        assert_ptr_equal(s.last.store, s.store);
        assert_int_equal(tenon_func_set_capability(s.f, (tenon_capability)40), TENON_OK);
        assert_int_equal(blow(&s, s.instance, 3), TENON_OK);
        assert_int_equal(s.allowed, 3);
        assert_int_equal(s.last.number, 4);
        tenon_tenant_set_capabilities(s.tenant, 0);
        assert_int_equal(blow(&s, s.instance, 3), TENON_DENIED);
        tenon_tenant_set_capabilities(s.tenant, TENON_CAPABILITIES_ALL);
        assert_int_equal(blow(&s, s.instance, 3), TENON_OK);
        assert_int_equal(tenon_func_set_capability(s.f, TENON_CAPABILITY_NONE), TENON_OK);
        assert_int_equal(blow(&s, s.instance, 3), TENON_OK);
        assert_int_equal(s.allowed, 6);
        assert_int_equal(tenon_func_set_capability(export_func(s.instance, "storm"), (tenon_capability)40),
                         TENON_USAGE);
        assert_int_equal(tenon_func_set_capability(s.f, (tenon_capability)64), TENON_USAGE);
        close_storm(&s);
    }
}

/* ---- threads ---- */

enum { THREADS = 4, ROUNDS = 100, BREEZE = 20 };

static int32_t count_only(tenon_caller *caller, int32_t a, int64_t b, float c, double d, int32_t e, int64_t g, float h,
                          double i, int32_t j)
{
    (void)caller, (void)a, (void)b, (void)c, (void)d, (void)e, (void)g, (void)h, (void)i, (void)j;
    return 1;
}
TENON_ENTRY(count_entry, count_only, (i32, i64, f32, f64, i32, i64, f32, f64, i32), i32);

typedef struct crowd {
    storm *s;
    atomic_uint refused, done;
} crowd;

static void *come_and_go(void *arg)
{
    crowd *c = arg;
    const tenon_val n = i32_val(BREEZE);
    tenon_val sum;
    for (int i = 0; i < ROUNDS; i++) {
        tenon_extern e = { .kind = TENON_KIND_FUNC };
        tenon_instance *instance;
        tenon_store *store;
        /* The limit is for three of them: who comes too late is told so. */
        tenon_status status = tenon_store_new(c->s->tenant, &store);
        if (status != TENON_OK) {
            c->refused++;
            continue;
        }
        assert_int_equal(tenon_func_new_entry(store, &count_entry, NULL, &e.of.func), TENON_OK);
        status = tenon_instance_new(store, c->s->module, &e, 1, &instance, NULL);
        if (status == TENON_OK) {
            assert_int_equal(tenon_func_call(export_func(instance, "storm"), &n, 1, &sum, 1, NULL), TENON_OK);
            c->done++;
        } else {
            assert_int_equal(status, TENON_LIMIT);
            c->refused++;
        }
        tenon_store_delete(store);
    }
    return NULL;
}

static void accounts_are_exact_among_threads(void **state)
{
    storm s;
    crowd c = { .s = &s };
    pthread_t threads[THREADS];
    (void)state;
    assert_true(open_storm(&s, INTERPRETED, 0, false));
    const uint64_t before = tenon_tenant_memory_bytes(s.tenant), room = before + 5 * before / 2;
    s.tenant->limits.memory_bytes = room;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &c), 0);
    uint64_t last = 0;
    while (c.done + c.refused < THREADS * ROUNDS) {
        uint64_t calls = spent(&s);
        assert_in_range(calls, last, THREADS * ROUNDS * BREEZE);
        assert_in_range(tenon_tenant_memory_bytes(s.tenant), before, room);
        last = calls;
        tenon_tenant_set_capabilities(s.tenant, calls);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(c.done > 0);
    assert_int_equal(spent(&s), c.done * BREEZE);
    assert_true(tenon_tenant_peak_bytes(s.tenant) <= room);
    assert_int_equal(tenon_tenant_instances(s.tenant), 1);
    close_storm(&s);
}

/* ---- who may be reached ---- */

typedef struct question {
    const char *name, *address;
    uint16_t port;
    bool allowed;
} question;

static bool ask(tenon_tenant *tenant, const question *q)
{
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(q->port) };
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(q->port) };
    const struct sockaddr *address = NULL;
    if (q->address != NULL && inet_pton(AF_INET, q->address, &v4.sin_addr) == 1)
        address = (const struct sockaddr *)&v4;
    else if (q->address != NULL && inet_pton(AF_INET6, q->address, &v6.sin6_addr) == 1)
        address = (const struct sockaddr *)&v6;
    return tenon_tenant_may_connect(tenant, NULL, q->name, q->port, address);
}

static void peers_are_as_the_policy_says(void **state)
{
    static const tenon_peer peers[] = { { "192.0.2.0/24", 80, 90 },    { "2001:db8::/33", 0, 0 },
                                        { "Example.org", 443, 443 },   { "*.example.net.", 443, 443 },
                                        { "127.0.0.1", 8080, 8080 },   { "x_y.local", 0, 0 } };
    static const question questions[] = {
        { NULL, "192.0.2.77", 80, true },
        { NULL, "192.0.2.77", 90, true },
        { NULL, "192.0.2.77", 91, false },
        { NULL, "192.0.3.77", 80, false },
        { NULL, "::ffff:192.0.2.77", 80, true },
        { NULL, "2001:db8:7fff::1", 1, true },
        { NULL, "2001:db8:8000::1", 1, false },
        { "example.org", NULL, 443, true },
        { "EXAMPLE.org.", NULL, 443, true },
        { "example.org", NULL, 80, false },
        { "www.example.org", NULL, 443, false },
        { "www.example.net", NULL, 443, true },
        { "a.b.example.net", NULL, 443, true },
        { "example.net", NULL, 443, false },
        { "badexample.net", NULL, 443, false },
        { "www.example.net", "93.184.216.34", 443, true },
        { "www.example.net", "2606:2800:220:1::1", 443, true },
        /* Names that lead to the host itself, or into its networks. */
        { "www.example.net", "127.0.0.1", 443, false },
        { "www.example.net", "::1", 443, false },
        { "www.example.net", "::ffff:10.1.2.3", 443, false },
        { "www.example.net", "64:ff9b::a01:203", 443, false },
        { "www.example.net", "169.254.169.254", 443, false },
        { "www.example.net", "fe80::1", 443, false },
        { "www.example.net", "0.0.0.0", 443, false },
        { "x_y.local", "127.0.0.1", 8080, true },
        { "x_y.local", "127.0.0.1", 8081, false },
        { "", NULL, 443, false },
        { "www example.net", NULL, 443, false },
        { "*.example.net", NULL, 443, false },
        { ".example.net", NULL, 443, false },
        { NULL, NULL, 443, false },
    };
    storm s = { .calls = 0 };
    const tenon_policy policy = { .size = sizeof policy,
                                  .capabilities = TENON_CAPABILITIES_ALL,
                                  .peers = peers,
                                  .peer_count = sizeof peers / sizeof *peers,
                                  .audit_all = true,
                                  .audit = note_record,
                                  .audit_context = &s };
    (void)state;
    assert_int_equal(tenon_engine_new(NULL, &s.engine), TENON_OK);
    assert_int_equal(tenon_tenant_new(s.engine, NULL, &s.tenant), TENON_OK);
    assert_false(ask(s.tenant, &questions[0]));
    assert_int_equal(tenon_tenant_set_policy(s.tenant, &policy, NULL), TENON_OK);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        if (ask(s.tenant, &questions[i]) != questions[i].allowed)
            fail_msg("question %zu: %s %s %u", i, questions[i].name, questions[i].address, questions[i].port);
        assert_int_equal(s.last.number, i + 2);
        assert_int_equal(s.last.allowed, questions[i].allowed);
        assert_int_equal(s.last.reason != NULL, !questions[i].allowed);
    }
    tenon_tenant_set_capabilities(s.tenant, 0);
    assert_false(ask(s.tenant, &questions[0]));
    tenon_tenant_delete(s.tenant);
    tenon_engine_delete(s.engine);
}

static void any_name_is_no_address(void **state)
{
    static const tenon_peer any = { "*", 0, 0 };
    static const question questions[] = { { "a.example", NULL, 1, true },      { "127.0.0.1", NULL, 1, false },
                                          { "2130706433", NULL, 1, false },    { "0x7f.1", NULL, 1, false },
                                          { "a.0x7f000001", NULL, 1, false },  { NULL, "93.184.216.34", 1, false },
                                          { "a.example", "10.0.0.1", 1, false }, { "::1", NULL, 1, false } };
    const tenon_policy policy = {
        .size = sizeof policy, .capabilities = TENON_CAPABILITIES_ALL, .peers = &any, .peer_count = 1
    };
    tenon_engine *engine;
    tenon_tenant *tenant;
    (void)state;
    assert_int_equal(tenon_engine_new(NULL, &engine), TENON_OK);
    assert_int_equal(tenon_tenant_new(engine, NULL, &tenant), TENON_OK);
    assert_int_equal(tenon_tenant_set_policy(tenant, &policy, NULL), TENON_OK);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (ask(tenant, &questions[i]) != questions[i].allowed)
            fail_msg("question %zu", i);
    tenon_tenant_delete(tenant);
    tenon_engine_delete(engine);
}

static void wrong_policies_are_refused(void **state)
{
    static const tenon_peer wrong[] = { { "", 0, 0 },           { "10.1.0.0/8", 0, 0 },  { "10.0.0.0/33", 0, 0 },
                                        { "10.0.0.0/", 0, 0 },  { "::/129", 0, 0 },      { "a..b", 0, 0 },
                                        { "*a.b", 0, 0 },       { "a b", 0, 0 },         { "name/8", 0, 0 },
                                        { "*.", 0, 0 },         { "a.example", 90, 80 }, { "10.0.0.0/8x", 0, 0 } };
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_store *store;
    tenon_error err;
    tenon_policy policy = { .size = 1 };
    (void)state;
    assert_int_equal(tenon_engine_new(NULL, &engine), TENON_OK);
    assert_int_equal(tenon_tenant_new(engine, NULL, &tenant), TENON_OK);
    assert_int_equal(tenon_tenant_set_policy(tenant, &policy, &err), TENON_USAGE);
    policy.size = sizeof policy;
    policy.peer_count = 1;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        policy.peers = &wrong[i];
        if (tenon_tenant_set_policy(tenant, &policy, &err) != TENON_USAGE)
            fail_msg("`%s` was understood", wrong[i].host);
        assert_non_null(strstr(err.text, wrong[i].host));
    }
    policy.peer_count = 0;
    assert_int_equal(tenon_store_new(tenant, &store), TENON_OK);
    assert_int_equal(tenon_tenant_set_policy(tenant, &policy, &err), TENON_USAGE);
    tenon_store_delete(store);
    assert_int_equal(tenon_tenant_set_policy(tenant, &policy, &err), TENON_OK);
    assert_false(tenon_tenant_allows(tenant, TENON_CAPABILITY_FILES));
    assert_true(tenon_tenant_allows(tenant, TENON_CAPABILITY_NONE));
    tenon_tenant_delete(tenant);
    tenon_engine_delete(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(shared_code_is_charged_in_full_to_each),
                                        cmocka_unit_test(who_cannot_pay_gets_no_code),
                                        cmocka_unit_test(compiled_code_is_charged),
                                        cmocka_unit_test(host_calls_are_counted),
                                        cmocka_unit_test(host_calls_are_limited),
                                        cmocka_unit_test(host_functions_need_capabilities),
                                        cmocka_unit_test(accounts_are_exact_among_threads),
                                        cmocka_unit_test(peers_are_as_the_policy_says),
                                        cmocka_unit_test(any_name_is_no_address),
                                        cmocka_unit_test(wrong_policies_are_refused) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
