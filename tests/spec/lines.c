/* SPDX-License-Identifier: MIT
 * Runs spec scripts on a machine for which there is no JSON library: tests/spec/lines.py has turned them into words.
 *
 *   store                               a fresh store with spectest
 *   module PATH NAME                    load, instantiate, make current; NAME or -
 *   refuse PATH                         must not load        unlinkable PATH, trapping PATH: must not instantiate
 *   register AS NAME
 *   return|trap|exception INSTANCE FIELD get|invoke ARGS… = RESULTS…
 *
 * Names are hexadecimal with an x in front. A value is TYPE:LANES:VALUE,…; a lane is a number, c or a (NaN patterns), any,
 * null or |-separated alternatives of whole values.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tenon.h"

#define MAX 32

static tenon_engine *engine;
static tenon_tenant *tenant;
static tenon_store *store;
static tenon_linker *linker;
static tenon_instance *current, *instances[4096];
static char instance_names[4096][64];
static size_t instance_count;
static const char *images;
static unsigned passed, failed, compiled;
static unsigned long line_number;

static void check(bool ok, const char *what)
{
    if (ok) {
        passed++;
    } else {
        failed++;
        printf("line %lu: %s\n", line_number, what);
    }
}

static tenon_name name_of(const char *hex, char *buffer)
{
    size_t size = strlen(hex + 1) / 2;
    for (size_t i = 0; i < size; i++) {
        char digits[3] = { hex[1 + 2 * i], hex[2 + 2 * i], 0 };
        buffer[i] = (char)strtoul(digits, NULL, 16);
    }
    return (tenon_name){ buffer, size };
}

static tenon_status nothing(void *context, tenon_caller *caller, const tenon_val *args, tenon_val *results)
{
    (void)context, (void)caller, (void)args, (void)results;
    return TENON_OK;
}

static void must(tenon_status status)
{
    if (status != TENON_OK) {
        printf("line %lu: %s\n", line_number, tenon_status_text(status));
        exit(2);
    }
}

static void define(const char *name, tenon_extern e)
{
    must(tenon_linker_define(linker, (tenon_name){ "spectest", 8 }, (tenon_name){ name, strlen(name) }, e));
}

static void define_function(const char *name, size_t count, tenon_type a, tenon_type b)
{
    tenon_type params[2] = { a, b };
    tenon_extern e = { .kind = TENON_KIND_FUNC };
    must(tenon_func_new(store, params, count, NULL, 0, nothing, NULL, &e.of.func));
    define(name, e);
}

static void define_global(const char *name, tenon_val value)
{
    tenon_extern e = { .kind = TENON_KIND_GLOBAL };
    must(tenon_global_new(store, &value, false, &e.of.global));
    define(name, e);
}

static void define_spectest(tenon_bounds bounds)
{
    tenon_extern memory = { .kind = TENON_KIND_MEMORY }, table = { .kind = TENON_KIND_TABLE };

    define_function("print", 0, 0, 0);
    define_function("print_i32", 1, TENON_I32, 0);
    define_function("print_i64", 1, TENON_I64, 0);
    define_function("print_f32", 1, TENON_F32, 0);
    define_function("print_f64", 1, TENON_F64, 0);
    define_function("print_i32_f32", 2, TENON_I32, TENON_F32);
    define_function("print_f64_f64", 2, TENON_F64, TENON_F64);
    define_global("global_i32", (tenon_val){ .type = TENON_I32, .of.i32 = 666 });
    define_global("global_i64", (tenon_val){ .type = TENON_I64, .of.i64 = 666 });
    define_global("global_f32", (tenon_val){ .type = TENON_F32, .of.f32 = 666.6f });
    define_global("global_f64", (tenon_val){ .type = TENON_F64, .of.f64 = 666.6 });
    must(tenon_memory_new(store, 1, 2, bounds, false, &memory.of.memory));
    define("memory", memory);
    must(tenon_table_new(store, TENON_FUNCREF, 10, 20, false, &table.of.table));
    define("table", table);
    must(tenon_table_new(store, TENON_FUNCREF, 10, 20, true, &table.of.table));
    define("table64", table);
}

static void close_store(void)
{
    tenon_linker_delete(linker);
    tenon_store_delete(store);
    tenon_tenant_delete(tenant);
    linker = NULL, store = NULL, tenant = NULL, current = NULL;
    instance_count = 0;
}

static size_t read_file(const char *path, uint8_t *bytes, size_t room)
{
    FILE *in = fopen(path, "rb");
    size_t size = in != NULL ? fread(bytes, 1, room, in) : 0;

    if (in != NULL)
        fclose(in);
    return size;
}

/* Code for a module, where somebody has compiled it: in the folder that --compiled names, slashes of the path being
 * underscores. */
static tenon_status add_code(tenon_module *module, const char *path, tenon_error *err)
{
    static uint8_t image[16 << 20];
    char name[4096];

    if (images == NULL)
        return TENON_OK;
    int start = snprintf(name, sizeof name, "%s/", images);
    snprintf(name + start, sizeof name - (size_t)start, "%s", path);
    for (char *p = name + start; *p != '\0'; p++)
        if (*p == '/')
            *p = '_';
    size_t size = read_file(name, image, sizeof image);
    if (size == 0)
        return TENON_OK;
    compiled++;
    return tenon_module_add_code(module, image, size, err);
}

static tenon_status load(const char *path, bool instantiate, tenon_instance **out, tenon_error *err)
{
    static uint8_t bytes[4 << 20];
    tenon_module *module;
    size_t size = read_file(path, bytes, sizeof bytes);
    tenon_status status = tenon_module_new(engine, bytes, size, &module, err);
    if (status != TENON_OK)
        return status;
    if (instantiate)
        status = add_code(module, path, err);
    if (instantiate && status == TENON_OK)
        status = tenon_linker_instantiate(linker, module, out, err);
    tenon_module_delete(module);
    return status;
}

static tenon_instance *find(const char *name)
{
    for (size_t i = instance_count; i > 0 && strcmp(name, "-") != 0; i--)
        if (strcmp(instance_names[i - 1], name) == 0)
            return instances[i - 1];
    return current;
}

/* ---- values ---- */

static tenon_type type_of(const char *word)
{
    for (int t = TENON_I32; t <= TENON_ANYREF; t++)
        if (strncmp(word, tenon_type_text((tenon_type)t), strlen(tenon_type_text((tenon_type)t))) == 0)
            return (tenon_type)t;
    return TENON_ANYREF;
}

static bool parse(const char *word, tenon_val *out)
{
    const char *lanes = strchr(word, ':') + 1, *values = strchr(lanes, ':') + 1;
    size_t size = 16 / (size_t)atoi(lanes);

    memset(out, 0, sizeof *out);
    out->type = type_of(word);
    if (out->type != TENON_V128) {
        out->of.i64 = strcmp(values, "null") == 0 ? 0 : (int64_t)strtoull(values, NULL, 10);
        return true;
    }
    for (size_t i = 0; i < 16; i += size) {
        uint64_t bits = strtoull(values, NULL, 10);
        memcpy(out->of.v128 + i, &bits, size);
        values = strchr(values, ',');
        values = values != NULL ? values + 1 : "";
    }
    return true;
}

static bool lane_matches(const char *pattern, uint64_t bits, size_t size)
{
    uint64_t exponent = size == 4 ? 0x7F800000u : 0x7FF0000000000000u, quiet = size == 4 ? 0x400000u : 0x8000000000000u;
    uint64_t sign = (uint64_t)1 << (size * 8 - 1), mask = size == 8 ? UINT64_MAX : ((uint64_t)1 << size * 8) - 1;

    if (*pattern == 'c')
        return (bits & ~sign) == (exponent | quiet);
    if (*pattern == 'a' && pattern[1] != 'n')
        return (bits & (exponent | quiet)) == (exponent | quiet);
    return (strtoull(pattern, NULL, 10) & mask) == bits;
}

static bool matches(const char *word, const tenon_val *v)
{
    const char *lanes = strchr(word, ':') + 1, *values = strchr(lanes, ':') + 1, *other = strchr(word, '|');

    if (other != NULL && matches(other + 1, v))
        return true;
    if (v->type >= TENON_FUNCREF) {
        if (strncmp(values, "null", 4) == 0)
            return v->of.ref == 0;
        return v->of.ref != 0 && (strncmp(values, "any", 3) == 0 || v->of.ref == strtoull(values, NULL, 10));
    }
    size_t size = v->type == TENON_V128 ? 16 / (size_t)atoi(lanes) : v->type == TENON_I32 || v->type == TENON_F32 ? 4 : 8;
    size_t total = v->type == TENON_V128 ? 16 : size;
    for (size_t i = 0; i < total; i += size) {
        uint64_t bits = 0;
        memcpy(&bits, v->of.v128 + i, size);
        if (!lane_matches(values, bits, size))
            return false;
        values += strcspn(values, ",|");
        values += *values == ',';
    }
    return true;
}

/* ---- commands ---- */

typedef struct called {
    tenon_status status;
    tenon_error err;
    tenon_val results[MAX];
    size_t count;
} called;

static char *act(called *out)
{
    static char buffer[4096];
    tenon_instance *instance = find(strtok(NULL, " \n"));
    tenon_name field = name_of(strtok(NULL, " \n"), buffer);
    bool get = strcmp(strtok(NULL, " \n"), "get") == 0;
    tenon_val args[MAX];
    size_t count = 0;
    tenon_extern e;
    char *word;

    memset(out, 0, sizeof *out);
    while ((word = strtok(NULL, " \n")) != NULL && strcmp(word, "=") != 0)
        parse(word, &args[count++]);
    out->status = TENON_USAGE;
    if (instance == NULL || !tenon_instance_export(instance, field, &e))
        return word;
    if (get) {
        out->results[0] = tenon_global_get(e.of.global);
        out->count = 1;
        out->status = TENON_OK;
    } else {
        for (size_t i = 0; i < count; i++)
            args[i].type = tenon_func_param_type(e.of.func, i);
        out->count = tenon_func_result_count(e.of.func);
        out->status = tenon_func_call(e.of.func, args, count, out->results, out->count, &out->err);
    }
    return word;
}

static void assert_return(void)
{
    called c;
    size_t i = 0;
    act(&c);
    bool ok = c.status == TENON_OK;
    for (char *word; ok && (word = strtok(NULL, " \n")) != NULL; i++)
        ok = i < c.count && matches(word, &c.results[i]);
    check(ok, c.status == TENON_OK ? "another result" : c.err.text);
}

static void module_command(void)
{
    const char *path = strtok(NULL, " \n"), *name = strtok(NULL, " \n");
    tenon_error err = { 0 };
    tenon_status status = load(path, true, &current, &err);
    check(status == TENON_OK, err.text);
    if (status == TENON_OK && strcmp(name, "-") != 0 && instance_count < 4096) {
        snprintf(instance_names[instance_count], 64, "%s", name);
        instances[instance_count++] = current;
    }
}

static void run_line(char *line, tenon_bounds bounds)
{
    char buffer[4096];
    tenon_instance *ignored;
    tenon_error err = { 0 };
    const char *command = strtok(line, " \n");
    called c;

    if (strcmp(command, "store") == 0) {
        close_store();
        must(tenon_tenant_new(engine, NULL, &tenant));
        must(tenon_store_new(tenant, &store));
        must(tenon_linker_new(store, &linker));
        define_spectest(bounds);
    } else if (strcmp(command, "module") == 0) {
        module_command();
    } else if (strcmp(command, "refuse") == 0) {
        check(load(strtok(NULL, " \n"), false, &ignored, &err) != TENON_OK, "accepted");
    } else if (strcmp(command, "unlinkable") == 0) {
        check(load(strtok(NULL, " \n"), true, &ignored, &err) == TENON_LINK, "linked");
    } else if (strcmp(command, "trapping") == 0) {
        check(load(strtok(NULL, " \n"), true, &ignored, &err) == TENON_TRAP, "did not trap");
    } else if (strcmp(command, "register") == 0) {
        tenon_name as = name_of(strtok(NULL, " \n"), buffer);
        must(tenon_linker_define_instance(linker, as, find(strtok(NULL, " \n"))));
    } else if (strcmp(command, "return") == 0) {
        assert_return();
    } else {
        act(&c);
        check(c.status == (strcmp(command, "trap") == 0 ? TENON_TRAP : TENON_EXCEPTION), "no trap or exception");
    }
}

int main(int argc, char **argv)
{
    tenon_config config = { .size = sizeof config };
    static char line[1 << 20];

    if (argc > 1 && strcmp(argv[1], "--checked") == 0)
        config.bounds = TENON_BOUNDS_CHECKED;
    if (argc > 3 && strcmp(argv[2], "--compiled") == 0)
        images = argv[3];
    must(tenon_engine_new(&config, &engine));
    for (; fgets(line, sizeof line, stdin) != NULL; line_number++)
        run_line(line, config.bounds);
    close_store();
    tenon_engine_delete(engine);
    if (images != NULL)
        printf("%u modules had compiled code\n", compiled);
    printf("%u passed, %u failed\n", passed, failed);
    return (images != NULL && compiled == 0) || failed != 0 || passed == 0;
}
