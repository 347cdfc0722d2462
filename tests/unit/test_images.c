/* SPDX-License-Identifier: MIT
 * Compiled code as the process sees it: pieces of files that threads come upon side by side, and what images say of
 * loops that rest on a check. Skipped where there is no compiler.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "jit/code.h"
#include "runtime/vm/runtime.h"
#include "tenon/compiled.h"
#include "tests/support/compile.h"
#include "tests/support/failing.h"

#define THREADS 4

static const tenon_key key = { { 42 } };

/* ---- a module with much code ---- */

enum { FUNCTIONS = 1200, STEPS = 40 };

typedef struct text {
    uint8_t *bytes;
    size_t size;
} text;

static void put(text *t, const void *bytes, size_t size)
{
    t->bytes = realloc(t->bytes, t->size + size + 1);
    assert_non_null(t->bytes);
    memcpy(t->bytes + t->size, bytes, size);
    t->size += size;
}

static void put_u8(text *t, unsigned byte)
{
    const uint8_t b = (uint8_t)byte;
    put(t, &b, 1);
}

static void put_uleb(text *t, uint32_t n)
{
    for (; n >= 0x80; n >>= 7)
        put_u8(t, (n & 0x7F) | 0x80);
    put_u8(t, n);
}

static void put_sized(text *t, text *inner)
{
    put_uleb(t, (uint32_t)inner->size);
    put(t, inner->bytes, inner->size);
    free(inner->bytes);
    *inner = (text){ 0 };
}

static void put_section(text *t, unsigned id, text *content)
{
    put_u8(t, id);
    put_sized(t, content);
}

/* What function `i` makes of x, and its body: an xor and a rotation for each step. */
static uint32_t expected(uint32_t i, uint32_t x)
{
    for (uint32_t k = 0; k < STEPS; k++) {
        x ^= (i + k) & 63;
        x = x << (k % 31 + 1) | x >> (31 - k % 31);
    }
    return x;
}

static void put_body(text *t, uint32_t i)
{
    text body = { 0 };

    put_u8(&body, 0);
    put(&body, "\x20\x00", 2);
    for (uint32_t k = 0; k < STEPS; k++) {
        put_u8(&body, 0x41);
        put_u8(&body, (i + k) & 63);
        put(&body, "\x73\x41", 2);
        put_u8(&body, k % 31 + 1);
        put_u8(&body, 0x77);
    }
    put_u8(&body, 0x0B);
    put_sized(t, &body);
}

/* f(x, i) calls function i of the table with x; it is the first, the others are in their order. */
static text many_functions(void)
{
    text all = { 0 }, s = { 0 };

    put(&all, "\0asm\1\0\0\0", 8);
    put(&s, "\2\x60\1\x7f\1\x7f\x60\2\x7f\x7f\1\x7f", 12);
    put_section(&all, 1, &s);
    put_uleb(&s, FUNCTIONS + 1);
    for (uint32_t i = 0; i <= FUNCTIONS; i++)
        put_u8(&s, i == 0);
    put_section(&all, 3, &s);
    put(&s, "\1\x70\0", 3);
    put_uleb(&s, FUNCTIONS);
    put_section(&all, 4, &s);
    put(&s, "\1\1f\0\0", 5);
    put_section(&all, 7, &s);
    put(&s, "\1\0\x41\0\x0B", 5);
    put_uleb(&s, FUNCTIONS);
    for (uint32_t i = 0; i < FUNCTIONS; i++)
        put_uleb(&s, i + 1);
    put_section(&all, 9, &s);
    put_uleb(&s, FUNCTIONS + 1);
    text first = { 0 };
    put(&first, "\0\x20\0\x20\1\x11\0\0\x0B", 9);
    put_sized(&s, &first);
    for (uint32_t i = 0; i < FUNCTIONS; i++)
        put_body(&s, i);
    put_section(&all, 10, &s);
    return all;
}

/* ---- compiling ---- */

static text compile(const uint8_t *bytes, size_t size)
{
    text image = { NULL, 0 };

    image.bytes = compile_module(TENON_LLVM, bytes, size, &image.size);
    assert_non_null(image.bytes);
    return image;
}

static bool write_to(void *context, const void *bytes, size_t size)
{
    return write(*(int *)context, bytes, size) == (ssize_t)size;
}

static int seal(const text *module, const text *image)
{
    const tenon_compiled parts = {
        .image = image->bytes, .image_size = image->size, .module = module->bytes, .module_size = module->size
    };
    int fd = memfd_create("sealed", MFD_CLOEXEC);

    assert_int_equal(tenon_compiled_seal(&parts, &key, write_to, &fd), TENON_OK);
    return fd;
}

/* ---- pieces ---- */

typedef struct caller {
    tenon_engine *engine;
    tenon_module *module;
    uint32_t first, stride;
    unsigned right, refused;
} caller;

static void *call_all(void *arg)
{
    caller *c = arg;
    tenon_tenant *tenant;
    tenon_store *store;
    tenon_instance *instance;
    tenon_error err;

    if (tenon_tenant_new(c->engine, NULL, &tenant) != TENON_OK || tenon_store_new(tenant, &store) != TENON_OK ||
        tenon_instance_new(store, c->module, NULL, 0, &instance, NULL) != TENON_OK)
        return NULL;
    tenon_func *f = export_func(instance, "f");
    for (uint32_t n = 0; n < FUNCTIONS; n++) {
        uint32_t i = (c->first + n * c->stride) % FUNCTIONS;
        const tenon_val args[] = { i32_val((int32_t)(n * 77)), i32_val((int32_t)i) };
        tenon_val result;
        tenon_status status = tenon_func_call(f, args, 2, &result, 1, &err);
        c->right += status == TENON_OK && (uint32_t)result.of.i32 == expected(i, n * 77);
        c->refused += status == TENON_TRAP && err.trap == TENON_TRAP_CODE_CHANGED;
    }
    tenon_store_delete(store);
    tenon_tenant_delete(tenant);
    return NULL;
}

/* Several threads, each with its own order. */
static void race(tenon_module *module, tenon_engine *engine, caller callers[THREADS])
{
    static const uint32_t strides[THREADS] = { 1, 7, 1199, 611 };
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++) {
        callers[i] = (caller){ engine, module, (uint32_t)i * 100 + (strides[i] == 1199 ? 99 : 0), strides[i], 0, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, call_all, &callers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void pieces_are_taken_side_by_side(void **state)
{
    text module = many_functions(), image = compile(module.bytes, module.size);
    int fd = seal(&module, &image);
    (void)state;
    for (int round = 0; round < 20; round++) {
        world w = world_new(TENON_BOUNDS_GUARDED);
        tenon_module *m;
        caller callers[THREADS];
        assert_int_equal(tenon_module_open_compiled(w.engine, fd, &key, NULL, &m, NULL), TENON_OK);
        race(m, w.engine, callers);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(callers[i].right, FUNCTIONS);
        tenon_module_delete(m);
        world_delete(&w);
    }
    close(fd);
    free(module.bytes);
    free(image.bytes);
}

/* Everything behind some byte of the code is overwritten, or gone, after the file was opened: who comes upon it is
 * told, whoever reads first. */
static void pieces_that_were_changed_are_refused(void **state)
{
    text module = many_functions(), image = compile(module.bytes, module.size);
    const tn_image_header *h = (const void *)image.bytes;
    off_t middle = TN_IMAGE_PAGE + (off_t)h->code + (off_t)h->code_size / 2;
    static const uint8_t zeros[4096];
    (void)state;
    for (int cut = 0; cut < 2; cut++) {
        world w = world_new(TENON_BOUNDS_GUARDED);
        int fd = seal(&module, &image);
        tenon_module *m;
        caller callers[THREADS];
        assert_int_equal(tenon_module_open_compiled(w.engine, fd, &key, NULL, &m, NULL), TENON_OK);
        if (cut)
            assert_int_equal(ftruncate(fd, middle), 0);
        for (off_t at = middle; !cut && at < middle + h->code_size; at += (off_t)sizeof zeros)
            assert_int_equal(pwrite(fd, zeros, sizeof zeros, at), sizeof zeros);
        race(m, w.engine, callers);
        for (int i = 0; i < THREADS; i++) {
            assert_int_equal(callers[i].right + callers[i].refused, FUNCTIONS);
            assert_true(callers[i].right > FUNCTIONS / 5 && callers[i].refused > FUNCTIONS / 5);
            assert_int_equal(callers[i].right, callers[0].right);
        }
        tenon_module_delete(m);
        world_delete(&w);
        close(fd);
    }
    free(module.bytes);
    free(image.bytes);
}

/* ---- failures ---- */

/* Opens a file by its descriptor or its bytes, and makes an instance. */
static tenon_status use(tenon_engine *engine, int fd, const uint8_t *bytes, size_t size)
{
    tenon_module *m;
    tenon_status status = bytes == NULL ? tenon_module_open_compiled(engine, fd, &key, NULL, &m, NULL)
                                        : tenon_module_new_compiled(engine, bytes, size, &key, &m, NULL);
    if (status != TENON_OK)
        return status;
    tenon_tenant *tenant;
    tenon_store *store;
    tenon_instance *instance;
    status = tenon_tenant_new(engine, NULL, &tenant);
    if (status == TENON_OK) {
        status = tenon_store_new(tenant, &store);
        if (status == TENON_OK) {
            status = tenon_instance_new(store, m, NULL, 0, &instance, NULL);
            tenon_store_delete(store);
        }
        tenon_tenant_delete(tenant);
    }
    tenon_module_delete(m);
    return status;
}

/* False when nothing failed any more. */
static bool open_with(plan *f, int fd, const uint8_t *bytes, size_t size)
{
    const tenon_config config = { .size = sizeof config, .allocator = { reallocate, may_map, f } };
    tenon_engine *engine;
    tenon_status status = tenon_engine_new(&config, &engine);

    if (status == TENON_OK) {
        status = use(engine, fd, bytes, size);
        tenon_engine_delete(engine);
    }
    bool failed = f->fail_map != 0 ? f->maps >= f->fail_map : f->allocations >= f->fail_allocation;
    assert_true(status == TENON_OK || (failed && (status == TENON_NOMEM || status == TENON_LIMIT)));
    assert_int_equal(f->outstanding, 0);
    return failed;
}

/* Every allocation and every mapping fails once: a status says so, and nothing is left. */
static void opening_survives_failures(void **state)
{
    text module = many_functions(), image = compile(module.bytes, module.size);
    int fd = seal(&module, &image);
    off_t size = lseek(fd, 0, SEEK_END);
    uint8_t *bytes = malloc((size_t)size);
    (void)state;
    assert_int_equal(pread(fd, bytes, (size_t)size, 0), size);
    for (int whole = 0; whole < 2; whole++) {
        long allocations = 0, maps = 0;
        while (open_with(&(plan){ .fail_allocation = ++allocations }, fd, whole ? bytes : NULL, (size_t)size))
            ;
        while (open_with(&(plan){ .fail_map = ++maps }, fd, whole ? bytes : NULL, (size_t)size))
            ;
        assert_true(allocations > 15 && maps > 3);
    }
    free(bytes);
    close(fd);
    free(module.bytes);
    free(image.bytes);
}

/* ---- facts ---- */

#ifdef __x86_64__
/* By DWARF's numbers. */
static const int registers[16] = { REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP,
                                   REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };
static struct {
    uint8_t *at, byte;
    greg_t regs[23];
    int hits;
} stop;

static void let_write(uint8_t *at, bool writable)
{
    uintptr_t page = (uintptr_t)at & ~(uintptr_t)4095;
    assert_int_equal(mprotect((void *)page, 8192, writable ? PROT_READ | PROT_WRITE : PROT_READ | PROT_EXEC), 0);
}

/* Notes the registers at the stop, and goes on without it. */
static void on_stop(int signal, siginfo_t *info, void *ucontext)
{
    greg_t *regs = ((ucontext_t *)ucontext)->uc_mcontext.gregs;
    (void)signal, (void)info;
    if ((uintptr_t)regs[REG_RIP] != (uintptr_t)stop.at + 1)
        abort();
    memcpy(stop.regs, regs, sizeof stop.regs);
    stop.hits++;
    let_write(stop.at, true);
    *stop.at = stop.byte;
    let_write(stop.at, false);
    regs[REG_RIP]--;
}

static uint64_t value_of(const tn_image_fact *fact)
{
    uint64_t reg = fact->reg < 16 ? (uint64_t)stop.regs[registers[fact->reg]] : 0, value = 0;

    switch ((tn_fact_kind)fact->kind) {
    case TN_FACT_CONSTANT:
        return (uint64_t)fact->value;
    case TN_FACT_ADDRESS:
        return reg + (uint64_t)fact->value;
    case TN_FACT_IN_REGISTER:
        return fact->size == 4 ? (uint32_t)reg : reg;
    default:
        memcpy(&value, (const void *)(uintptr_t)(reg + (uint64_t)fact->value), fact->size);
        return value;
    }
}

static const void *table(const text *image, tn_image_part_id id, uint32_t *count)
{
    const tn_image_header *h = (const void *)image->bytes;

    *count = h->parts[id].count;
    return image->bytes + h->parts[id].offset;
}

typedef struct stream {
    uint64_t begin, end, reach;
    int64_t step;
    bool stores;
} stream;

/* Runs a loop until the code of its version, and compares what is said there with what the call was given. */
static void check_facts(const text *image, const tn_image_version *v, const char *name, const int32_t args[3],
                        const stream *streams, unsigned count)
{
    const tn_image_fact *f = (const tn_image_fact *)table(image, TN_PART_FACTS, &(uint32_t){ 0 }) + v->fact;
    struct sigaction mine = { .sa_sigaction = on_stop, .sa_flags = SA_SIGINFO }, before;
    world w = world_new(TENON_BOUNDS_GUARDED);
    tenon_module *m;
    tenon_instance *instance;
    tenon_extern memory;
    tenon_val vals[3], result;

    assert_int_equal(tenon_module_new(w.engine, BUILT(streams), &m, NULL), TENON_OK);
    assert_int_equal(tenon_module_add_code(m, image->bytes, image->size, NULL), TENON_OK);
    assert_int_equal(tenon_instance_new(w.store, m, NULL, 0, &instance, NULL), TENON_OK);
    assert_true(tenon_instance_export(instance, (tenon_name){ "memory", 6 }, &memory));
    stop.at = (uint8_t *)(uintptr_t)m->bound[TENON_BOUNDS_GUARDED]->image->code + v->code;
    stop.byte = *stop.at;
    stop.hits = 0;
    let_write(stop.at, true);
    *stop.at = 0xCC;
    let_write(stop.at, false);
    sigaction(SIGTRAP, &mine, &before);
    for (int i = 0; i < 3; i++)
        vals[i] = i32_val(args[i]);
    tenon_func *func = export_func(instance, name);
    assert_int_equal(tenon_func_call(func, vals, 3, &result, tenon_func_result_count(func), NULL), TENON_OK);
    sigaction(SIGTRAP, &before, NULL);
    assert_int_equal(stop.hits, 1);
    assert_int_equal(v->fact_count, TN_FACTS_OF_LOOP + count * TN_FACTS_OF_GROUP);
    uint64_t base = (uint64_t)(uintptr_t)memory.of.memory->base;
    assert_int_equal(value_of(&f[TN_FACT_BASE]), base);
    assert_int_equal(value_of(&f[TN_FACT_SIZE]), 2 * 65536);
    assert_int_equal(value_of(&f[TN_FACT_ROUNDS]), args[2]);
    f += TN_FACTS_OF_LOOP;
    for (unsigned i = 0; i < count; i++, f += TN_FACTS_OF_GROUP) {
        const stream *s = &streams[i];
        assert_int_equal(value_of(&f[TN_FACT_BEGIN]), s->begin);
        assert_int_equal(value_of(&f[TN_FACT_END]), s->end);
        assert_int_equal(value_of(&f[TN_FACT_REACH]), s->reach);
        assert_int_equal(value_of(&f[TN_FACT_STEP]), s->step);
        assert_int_equal(value_of(&f[TN_FACT_STORES]), s->stores);
        assert_int_equal(value_of(&f[TN_FACT_POINTER]), base + (s->step < 0 ? s->end - s->reach : s->begin));
    }
    tenon_module_delete(m);
    world_delete(&w);
}

static const tn_image_version *version_in(const text *image, uint32_t own)
{
    uint32_t count, functions;
    const tn_image_version *v = table(image, TN_PART_VERSIONS, &count);
    const tn_image_function *f = table(image, TN_PART_FUNCTIONS, &functions);
    const tn_image_version *found = NULL;
    uint32_t next = UINT32_MAX;

    for (uint32_t i = 0; i < functions; i++)
        if (f[i].code > f[own].code && f[i].code - 1 < next)
            next = f[i].code - 1;
    for (uint32_t i = 0; i < count; i++)
        if (v[i].code >= f[own].code - 1 && v[i].code < next) {
            assert_null(found);
            found = &v[i];
        }
    assert_non_null(found);
    return found;
}

static void facts_are_true(void **state)
{
    text image = compile(BUILT(streams));
    static const int32_t scale[3] = { 40000, 1000, 3000 }, sum[3] = { 70000, 0, 500 };
    /* The access that the loop meets first is first. */
    static const stream scaled[] = { { 1000, 1000 + 12000, 4, 4, false }, { 40000, 40000 + 12000 + 4, 8, 4, true } };
    static const stream summed[] = { { 70000, 70000 + 2000, 4, -4, false } };
    (void)state;

    check_facts(&image, version_in(&image, 0), "scale", scale, scaled, 2);
    check_facts(&image, version_in(&image, 1), "sum_down", sum, summed, 1);
    free(image.bytes);
}
#else
static void facts_are_true(void **state)
{
    (void)state;
    skip();
}
#endif

int main(void)
{
    if (access(TENON_LLVM, X_OK) != 0)
        return 77;
    const struct CMUnitTest tests[] = { cmocka_unit_test(pieces_are_taken_side_by_side),
                                        cmocka_unit_test(pieces_that_were_changed_are_refused),
                                        cmocka_unit_test(opening_survives_failures),
                                        cmocka_unit_test(facts_are_true) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
