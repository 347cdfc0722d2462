/* SPDX-License-Identifier: MIT
 * `tenon validate FILE…`: says whether files are valid modules, and if not, where and why.
 */
#include <inttypes.h>
#include <jansson.h>

#include "cli/cli.h"
#include "cli/command.h"

static void print_json(const char *path, tenon_status status, const tenon_error *err)
{
    json_t *o = json_pack("{s:s, s:b}", "file", path, "valid", status == TENON_OK);

    if (status != TENON_OK) {
        json_object_set_new(o, "status", json_string(tenon_status_text(status)));
        json_object_set_new(o, "message", json_string(err->text));
        if (err->offset != TENON_NO_OFFSET)
            json_object_set_new(o, "offset", json_integer((json_int_t)err->offset));
        if (err->function != TENON_NO_INDEX)
            json_object_set_new(o, "function", json_integer(err->function));
    }
    json_dumpf(o, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(o);
}

static int validate(tenon_engine *engine, const char *path, bool json)
{
    tenon_module *module;
    tenon_error err;
    cli_file file;

    if (!cli_read_file(path, &file))
        return CLI_LOAD;
    tenon_status status = tenon_module_new_borrowed(engine, file.bytes, file.size, &module, &err);
    if (status == TENON_OK)
        tenon_module_delete(module);
    if (json)
        print_json(path, status, &err);
    else if (status != TENON_OK)
        cli_report(path, &err, status);
    cli_release_file(&file);
    return cli_exit_code(status);
}

static int validate_all(tenon_engine *engine, char **paths, int count, bool json)
{
    int code = CLI_OK;

    for (int i = 0; i < count; i++) {
        cli_progress("validating", i, count);
        int one = validate(engine, paths[i], json);
        if (one != CLI_OK)
            code = one;
    }
    cli_progress(NULL, count, count);
    return code;
}

enum { JSON, STANDARD, ALL_FEATURES };
static const cli_option options[] = {
    [JSON] = { "json", NULL, "Print one JSON object per file on standard output." },
    [STANDARD] = { "standard", NULL, "Admit WebAssembly 3.0 alone, without proposals that are as good as finished." },
    [ALL_FEATURES] = { "all-features", NULL, "Admit proposals that may still change (custom page sizes)." },
    { NULL, NULL, NULL },
};

static int run(const cli_command *command, int argc, char **argv)
{
    tenon_config config = { .size = sizeof config };
    bool given[ALL_FEATURES + 1] = { false };
    tenon_engine *engine;
    int count, code;

    if (!cli_parse_flags(command, argc, argv, given, &count, &code))
        return code;
    if (count == 0) {
        cli_print_help(stderr, command);
        return CLI_USAGE;
    }
    if (given[STANDARD])
        config.features = tenon_features_standard();
    if (given[ALL_FEATURES])
        config.features = TENON_FEATURES_ALL;
    if (tenon_engine_new(&config, &engine) != TENON_OK)
        return CLI_FAILED;
    code = validate_all(engine, argv, count, given[JSON]);
    tenon_engine_delete(engine);
    return code;
}

const cli_command cli_validate_command = {
    .name = "validate",
    .summary = "say whether files are valid modules",
    .arguments = "FILE.wasm…",
    .description = "Checks modules; prints the place and the reason of the first error in each. `-` is standard input.",
    .lists = (const char *const[]){ "Exit code", "0 when all are valid, 3 when one is not, 2 for wrong usage.", NULL },
    .options = options,
    .run = run,
};
