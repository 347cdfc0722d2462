/* SPDX-License-Identifier: MIT
 * `tenon run`: instantiates a module and calls one of its exports.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

typedef struct run_options {
    const char *path, *invoke;
    char **args;
    int arg_count;
    tenon_config config;
    tenon_limits limits;
} run_options;

static void usage(FILE *out)
{
    fputs("Usage: tenon run [OPTION…] FILE.wasm [ARGUMENT…]\n"
          "Runs a module: its start function, then the export named by --invoke, else `_start` if there is one.\n"
          "Arguments of --invoke are typed by the function: 7, -7, 0x7f for integers, 1.5 or nan for floats,\n"
          "0x followed by 32 digits for v128 (highest lane first), null or externref:N for references.\n"
          "Results are printed one per line.\n\n"
          "  --invoke NAME        call this export\n"
          "  --max-memory BYTES   refuse memories, tables and stacks beyond this (suffixes k, m, g)\n"
          "  --max-stack BYTES    size of the guest's stack (default 1m)\n"
          "  --checked            compare every access with the memory's size instead of relying on guard pages\n"
          "  --all-features       admit proposals beyond WebAssembly 3.0\n"
          "  -h, --help           show this text\n\n"
          "Exit code: 0 when all went well, 134 for a trap, 2 wrong usage, 3 the module cannot be loaded,\n"
          "4 it cannot be linked, 1 anything else.\n",
          out);
}

static bool parse_size(const char *text, uint64_t *out)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    unsigned shift = *end == 'k' ? 10 : *end == 'm' ? 20 : *end == 'g' ? 30 : 0;

    if (end == text || (shift != 0 ? end[1] : *end) != '\0' || value > UINT64_MAX >> shift)
        return false;
    *out = value << shift;
    return true;
}

static int parse_options(int argc, char **argv, run_options *o)
{
    enum { INVOKE = 256, MAX_MEMORY, MAX_STACK, CHECKED, ALL };
    static const struct option options[] = { { "invoke", required_argument, NULL, INVOKE },
                                             { "max-memory", required_argument, NULL, MAX_MEMORY },
                                             { "max-stack", required_argument, NULL, MAX_STACK },
                                             { "checked", no_argument, NULL, CHECKED },
                                             { "all-features", no_argument, NULL, ALL },
                                             { "help", no_argument, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };
    uint64_t size;

    /* "+": what follows the file belongs to the guest. */
    for (int option; (option = getopt_long(argc, argv, "+h", options, NULL)) != -1;) {
        switch (option) {
        case INVOKE:
            o->invoke = optarg;
            break;
        case MAX_MEMORY:
        case MAX_STACK:
            if (!parse_size(optarg, &size) || size == 0) {
                fprintf(stderr, "tenon run: `%s` is not a size; write 64m, 1g or a number of bytes\n", optarg);
                return CLI_USAGE;
            }
            if (option == MAX_MEMORY)
                o->limits.memory_bytes = size;
            else
                o->config.stack_size = size;
            break;
        case CHECKED:
            o->config.bounds = TENON_BOUNDS_CHECKED;
            break;
        case ALL:
            o->config.features = TENON_FEATURES_ALL;
            break;
        case 'h':
            usage(stdout);
            return -1;
        default:
            return CLI_USAGE;
        }
    }
    if (optind == argc) {
        usage(stderr);
        return CLI_USAGE;
    }
    o->path = argv[optind];
    o->args = argv + optind + 1;
    o->arg_count = argc - optind - 1;
    return CLI_OK;
}

static void print_frame(size_t number, const tenon_frame *frame)
{
    fprintf(stderr, "  %2zu: ", number);
    if (frame->module.size > 0)
        fprintf(stderr, "%.*s!", (int)frame->module.size, frame->module.data);
    if (frame->name.size > 0)
        fprintf(stderr, "%.*s", (int)frame->name.size, frame->name.data);
    else
        fprintf(stderr, "<function %" PRIu32 ">", frame->function);
    fprintf(stderr, " at offset 0x%" PRIx64, frame->offset);
    if (frame->line != 0)
        fprintf(stderr, " (%.*s:%" PRIu32 ")", (int)frame->file.size, frame->file.data, frame->line);
    fputc('\n', stderr);
}

/* Recursion shows as one frame and a count. */
static void print_backtrace(const tenon_store *store)
{
    tenon_frame frame, last = { .function = TENON_NO_INDEX };
    size_t repeated = 0;

    for (size_t i = 0; tenon_store_frame(store, i, &frame); i++) {
        if (frame.function == last.function && frame.offset == last.offset) {
            repeated++;
            continue;
        }
        if (repeated > 0)
            fprintf(stderr, "      and %zu more of it\n", repeated);
        repeated = 0;
        print_frame(i, &frame);
        last = frame;
    }
    if (repeated > 0)
        fprintf(stderr, "      and at least %zu more of it\n", repeated);
}

static int call(const run_options *o, tenon_store *store, tenon_func *func)
{
    size_t params = tenon_func_param_count(func), results = tenon_func_result_count(func);
    tenon_error err;

    if ((size_t)o->arg_count != params) {
        fprintf(stderr, "tenon: %s: `%s` takes %zu arguments, not %d\n", o->path, o->invoke, params, o->arg_count);
        return CLI_USAGE;
    }
    tenon_val *vals = calloc(params + results + 1, sizeof *vals);
    if (vals == NULL)
        return CLI_FAILED;
    int code = CLI_OK;
    for (size_t i = 0; i < params && code == CLI_OK; i++)
        if (!cli_parse_value(o->args[i], tenon_func_param_type(func, i), &vals[i])) {
            fprintf(stderr, "tenon: argument %zu: `%s` is not a value of type %s\n", i + 1, o->args[i],
                    tenon_type_text(tenon_func_param_type(func, i)));
            code = CLI_USAGE;
        }
    if (code == CLI_OK) {
        tenon_status status = tenon_func_call(func, vals, params, vals + params, results, &err);
        if (status != TENON_OK) {
            code = cli_report(o->path, &err, status);
            print_backtrace(store);
        }
    }
    for (size_t i = 0; i < results && code == CLI_OK; i++) {
        cli_print_value(stdout, &vals[params + i]);
        putchar('\n');
    }
    free(vals);
    return code;
}

static int start(const run_options *o, tenon_store *store, tenon_module *module)
{
    const char *name = o->invoke != NULL ? o->invoke : "_start";
    tenon_linker *linker;
    tenon_instance *instance;
    tenon_extern e;
    tenon_error err;

    if (tenon_linker_new(store, &linker) != TENON_OK)
        return CLI_FAILED;
    tenon_status status = tenon_linker_instantiate(linker, module, &instance, &err);
    tenon_linker_delete(linker);
    if (status != TENON_OK) {
        int code = cli_report(o->path, &err, status);
        print_backtrace(store);
        return code;
    }
    if (tenon_instance_export(instance, (tenon_name){ name, strlen(name) }, &e) && e.kind == TENON_KIND_FUNC)
        return call(o, store, e.of.func);
    if (o->invoke == NULL)
        return CLI_OK;
    fprintf(stderr, "tenon: %s: no function `%s` is exported; `tenon inspect` lists the exports\n", o->path, name);
    return CLI_USAGE;
}

static int run_module(const run_options *o, tenon_engine *engine, const cli_file *file)
{
    tenon_tenant *tenant = NULL;
    tenon_store *store = NULL;
    tenon_module *module;
    tenon_error err;
    int code = CLI_FAILED;
    tenon_status status = tenon_module_new_borrowed(engine, file->bytes, file->size, &module, &err);

    if (status != TENON_OK)
        return cli_report(o->path, &err, status);
    if (tenon_tenant_new(engine, &o->limits, &tenant) != TENON_OK || tenon_store_new(tenant, &store) != TENON_OK)
        fputs("tenon: no memory for a store within the limits\n", stderr);
    else
        code = start(o, store, module);
    tenon_store_delete(store);
    tenon_tenant_delete(tenant);
    tenon_module_delete(module);
    return code;
}

int cli_run(int argc, char **argv)
{
    run_options o = { .config = { .size = sizeof o.config }, .limits = { .size = sizeof o.limits } };
    tenon_engine *engine;
    cli_file file;
    int code = parse_options(argc, argv, &o);

    if (code != CLI_OK)
        return code < 0 ? CLI_OK : code;
    if (!cli_read_file(o.path, &file))
        return CLI_LOAD;
    code = CLI_FAILED;
    if (tenon_engine_new(&o.config, &engine) == TENON_OK) {
        code = run_module(&o, engine, &file);
        tenon_engine_delete(engine);
    } else {
        fputs("tenon: the engine cannot be made\n", stderr);
    }
    cli_release_file(&file);
    return code;
}
