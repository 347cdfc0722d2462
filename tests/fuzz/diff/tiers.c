/* SPDX-License-Identifier: MIT
 * Runs modules in every tier and compares what can be seen of them: results, traps, memories and globals.
 *
 * Comes in: modules on standard input, each with a header (below), and the compiler's path as argument. Goes out: for
 * each module what the interpreter did, line by line, and a line for each tier that did something else; then a line with
 * a dot. Arguments of calls are edge values, found by counting, so that others can make the same calls.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jit/code.h"
#include "jit/process.h"
#include "runtime/vm/native.h"
#include "tenon.h"

#define EDGES      16
#define MAX_VALUES 64
#define TIMEOUT    ((uint64_t)2000000000)
/* Lines that are kept of each run. */
#define MAX_LINES 200000
#define LOAD_ONLY UINT32_MAX

typedef struct header {
    uint32_t size;
    uint32_t calls; /* of each exported function, or LOAD_ONLY */
} header;

typedef struct text {
    char *bytes;
    size_t size, room;
} text;

typedef struct tier {
    const char *name;
    int level; /* of the compiler; -1: interpreted */
    tenon_bounds bounds;
    uint32_t threshold; /* of background compiling; 0: none */
    bool metered;       /* what is left of the fuel is seen too */
    tenon_engine *engine;
    tenon_tenant *tenant;
    text seen;
} tier;

static tier tiers[] = {
    { .name = "interp", .level = -1 },
    { .name = "checked", .level = -1, .bounds = TENON_BOUNDS_CHECKED },
    { .name = "O0", .level = 0 },
    { .name = "O1", .level = 1 },
    { .name = "O2", .level = 2 },
    { .name = "O3", .level = 3 },
    { .name = "O2-checked", .level = 2, .bounds = TENON_BOUNDS_CHECKED },
    { .name = "auto", .level = -1, .threshold = 1 },
    { .name = "auto-later", .level = -1, .threshold = 4 },
    { .name = "metered", .level = -1, .metered = true },
    { .name = "metered-checked", .level = -1, .metered = true, .bounds = TENON_BOUNDS_CHECKED },
    { .name = "metered-O0", .level = 0, .metered = true },
    { .name = "metered-O2", .level = 2, .metered = true },
    { .name = "metered-O3-checked", .level = 3, .metered = true, .bounds = TENON_BOUNDS_CHECKED },
    { .name = "metered-auto", .level = -1, .metered = true, .threshold = 1 },
};
#define TIERS (sizeof tiers / sizeof *tiers)

static const char *compiler;
static tn_process process = { .socket = -1, .pidfd = -1, .stop = -1 };
static const tn_process_limits limits = { .timeout = (uint64_t)60000000000, .memory = UINT64_MAX };

/* ---- what is seen ---- */

static void say(text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(text *t, const char *format, ...)
{
    char line[512];
    va_list values;

    va_start(values, format);
    int size = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (size < 0 || t->size > (size_t)MAX_LINES * 32)
        return;
    if (t->size + (size_t)size + 1 > t->room) {
        t->room = (t->room + (size_t)size) * 2 + 4096;
        t->bytes = realloc(t->bytes, t->room);
        if (t->bytes == NULL)
            abort();
    }
    memcpy(t->bytes + t->size, line, (size_t)size + 1);
    t->size += (size_t)size;
}

static void say_value(text *t, const tenon_val *v)
{
    uint64_t bits = 0;

    switch (v->type) {
    case TENON_I32:
        say(t, " %08" PRIx32, (uint32_t)v->of.i32);
        return;
    case TENON_I64:
        say(t, " %016" PRIx64, (uint64_t)v->of.i64);
        return;
    case TENON_F32:
        memcpy(&bits, &v->of.f32, 4);
        if (v->of.f32 != v->of.f32)
            say(t, " nan");
        else
            say(t, " %08" PRIx64, bits);
        return;
    case TENON_F64:
        memcpy(&bits, &v->of.f64, 8);
        if (v->of.f64 != v->of.f64)
            say(t, " nan");
        else
            say(t, " %016" PRIx64, bits);
        return;
    case TENON_V128:
        say(t, " ");
        for (int i = 16; i > 0; i--)
            say(t, "%02x", v->of.v128[i - 1]);
        return;
    default:
        say(t, v->of.ref == 0 ? " null" : " ref");
    }
}

static uint32_t checksum(const uint8_t *bytes, uint64_t size)
{
    static uint32_t table[256];
    uint32_t sum = UINT32_MAX;

    for (uint32_t i = 0; table[255] == 0 && i < 256; i++) {
        table[i] = i;
        for (int k = 0; k < 8; k++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xEDB88320u : 0);
    }
    for (uint64_t i = 0; i < size; i++)
        sum = sum >> 8 ^ table[(sum ^ bytes[i]) & 0xFF];
    return ~sum;
}

/* ---- calls ---- */

static const uint64_t integers[EDGES] = { 0,          1,          2,          0xFFFFFFFFFFFFFFFF,
                                          0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF,
                                          31,         32,         65535,      0x8000000000000000,
                                          65532,      64,         0x12345678, 0x0123456789ABCDEF };
static const uint32_t singles[EDGES] = { 0,          0x80000000, 0x3F800000, 0xBF800000, 0x7F800000, 0xFF800000,
                                         0x7FC00000, 0x00000001, 0x807FFFFF, 0x7F7FFFFF, 0x4F000000, 0xCF000001,
                                         0x3F000000, 0x5F000000, 0x4B800001, 0xC0490FDB };
static const uint64_t doubles[EDGES] = { 0,
                                         0x8000000000000000,
                                         0x3FF0000000000000,
                                         0xBFF0000000000000,
                                         0x7FF0000000000000,
                                         0xFFF0000000000000,
                                         0x7FF8000000000000,
                                         1,
                                         0x800FFFFFFFFFFFFF,
                                         0x7FEFFFFFFFFFFFFF,
                                         0x41E0000000000000,
                                         0xC1E0000000200000,
                                         0x3FE0000000000000,
                                         0x43E0000000000000,
                                         0x41EFFFFFFFE00000,
                                         0xC00921FB54442D18 };

/* The n-th of all combinations, the first argument changing fastest. */
static void make_arguments(const tenon_func *func, uint64_t n, tenon_val *out)
{
    for (size_t i = 0; i < tenon_func_param_count(func); i++, n = n / EDGES + i) {
        uint64_t bits = integers[n % EDGES];
        out[i] = (tenon_val){ .type = tenon_func_param_type(func, i) };
        switch (out[i].type) {
        case TENON_I32:
            out[i].of.i32 = (int32_t)(uint32_t)bits;
            break;
        case TENON_I64:
            out[i].of.i64 = (int64_t)bits;
            break;
        case TENON_F32:
            memcpy(&out[i].of.f32, &singles[n % EDGES], 4);
            break;
        case TENON_F64:
            memcpy(&out[i].of.f64, &doubles[n % EDGES], 8);
            break;
        case TENON_V128:
            memcpy(out[i].of.v128, &bits, 8);
            memcpy(out[i].of.v128 + 8, &doubles[n % EDGES], 8);
            break;
        default:
            break;
        }
    }
}

/* How deep calls go and how long they take is each tier's own. */
static bool ended_differently(tenon_status status, const tenon_error *err)
{
    return status == TENON_TRAP && (err->trap == TENON_TRAP_STACK_EXHAUSTED || err->trap == TENON_TRAP_INTERRUPTED ||
                                    err->trap == TENON_TRAP_OUT_OF_MEMORY);
}

/* False when nothing that follows can be compared. */
static bool say_end(text *t, tenon_status status, const tenon_error *err)
{
    if (ended_differently(status, err)) {
        say(t, " stop\n");
        return false;
    }
    say(t, " %s\n", status == TENON_TRAP ? tenon_trap_text(err->trap) : tenon_status_text(status));
    return true;
}

/* Some calls have little: where they run out is seen too. */
static uint64_t fuel_of(uint64_t n)
{
    static const uint64_t amounts[] = { UINT64_MAX, 1000, 30, 7 };

    return amounts[n % 4];
}

static bool call(const tier *r, text *t, tenon_store *store, size_t export, tenon_func *func, uint64_t n)
{
    tenon_val args[MAX_VALUES], results[MAX_VALUES];
    tenon_error err;
    size_t params = tenon_func_param_count(func), count = tenon_func_result_count(func);

    if (params > MAX_VALUES || count > MAX_VALUES)
        return true;
    make_arguments(func, n, args);
    if (r->metered && tenon_store_set_fuel(store, fuel_of(n)) != TENON_OK)
        abort();
    tenon_status status = tenon_func_call(func, args, params, results, count, &err);
    say(t, "call %zu %" PRIu64, export, n);
    if (r->metered && !ended_differently(status, &err))
        say(t, " fuel %" PRIu64, fuel_of(n) - tenon_store_fuel(store));
    if (status != TENON_OK)
        return say_end(t, status, &err);
    for (size_t i = 0; i < count; i++)
        say_value(t, &results[i]);
    say(t, "\n");
    return true;
}

static bool is_plain(tenon_type t)
{
    return t == TENON_I32 || t == TENON_I64 || t == TENON_F32 || t == TENON_F64 || t == TENON_FUNCREF ||
           t == TENON_EXTERNREF;
}

/* Whether peers whose interface knows the types of WebAssembly 2.0 without vectors can make the same calls. */
static void say_types(text *t, const tenon_module *module, tenon_instance *instance)
{
    bool plain = true;

    for (size_t i = 0; i < tenon_module_export_count(module); i++) {
        tenon_export_info info = tenon_module_export(module, i);
        tenon_extern e;
        if (!tenon_instance_export(instance, info.name, &e))
            continue;
        if (info.kind == TENON_KIND_GLOBAL)
            plain = plain && is_plain(tenon_global_get(e.of.global).type);
        if (info.kind == TENON_KIND_TAG)
            plain = false;
        for (size_t k = 0; info.kind == TENON_KIND_FUNC && k < tenon_func_param_count(e.of.func); k++)
            plain = plain && is_plain(tenon_func_param_type(e.of.func, k));
        for (size_t k = 0; info.kind == TENON_KIND_FUNC && k < tenon_func_result_count(e.of.func); k++)
            plain = plain && is_plain(tenon_func_result_type(e.of.func, k));
    }
    say(t, "types %s\n", plain ? "plain" : "others");
}

static bool call_all(tier *r, tenon_store *store, const tenon_module *module, tenon_instance *instance, uint32_t calls)
{
    for (size_t i = 0; i < tenon_module_export_count(module); i++) {
        tenon_export_info info = tenon_module_export(module, i);
        tenon_extern e;
        if (info.kind != TENON_KIND_FUNC || !tenon_instance_export(instance, info.name, &e))
            continue;
        for (uint32_t n = 0; n < calls; n++)
            if (!call(r, &r->seen, store, i, e.of.func, n + (calls < EDGES ? i : 0)))
                return false;
    }
    return true;
}

static void say_state(text *t, const tenon_module *module, tenon_instance *instance)
{
    for (size_t i = 0; i < tenon_module_export_count(module); i++) {
        tenon_export_info info = tenon_module_export(module, i);
        tenon_extern e;
        if (!tenon_instance_export(instance, info.name, &e))
            continue;
        if (info.kind == TENON_KIND_MEMORY) {
            uint64_t size;
            const uint8_t *bytes = tenon_memory_data(e.of.memory, &size);
            say(t, "memory %zu %" PRIu64 " %08x\n", i, size, (unsigned)checksum(bytes, size));
        } else if (info.kind == TENON_KIND_GLOBAL) {
            tenon_val v = tenon_global_get(e.of.global);
            say(t, "global %zu", i);
            say_value(t, &v);
            say(t, "\n");
        } else if (info.kind == TENON_KIND_TABLE) {
            say(t, "table %zu %" PRIu64 "\n", i, tenon_table_size(e.of.table));
        }
    }
}

/* ---- compiling ---- */

/* The first functions of the module as an image; false when the compiler failed, which is a finding. */
static bool add_code(const tier *r, tenon_module *module, const uint8_t *bytes, size_t size)
{
    const tn_module *m = tn_module_core(module);
    tn_job_packet job = { .version = TN_JOB_VERSION,
                          .bounds = r->bounds,
                          .level = (uint32_t)r->level,
                          .metered = r->metered,
                          .features = m->features };
    FILE *file = tmpfile();
    int image = -1;
    uint64_t image_size = 0;
    bool ok = file != NULL && fwrite(bytes, 1, size, file) == size && fflush(file) == 0;

    if (m->memory_count > 0 && (m->memories[0].is64 || m->memories[0].page_log2 != 16))
        job.bounds = TENON_BOUNDS_CHECKED;
    for (uint32_t i = 0; i < m->body_count && i < TN_JOB_ITEMS; i++)
        job.items[job.count++] = (tn_job_item){ i, TN_NO_LOOP };
    if (ok && process.pidfd < 0)
        ok = tn_process_start(&process, compiler, &limits);
    ok = ok && tn_process_run(&process, &limits, &job, fileno(file), &image, &image_size) == TN_JOB_ENDED_WELL;
    if (file != NULL)
        fclose(file);
    if (!ok)
        return false;
    uint8_t *room = malloc(image_size);
    ok = room != NULL && pread(image, room, image_size, 0) == (ssize_t)image_size &&
         tenon_module_add_code(module, room, image_size, NULL) == TENON_OK;
    free(room);
    close(image);
    return ok;
}

/* ---- a module in a tier ---- */

static void run_module(tier *r, const uint8_t *bytes, size_t size, uint32_t calls)
{
    text *t = &r->seen;
    tenon_module *module;
    tenon_store *store;
    tenon_instance *instance;
    tenon_error err;

    t->size = 0;
    say(t, "%s", "");
    tenon_status status = tenon_module_new(r->engine, bytes, size, &module, &err);
    if (status != TENON_OK) {
        say(t, "load %s: %s\n", tenon_status_text(status), err.text);
        return;
    }
    if (calls == LOAD_ONLY) {
        tenon_module_delete(module);
        return;
    }
    if (r->level >= 0 && !add_code(r, module, bytes, size))
        say(t, "the compiler failed\n");
    if (tenon_store_new(r->tenant, &store) != TENON_OK || tenon_store_set_timeout(store, TIMEOUT) != TENON_OK)
        abort();
    if (r->metered && tenon_store_set_fuel(store, UINT64_MAX) != TENON_OK)
        abort();
    status = tenon_instance_new(store, module, NULL, 0, &instance, &err);
    if (status != TENON_OK) {
        say(t, "start");
        say_end(t, status, &err);
    } else {
        say_types(t, module, instance);
        if (call_all(r, store, module, instance, calls))
            say_state(t, module, instance);
    }
    tenon_store_delete(store);
    tenon_module_delete(module);
}

/* Says where two runs differ, up to where one of them stops. */
static void compare(const tier *a, const tier *b)
{
    const char *p = a->seen.bytes, *q = b->seen.bytes;

    while (*p != '\0' || *q != '\0') {
        const char *p_end = strchr(p, '\n'), *q_end = strchr(q, '\n');
        size_t p_size = p_end != NULL ? (size_t)(p_end - p) : strlen(p), q_size = q_end != NULL ? (size_t)(q_end - q) : strlen(q);
        if ((p_size >= 4 && memcmp(p + p_size - 4, "stop", 4) == 0) || (q_size >= 4 && memcmp(q + q_size - 4, "stop", 4) == 0))
            return;
        if (p_size != q_size || memcmp(p, q, p_size) != 0) {
            printf("differs %s: %.*s | %s: %.*s\n", b->name, (int)q_size, q, a->name, (int)p_size, p);
            return;
        }
        p += p_size + (p_end != NULL);
        q += q_size + (q_end != NULL);
    }
}

static bool is_chosen(const tier *r, const char *list)
{
    size_t size = strlen(r->name);

    for (const char *p = list; (p = strstr(p, r->name)) != NULL; p += size)
        if ((p == list || p[-1] == ',') && (p[size] == ',' || p[size] == '\0'))
            return true;
    return false;
}

static void open_tier(tier *r)
{
    const tenon_config config = { .size = sizeof config,
                                  .features = TENON_FEATURES_ALL,
                                  .bounds = r->bounds,
                                  .threads = 1,
                                  .metered = r->metered,
                                  .tiering = { .compiler = r->threshold != 0 ? compiler : NULL,
                                               .threshold = r->threshold,
                                               .synchronous = true,
                                               .compilers = 1 } };

    if (tenon_engine_new(&config, &r->engine) != TENON_OK || tenon_tenant_new(r->engine, NULL, &r->tenant) != TENON_OK)
        abort();
}

int main(int argc, char **argv)
{
    header h;

    if (argc != 3) {
        fputs("usage: fuzz_tiers COMPILER TIER,TIER…  < modules with headers\n", stderr);
        return 2;
    }
    compiler = argv[1];
    while (fread(&h, sizeof h, 1, stdin) == 1) {
        uint8_t *bytes = malloc(h.size + 1u);
        const tier *first = NULL;
        if (bytes == NULL || fread(bytes, 1, h.size, stdin) != h.size)
            return 1;
        for (size_t i = 0; i < TIERS; i++) {
            if (!is_chosen(&tiers[i], argv[2]))
                continue;
            if (tiers[i].engine == NULL)
                open_tier(&tiers[i]);
            run_module(&tiers[i], bytes, h.size, h.calls);
            if (first == NULL) {
                first = &tiers[i];
                fputs(first->seen.bytes, stdout);
            } else {
                compare(first, &tiers[i]);
            }
        }
        puts(".");
        fflush(stdout);
        free(bytes);
    }
    tn_process_end(&process);
    return 0;
}
