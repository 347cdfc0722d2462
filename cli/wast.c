/* SPDX-License-Identifier: MIT
 * `tenon wast FILE.json…`: runs spec scripts converted to JSON and modules, and reports passed, failed and skipped
 * commands, the latter with their reasons. One fresh store per file (threads get their own).
 */
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/compile.h"
#include "cli/wast.h"

typedef struct named {
    struct named *next;
    char *name;
    size_t size;
    void *thing;
} named;

typedef struct reason {
    struct reason *next;
    char *text;
    unsigned count;
} reason;

typedef struct script {
    const char *path;
    char folder[PATH_MAX];
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_store *store;
    tenon_linker *linker;
    tenon_instance *current;
    tenon_instance *incomplete; /* a call that would have changed its state was skipped */
    tenon_module *definition;
    named *instances, *definitions, *modules;
    unsigned passed, failed, skipped;
    reason *reasons;
    unsigned line;
    tenon_bounds bounds;
    tenon_features features;
    bool compiled; /* every module */
    const char *functions;
    bool without_threads; /* what follows depends on a thread that was skipped */
} script;

/* ---- results ---- */

static void fail(script *s, const char *what, const char *detail)
{
    s->failed++;
    fprintf(stdout, "%s:%u: %s: %s\n", s->path, s->line, what, detail);
}

static void skip(script *s, const char *why)
{
    reason *r = s->reasons;

    s->skipped++;
    while (r != NULL && strcmp(r->text, why) != 0)
        r = r->next;
    if (r == NULL) {
        r = calloc(1, sizeof *r);
        if (r == NULL)
            return;
        r->text = strdup(why);
        r->next = s->reasons;
        s->reasons = r;
    }
    r->count++;
}

static void expect(script *s, bool ok, const char *what, const char *detail)
{
    if (ok)
        s->passed++;
    else
        fail(s, what, detail);
}

/* ---- names ---- */

static void remember(named **list, const json_t *name, void *thing)
{
    named *n = calloc(1, sizeof *n);

    if (n == NULL)
        return;
    n->thing = thing;
    n->next = *list;
    *list = n;
    if (name == NULL)
        return;
    n->size = json_string_length(name);
    n->name = malloc(n->size + 1);
    if (n->name != NULL)
        memcpy(n->name, json_string_value(name), n->size + 1);
}

static void *find(named *list, const json_t *name)
{
    for (; list != NULL; list = list->next)
        if (list->name != NULL && list->size == json_string_length(name) &&
            memcmp(list->name, json_string_value(name), list->size) == 0)
            return list->thing;
    return NULL;
}

static tenon_name name_of(const json_t *string)
{
    return (tenon_name){ json_string_value(string), json_string_length(string) };
}

static tenon_name literal(const char *text)
{
    return (tenon_name){ text, strlen(text) };
}

/* ---- the host module ---- */

static tenon_status print_nothing(void *context, tenon_caller *caller, const tenon_val *args, tenon_val *results)
{
    (void)context;
    (void)caller;
    (void)args;
    (void)results;
    return TENON_OK;
}

static bool define(script *s, const char *name, tenon_extern what)
{
    return tenon_linker_define(s->linker, literal("spectest"), literal(name), what) == TENON_OK;
}

static bool define_functions(script *s)
{
    static const struct {
        const char *name;
        size_t count;
        tenon_type params[2];
    } functions[] = {
        { "print", 0, { 0 } },
        { "print_i32", 1, { TENON_I32 } },
        { "print_i64", 1, { TENON_I64 } },
        { "print_f32", 1, { TENON_F32 } },
        { "print_f64", 1, { TENON_F64 } },
        { "print_i32_f32", 2, { TENON_I32, TENON_F32 } },
        { "print_f64_f64", 2, { TENON_F64, TENON_F64 } },
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        tenon_extern e = { .kind = TENON_KIND_FUNC };
        if (tenon_func_new(s->store, functions[i].params, functions[i].count, NULL, 0, print_nothing, NULL,
                           &e.of.func) != TENON_OK ||
            !define(s, functions[i].name, e))
            return false;
    }
    return true;
}

static bool define_spectest(script *s)
{
    static const struct {
        const char *name;
        tenon_val value;
    } globals[] = {
        { "global_i32", { .type = TENON_I32, .of.i32 = 666 } },
        { "global_i64", { .type = TENON_I64, .of.i64 = 666 } },
        { "global_f32", { .type = TENON_F32, .of.f32 = 666.6f } },
        { "global_f64", { .type = TENON_F64, .of.f64 = 666.6 } },
    };
    tenon_bounds bounds = s->bounds;
    tenon_extern e = { .kind = TENON_KIND_GLOBAL };

    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++)
        if (tenon_global_new(s->store, &globals[i].value, false, &e.of.global) != TENON_OK ||
            !define(s, globals[i].name, e))
            return false;
    e.kind = TENON_KIND_MEMORY;
    if (tenon_memory_new(s->store, 1, 2, bounds, false, &e.of.memory) != TENON_OK || !define(s, "memory", e) ||
        tenon_memory_new(s->store, 1, 2, bounds, true, &e.of.memory) != TENON_OK || !define(s, "shared_memory", e))
        return false;
    e.kind = TENON_KIND_TABLE;
    if (tenon_table_new(s->store, TENON_FUNCREF, 10, 20, false, &e.of.table) != TENON_OK || !define(s, "table", e) ||
        tenon_table_new(s->store, TENON_FUNCREF, 10, 20, true, &e.of.table) != TENON_OK || !define(s, "table64", e))
        return false;
    return define_functions(s);
}

/* ---- modules ---- */

/* The file that a command names; false when only a text parser could read it. */
static bool module_path(const script *s, const json_t *command, char *out, size_t size)
{
    const char *file = json_string_value(json_object_get(command, "binary_filename"));

    if (file == NULL) {
        const char *type = json_string_value(json_object_get(command, "module_type"));
        if (type != NULL && strcmp(type, "binary") != 0)
            return false;
        file = json_string_value(json_object_get(command, "filename"));
    }
    return file != NULL && (size_t)snprintf(out, size, "%s/%s", s->folder, file) < size;
}

static tenon_status load(script *s, const json_t *command, tenon_module **out, tenon_error *err)
{
    char path[PATH_MAX];
    cli_file file;

    if (!module_path(s, command, path, sizeof path) || !cli_read_file(path, &file)) {
        snprintf(err->text, sizeof err->text, "cannot read the module");
        return TENON_USAGE;
    }
    tenon_status status = tenon_module_new(s->engine, file.bytes, file.size, out, err);
    if (status == TENON_OK && s->compiled) {
        tenon_module_delete(*out);
        const cli_compile_options options = {
            .features = s->features, .bounds = s->bounds, .level = 2, .threads = 1, .functions = s->functions
        };
        status = cli_module_through_file(s->engine, &file, &options, out, err);
    }
    cli_release_file(&file);
    if (status == TENON_OK)
        remember(&s->modules, NULL, *out);
    return status;
}

static tenon_status instantiate(script *s, tenon_module *module, const json_t *name, tenon_error *err)
{
    tenon_instance *instance;
    tenon_status status = tenon_linker_instantiate(s->linker, module, &instance, err);

    if (status != TENON_OK)
        return status;
    s->current = instance;
    if (name != NULL)
        remember(&s->instances, name, instance);
    return TENON_OK;
}

/* Instructions that this tier does not have yet end in this trap; so do constant expressions. */
static bool is_unsupported(tenon_status status, const tenon_error *err)
{
    return status == TENON_UNSUPPORTED || (status == TENON_TRAP && err->trap == TENON_TRAP_UNSUPPORTED);
}

static void run_module(script *s, const json_t *command)
{
    tenon_module *module;
    tenon_error err = { 0 };
    tenon_status status = load(s, command, &module, &err);

    if (status == TENON_OK)
        status = instantiate(s, module, json_object_get(command, "name"), &err);
    if (is_unsupported(status, &err)) {
        s->current = NULL;
        skip(s, "the module needs GC");
        return;
    }
    expect(s, status == TENON_OK, "module", err.text);
}

static void run_definition(script *s, const json_t *command)
{
    tenon_error err = { 0 };
    tenon_status status = load(s, command, &s->definition, &err);

    if (status == TENON_OK && json_object_get(command, "name") != NULL)
        remember(&s->definitions, json_object_get(command, "name"), s->definition);
    expect(s, status == TENON_OK, "module definition", err.text);
}

static void run_module_instance(script *s, const json_t *command)
{
    const json_t *name = json_object_get(command, "module");
    tenon_module *module = name != NULL ? find(s->definitions, name) : s->definition;
    tenon_error err = { 0 };

    if (module == NULL) {
        fail(s, "module instance", "no such definition");
        return;
    }
    expect(s, instantiate(s, module, json_object_get(command, "instance"), &err) == TENON_OK, "module instance",
           err.text);
}

static tenon_instance *instance_of(script *s, const json_t *name)
{
    return name != NULL ? find(s->instances, name) : s->current;
}

static void run_register(script *s, const json_t *command)
{
    tenon_instance *instance = instance_of(s, json_object_get(command, "name"));

    if (instance == NULL) {
        skip(s, "the module needs GC");
        return;
    }
    expect(s, tenon_linker_define_instance(s->linker, name_of(json_object_get(command, "as")), instance) == TENON_OK,
           "register", "failed");
}

/* ---- actions ---- */

#define MAX_VALUES 32

typedef struct outcome {
    tenon_status status;
    tenon_error err;
    tenon_val results[MAX_VALUES];
    size_t count;
    bool skipped;
} outcome;

static void invoke(script *s, const json_t *action, tenon_func *func, outcome *out)
{
    const json_t *json = json_object_get(action, "args");
    size_t count = json_array_size(json);
    tenon_val args[MAX_VALUES];

    out->count = tenon_func_result_count(func);
    if (count > MAX_VALUES || out->count > MAX_VALUES || count != tenon_func_param_count(func)) {
        out->status = TENON_USAGE;
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (!wast_value(json_array_get(json, i), tenon_func_param_type(func, i), &args[i])) {
            out->skipped = true;
            skip(s, "the argument is a GC reference");
            return;
        }
    out->status = tenon_func_call(func, args, count, out->results, out->count, &out->err);
}

static void act(script *s, const json_t *action, outcome *out)
{
    tenon_instance *instance = instance_of(s, json_object_get(action, "module"));
    tenon_extern e;

    memset(out, 0, sizeof *out);
    out->status = TENON_USAGE;
    if (instance == NULL || instance == s->incomplete || s->without_threads) {
        out->skipped = true;
        skip(s, instance == NULL ? "the module needs GC" : "an earlier command on the instance was skipped");
        return;
    }
    if (!tenon_instance_export(instance, name_of(json_object_get(action, "field")), &e)) {
        snprintf(out->err.text, sizeof out->err.text, "no such export");
        return;
    }
    const char *type = json_string_value(json_object_get(action, "type"));
    if (strcmp(type, "get") == 0 && e.kind == TENON_KIND_GLOBAL) {
        out->results[0] = tenon_global_get(e.of.global);
        out->count = 1;
        out->status = TENON_OK;
    } else if (e.kind == TENON_KIND_FUNC) {
        invoke(s, action, e.of.func, out);
    }
    if (!out->skipped && is_unsupported(out->status, &out->err)) {
        out->skipped = true;
        skip(s, "the function needs GC, or waits on shared memory");
        s->incomplete = instance;
    }
}

static void run_action(script *s, const json_t *command)
{
    outcome o;

    act(s, json_object_get(command, "action"), &o);
    if (!o.skipped)
        expect(s, o.status == TENON_OK, "action", o.err.text);
}

static void run_assert_return(script *s, const json_t *command)
{
    const json_t *expected = json_object_get(command, "expected");
    outcome o;

    act(s, json_object_get(command, "action"), &o);
    if (o.skipped)
        return;
    if (o.status != TENON_OK) {
        fail(s, "assert_return", o.err.text[0] != '\0' ? o.err.text : tenon_status_text(o.status));
        return;
    }
    bool ok = o.count == json_array_size(expected);
    for (size_t i = 0; i < o.count && ok; i++)
        ok = wast_matches(json_array_get(expected, i), &o.results[i]);
    if (!ok && o.count > 0)
        cli_print_value(stdout, &o.results[0]), fputc(' ', stdout);
    expect(s, ok, "assert_return", "another result");
}

static bool trap_matches(const char *wanted, const char *have)
{
    size_t a = strlen(wanted), b = strlen(have);
    return strncmp(wanted, have, a < b ? a : b) == 0;
}

static void expect_trap(script *s, const json_t *command, tenon_status status, const tenon_error *err, const char *what)
{
    const char *text = json_string_value(json_object_get(command, "text"));

    if (status != TENON_TRAP)
        fail(s, what, status == TENON_OK ? "no trap" : err->text);
    else
        expect(s, trap_matches(text, tenon_trap_text(err->trap)), what, tenon_trap_text(err->trap));
}

static void run_assert_trap(script *s, const json_t *command)
{
    outcome o;

    act(s, json_object_get(command, "action"), &o);
    if (!o.skipped)
        expect_trap(s, command, o.status, &o.err, "assert_trap");
}

static void run_assert_exception(script *s, const json_t *command)
{
    outcome o;

    act(s, json_object_get(command, "action"), &o);
    if (!o.skipped)
        expect(s, o.status == TENON_EXCEPTION, "assert_exception", o.status == TENON_OK ? "no exception" : o.err.text);
}

/* ---- modules that must be refused ---- */

static void run_assert_refused(script *s, const json_t *command)
{
    const char *type = json_string_value(json_object_get(command, "type"));
    char path[PATH_MAX];
    tenon_module *module;
    tenon_error err = { 0 };

    if (!module_path(s, command, path, sizeof path)) {
        skip(s, "text format only");
        return;
    }
    tenon_status status = load(s, command, &module, &err);
    expect(s,
           status == TENON_MALFORMED || status == TENON_INVALID || status == TENON_UNSUPPORTED || status == TENON_LIMIT,
           type, status == TENON_OK ? "accepted" : err.text);
}

/* Loads and instantiates, but the current instance stays. */
static tenon_status try_instantiate(script *s, const json_t *command, tenon_error *err)
{
    tenon_instance *current = s->current;
    tenon_module *module;
    tenon_status status = load(s, command, &module, err);

    if (status == TENON_OK)
        status = instantiate(s, module, NULL, err);
    s->current = current;
    return status;
}

static void run_assert_unlinkable(script *s, const json_t *command)
{
    tenon_error err = { 0 };
    tenon_status status = try_instantiate(s, command, &err);

    expect(s, status == TENON_LINK, "assert_unlinkable", status == TENON_OK ? "linked" : err.text);
}

static void run_assert_uninstantiable(script *s, const json_t *command)
{
    tenon_error err = { 0 };
    tenon_status status = try_instantiate(s, command, &err);

    if (is_unsupported(status, &err))
        skip(s, "the module needs GC");
    else
        expect_trap(s, command, status, &err, "assert_uninstantiable");
}

static void run_skipped_custom(script *s, const json_t *command)
{
    (void)command;
    skip(s, "content of custom sections is not checked");
}

static void run_skipped_thread(script *s, const json_t *command)
{
    (void)command;
    skip(s, "threads of scripts");
    s->without_threads = true;
}

/* ---- scripts ---- */

static const struct {
    const char *type;
    void (*run)(script *, const json_t *);
} commands[] = {
    { "module", run_module },
    { "module_definition", run_definition },
    { "module_instance", run_module_instance },
    { "register", run_register },
    { "action", run_action },
    { "assert_return", run_assert_return },
    { "assert_trap", run_assert_trap },
    { "assert_exhaustion", run_assert_trap },
    { "assert_exception", run_assert_exception },
    { "assert_malformed", run_assert_refused },
    { "assert_invalid", run_assert_refused },
    { "assert_unlinkable", run_assert_unlinkable },
    { "assert_uninstantiable", run_assert_uninstantiable },
    { "assert_malformed_custom", run_skipped_custom },
    { "assert_invalid_custom", run_skipped_custom },
    { "thread", run_skipped_thread },
    { "wait", run_skipped_thread },
};

static void run_command(script *s, const json_t *command)
{
    const char *type = json_string_value(json_object_get(command, "type"));

    s->line = (unsigned)json_integer_value(json_object_get(command, "line"));
    for (size_t i = 0; type != NULL && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].type, type) == 0) {
            commands[i].run(s, command);
            return;
        }
    fail(s, "command", type != NULL ? type : "without a type");
}

static bool open_store(script *s)
{
    return tenon_tenant_new(s->engine, NULL, &s->tenant) == TENON_OK &&
           tenon_store_new(s->tenant, &s->store) == TENON_OK && tenon_linker_new(s->store, &s->linker) == TENON_OK &&
           define_spectest(s);
}

static void forget(named *list)
{
    for (named *next; list != NULL; list = next) {
        next = list->next;
        free(list->name);
        free(list);
    }
}

static void close_store(script *s)
{
    tenon_linker_delete(s->linker);
    tenon_store_delete(s->store);
    for (named *n = s->modules; n != NULL; n = n->next)
        tenon_module_delete(n->thing);
    forget(s->modules);
    forget(s->instances);
    forget(s->definitions);
    tenon_tenant_delete(s->tenant);
    s->modules = s->instances = s->definitions = NULL;
    s->linker = NULL;
    s->store = NULL;
    s->tenant = NULL;
    s->current = s->incomplete = NULL;
    s->without_threads = false;
    s->definition = NULL;
}

static void run_script(script *s, const char *path)
{
    json_error_t error;
    json_t *json = json_load_file(path, JSON_ALLOW_NUL, &error);
    char copy[PATH_MAX];
    size_t i;
    json_t *command;

    s->path = path;
    s->line = 0;
    if (json == NULL) {
        fail(s, "script", error.text);
        return;
    }
    snprintf(copy, sizeof copy, "%s", path);
    snprintf(s->folder, sizeof s->folder, "%s", dirname(copy));
    if (open_store(s))
        json_array_foreach (json_object_get(json, "commands"), i, command)
            run_command(s, command);
    else
        fail(s, "script", "the store cannot be made");
    close_store(s);
    json_decref(json);
}

static int run_scripts(script *s, char **paths, int count)
{
    for (int i = 0; i < count; i++) {
        cli_progress("running", i, count);
        run_script(s, paths[i]);
    }
    cli_progress(NULL, count, count);
    for (reason *r = s->reasons, *next; r != NULL; r = next) {
        printf("skipped %u: %s\n", r->count, r->text);
        next = r->next;
        free(r->text);
        free(r);
    }
    printf("%u passed, %u failed, %u skipped\n", s->passed, s->failed, s->skipped);
    return s->failed == 0 ? CLI_OK : CLI_FAILED;
}

enum { CHECKED, ALL_FEATURES, COMPILED, ODD, EVEN, AUTO };
static const cli_option options[] = {
    [CHECKED] = { "checked", NULL, "Compare every access with the memory's size instead of relying on guard pages." },
    [ALL_FEATURES] = { "all-features", NULL, "Admit proposals beyond WebAssembly 3.0." },
    [COMPILED] = { "compiled", NULL, "Compile every module before it runs." },
    [ODD] = { "odd", NULL, "The same with every second function alone; the others are interpreted." },
    [EVEN] = { "even", NULL, "The same with those that --odd leaves out." },
    [AUTO] = { "auto", NULL, "Compile each function when it is first called, and each loop in its first round." },
    { NULL, NULL, NULL },
};

static int run(const cli_command *command, int argc, char **argv)
{
    tenon_config config = { .size = sizeof config, .features = tenon_features_standard() };
    bool given[AUTO + 1] = { false };
    script s = { .path = "" };
    char compiler[PATH_MAX];
    int count, code;

    if (!cli_parse_flags(command, argc, argv, given, &count, &code))
        return code;
    if (count == 0) {
        cli_print_help(stderr, command);
        return CLI_USAGE;
    }
    if (given[CHECKED])
        config.bounds = s.bounds = TENON_BOUNDS_CHECKED;
    if (given[ALL_FEATURES])
        config.features = TENON_FEATURES_ALL;
    s.compiled = given[COMPILED] || given[ODD] || given[EVEN];
    s.functions = given[ODD] ? "odd" : given[EVEN] ? "even" : NULL;
    s.features = config.features;
    if (given[AUTO] && cli_find_compiler(compiler))
        config.tiering = (tenon_tiering){ .compiler = compiler, .threshold = 1, .synchronous = true };
    if (tenon_engine_new(&config, &s.engine) != TENON_OK) {
        fputs("tenon: the engine cannot be made\n", stderr);
        return CLI_FAILED;
    }
    code = run_scripts(&s, argv, count);
    tenon_engine_delete(s.engine);
    return code;
}

const cli_command cli_wast_command = {
    .name = "wast",
    .summary = "run converted WebAssembly spec scripts",
    .arguments = "FILE.json…",
    .description = "Runs converted WebAssembly spec scripts and prints what passed, failed and was skipped.",
    .lists = (const char *const[]){ "Exit code", "0 when nothing failed, 1 otherwise, 2 for wrong usage.", NULL },
    .options = options,
    .run = run,
};
