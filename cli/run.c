/* SPDX-License-Identifier: MIT
 * `tenon run`: instantiates a module and runs it, with as much of the outside as the options give it.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cache.h"
#include "cli/key.h"
#include "cli/run.h"

/* Everything that one run opens. */
typedef struct loaded {
    tenon_module *module;
    cli_file file;
    char *entry; /* of the cache that it came from, or NULL */
} loaded;

typedef struct runner {
    const run_options *o;
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_store *store;
    tenon_linker *linker;
    tenon_wasi *wasi;
    FILE *audit;
    loaded *modules; /* preloaded ones, then the guest's */
    size_t module_count;
    run_times times;
} runner;

static tenon_name name_of(const char *text)
{
    return (tenon_name){ text, strlen(text) };
}

/* A guest's exit code, as far as a process can have it; never success by being cut off. */
static int exit_code_of(const runner *r)
{
    uint32_t code = 0;

    tenon_wasi_exit_code(r->wasi, &code);
    return (code & 0xFF) == 0 && code != 0 ? CLI_FAILED : (int)(code & 0xFF);
}

/* Some compiled file was bad; what came from the cache is made again next time. */
static void forget_entries(const runner *r)
{
    for (size_t i = 0; i < r->module_count; i++)
        if (r->modules[i].entry != NULL && unlink(r->modules[i].entry) == 0)
            fputs("  it came from the cache, and is removed from there: run it again\n", stderr);
}

static int ended(const runner *r, const tenon_error *err, tenon_status status)
{
    if (status == TENON_OK)
        return CLI_OK;
    if (status == TENON_EXIT)
        return exit_code_of(r);
    int code = run_report_failure(r->o, r->store, err, status);
    if (status != TENON_TRAP || err->trap != TENON_TRAP_CODE_CHANGED)
        return code;
    forget_entries(r);
    return CLI_LOAD;
}

/* ---- calling ---- */

static int parse_arguments(const run_options *o, const tenon_func *func, tenon_val *vals)
{
    size_t params = tenon_func_param_count(func);

    if ((size_t)o->arg_count != params) {
        fprintf(stderr, "tenon: %s: `%s` takes %zu arguments, not %d\n", o->path, o->invoke, params, o->arg_count);
        return CLI_USAGE;
    }
    for (size_t i = 0; i < params; i++)
        if (!cli_parse_value(o->args[i], tenon_func_param_type(func, i), &vals[i])) {
            fprintf(stderr, "tenon: argument %zu: `%s` is not a value of type %s\n", i + 1, o->args[i],
                    tenon_type_text(tenon_func_param_type(func, i)));
            return CLI_USAGE;
        }
    return CLI_OK;
}

static int invoke(const runner *r, tenon_func *func)
{
    size_t params = tenon_func_param_count(func), results = tenon_func_result_count(func);
    tenon_val *vals = calloc(params + results + 1, sizeof *vals);
    tenon_error err;

    if (vals == NULL)
        return CLI_FAILED;
    int code = parse_arguments(r->o, func, vals);
    bool ok = code == CLI_OK;
    if (ok) {
        tenon_status status = tenon_func_call(func, vals, params, vals + params, results, &err);
        code = ended(r, &err, status);
        ok = status == TENON_OK;
    }
    for (size_t i = 0; ok && i < results; i++) {
        cli_print_value(stdout, &vals[params + i]);
        putchar('\n');
    }
    free(vals);
    return code;
}

static bool find_function(tenon_instance *instance, const char *name, tenon_func **out)
{
    tenon_extern e;

    if (!tenon_instance_export(instance, name_of(name), &e) || e.kind != TENON_KIND_FUNC)
        return false;
    *out = e.of.func;
    return true;
}

/* A command has `_start`; a reactor may have `_initialize`, which comes before anything else is called. */
static int start(runner *r, tenon_instance *instance)
{
    tenon_func *func;
    tenon_error err;

    if (r->o->invoke == NULL && find_function(instance, "_start", &func)) {
        if (tenon_func_param_count(func) == 0 && tenon_func_result_count(func) == 0) {
            tenon_status status = tenon_func_call(func, NULL, 0, NULL, 0, &err);
            return ended(r, &err, status);
        }
        fprintf(stderr, "tenon: %s: `_start` has parameters or results; name a function with --invoke\n", r->o->path);
        return CLI_LINK;
    }
    if (find_function(instance, "_initialize", &func)) {
        tenon_status status = tenon_func_call(func, NULL, 0, NULL, 0, &err);
        if (status != TENON_OK)
            return ended(r, &err, status);
    }
    if (r->o->invoke == NULL)
        return CLI_OK;
    if (find_function(instance, r->o->invoke, &func))
        return invoke(r, func);
    fprintf(stderr, "tenon: %s: no function `%s` is exported; `tenon inspect` lists the exports\n", r->o->path,
            r->o->invoke);
    return CLI_USAGE;
}

/* ---- loading and linking ---- */

static int load_plain(const runner *r, const char *path, loaded *out)
{
    tenon_error err;
    tenon_status status = tenon_module_new_borrowed(r->engine, out->file.bytes, out->file.size, &out->module, &err);

    return status == TENON_OK ? CLI_OK : cli_report(path, &err, status);
}

/* From a descriptor, or from bytes when there is none. */
static int load_compiled(const runner *r, const char *path, int fd, loaded *out)
{
    tenon_status status;
    tenon_error err;
    tenon_key key;

    if (!cli_read_key(r->o->key_path, &key))
        return CLI_FAILED;
    if (fd >= 0)
        status = tenon_module_open_compiled(r->engine, fd, &key, NULL, &out->module, &err);
    else
        status = tenon_module_new_compiled(r->engine, out->file.bytes, out->file.size, &key, &out->module, &err);
    return status == TENON_OK ? CLI_OK : cli_report(path, &err, status);
}

static cli_compile_options options_of(const runner *r)
{
    const tenon_config *config = &r->o->config;

    return (cli_compile_options){ .features = config->features,
                                  .bounds = config->bounds,
                                  .level = 2,
                                  .hardened = config->tiering.hardened,
                                  .metered = config->metered };
}

/* Compiled code of a run before is taken up whenever it may be; only --tier=opt makes some. */
static int load_for_tier(const runner *r, const char *path, loaded *out)
{
    const cli_compile_options options = options_of(r);

    if (r->o->tier == RUN_TIER_OPT)
        return cli_module_with_code(r->engine, path, &out->file, &options, &out->module, &out->entry);
    if (r->o->tier == RUN_TIER_AUTO &&
        cli_module_from_cache(r->engine, &out->file, &options, &out->module, &out->entry))
        return CLI_OK;
    return load_plain(r, path, out);
}

static bool load_unread(const runner *r, const char *path, loaded *out)
{
    const cli_compile_options options = options_of(r);

    return r->o->tier != RUN_TIER_INTERP && cli_cached_module(r->engine, path, &options, &out->module, &out->entry);
}

static int load_file(const runner *r, const char *path, loaded *out)
{
    int fd = cli_open_compiled(path), code;

    if (fd >= 0) {
        code = load_compiled(r, path, fd, out);
        close(fd);
        return code;
    }
    if (load_unread(r, path, out))
        return CLI_OK;
    if (!cli_read_file(path, &out->file))
        return CLI_LOAD;
    if (tenon_is_compiled(out->file.bytes, out->file.size))
        code = load_compiled(r, path, -1, out);
    else
        code = load_for_tier(r, path, out);
    if (code != CLI_OK)
        cli_release_file(&out->file);
    return code;
}

static int load(runner *r, const char *path, tenon_module **out)
{
    loaded *next = &r->modules[r->module_count];
    int code = load_file(r, path, next);

    if (code == CLI_OK) {
        r->module_count++;
        *out = next->module;
    }
    return code;
}

static tenon_status define_stubs(runner *r, tenon_module *module)
{
    tenon_stub stub = r->o->stub != NULL && strcmp(r->o->stub, "trap") == 0 ? TENON_STUB_TRAP : TENON_STUB_DEFAULT;

    return r->o->stub == NULL ? TENON_OK : tenon_linker_define_stubs(r->linker, module, stub, NULL);
}

static int instantiate(runner *r, tenon_module *module, tenon_instance **out)
{
    tenon_error err = { .status = TENON_OK, .function = TENON_NO_INDEX, .offset = TENON_NO_OFFSET };
    tenon_status status = define_stubs(r, module);

    if (status == TENON_OK)
        status = tenon_linker_instantiate(r->linker, module, out, &err);
    return ended(r, &err, status);
}

static int preload(runner *r, const run_preload *p)
{
    tenon_module *module;
    tenon_instance *instance = NULL;
    int code = load(r, p->path, &module);

    if (code == CLI_OK)
        code = instantiate(r, module, &instance);
    if (code != CLI_OK || instance == NULL)
        return code;
    return tenon_linker_define_instance(r->linker, name_of(p->name), instance) == TENON_OK ? CLI_OK : CLI_FAILED;
}

static int run_guest(runner *r)
{
    tenon_instance *instance = NULL;
    tenon_module *module;
    int code = CLI_OK;

    for (size_t i = 0; i < r->o->preload_count && code == CLI_OK; i++)
        code = preload(r, &r->o->preloads[i]);
    if (code == CLI_OK)
        code = load(r, r->o->path, &module);
    if (code != CLI_OK)
        return code;
    r->times.loaded = run_now();
    code = instantiate(r, module, &instance);
    return code != CLI_OK || instance == NULL ? code : start(r, instance);
}

/* ---- opening and closing ---- */

static int open_runner(runner *r)
{
    const run_options *o = r->o;

    if (o->audit_path != NULL && (r->audit = fopen(o->audit_path, "we")) == NULL) {
        fprintf(stderr, "tenon: --audit %s: %s\n", o->audit_path, strerror(errno));
        return CLI_USAGE;
    }
    if (tenon_engine_new(&o->config, &r->engine) != TENON_OK) {
        fputs("tenon: the engine cannot be made\n", stderr);
        return CLI_FAILED;
    }
    const tenon_policy policy = run_policy(o, r->audit);
    r->modules = calloc(o->preload_count + 1, sizeof *r->modules);
    if (r->modules == NULL || tenon_tenant_new(r->engine, &o->limits, &r->tenant) != TENON_OK ||
        tenon_tenant_set_policy(r->tenant, &policy, NULL) != TENON_OK ||
        tenon_store_new(r->tenant, &r->store) != TENON_OK || tenon_linker_new(r->store, &r->linker) != TENON_OK) {
        fputs("tenon: no memory for a store within the limits\n", stderr);
        return CLI_FAILED;
    }
    if (tenon_store_set_timeout(r->store, o->timeout) != TENON_OK) {
        fputs("tenon: --timeout: the system has no timer left\n", stderr);
        return CLI_FAILED;
    }
    if (o->config.metered && tenon_store_set_fuel(r->store, o->fuel) != TENON_OK)
        return CLI_FAILED;
    if (!run_open_wasi(o, r->tenant, &r->wasi))
        return CLI_USAGE;
    return tenon_wasi_define(r->wasi, r->linker) == TENON_OK ? CLI_OK : CLI_FAILED;
}

static int close_runner(runner *r, int code)
{
    tenon_linker_delete(r->linker);
    tenon_store_delete(r->store);
    tenon_wasi_delete(r->wasi);
    for (size_t i = 0; i < r->module_count; i++) {
        tenon_module_delete(r->modules[i].module);
        cli_release_file(&r->modules[i].file);
        free(r->modules[i].entry);
    }
    free(r->modules);
    tenon_tenant_delete(r->tenant);
    tenon_engine_delete(r->engine);
    if (r->audit != NULL && fclose(r->audit) != 0) {
        fprintf(stderr, "tenon: --audit %s: %s\n", r->o->audit_path, strerror(errno));
        return code == CLI_OK ? CLI_FAILED : code;
    }
    return code;
}

static int run(const cli_command *command, int argc, char **argv)
{
    run_options o;
    bool done;
    int code = run_options_parse(&o, command, argc, argv, &done);

    if (!done) {
        /* A file that outgrows the shell's limit is the guest's error, not the end of the command. */
        signal(SIGXFSZ, SIG_IGN);
        runner r = { .o = &o, .times = { .start = run_now() } };
        run_tier_log *log = NULL;
        code = run_open_tier(&o, r.times.start, &log) ? open_runner(&r) : CLI_USAGE;
        if (code == CLI_OK) {
            code = run_guest(&r);
            r.times.ended = run_now();
            if (r.times.loaded == 0)
                r.times.loaded = r.times.ended;
            if (o.stats != RUN_STATS_NONE)
                run_report_stats(&o, &r.times, r.engine, r.tenant, r.wasi, o.fuel - tenon_store_fuel(r.store), code);
        }
        code = close_runner(&r, code);
        run_close_tier(log);
    }
    run_options_fini(&o);
    return code;
}

const cli_command cli_run_command = {
    .name = "run",
    .summary = "run a module",
    .arguments = "FILE.wasm [ARGUMENT…]",
    .description =
        "Runs a WASI program: its start function, then `_start`. A module without `_start` is initialized "
        "(`_initialize`), and the export named by --invoke is called. The guest sees its arguments, standard input, "
        "output and error, clocks and random numbers; files, variables and sockets only as far as options give them.",
    .lists =
        (const char *const[]){
            "Examples",
            "tenon run --dir . program.wasm file.txt\n"
            "tenon run --dir /usr/share::/share:ro --env LANG=C program.wasm\n"
            "tenon run --dir work:quota=100m --timeout 10s --max-memory 512m --audit denied.json untrusted.wasm\n"
            "tenon run --invoke add add.wasm 2 40",
            "Arguments of --invoke",
            "They are typed by the function: 7, -7, 0x7f for integers, 1.5 or nan for floats, 0x followed by 32 digits "
            "for v128 (highest lane first), null or externref:N for references.",
            "Exit code",
            "The guest's own (proc_exit; 0 when it returns; 128 + n when it raises signal n). 134 for a trap, an "
            "uncaught exception or a time limit, 2 wrong usage, 3 the module cannot be loaded, 4 it cannot be linked, "
            "5 "
            "ended by a denied host call (--wasi end-on-denial), 1 anything else.",
            NULL },
    .options = run_option_list,
    .stops = true,
    .run = run,
};
