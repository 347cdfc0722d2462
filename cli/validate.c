/* SPDX-License-Identifier: MIT
 * `tenon validate FILE…`: says whether files are valid modules, and if not, where and why.
 */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>

#include "cli/cli.h"

static void usage(FILE *out)
{
    fputs("Usage: tenon validate [OPTION…] FILE.wasm…\n"
          "Checks modules; prints the place and the reason of the first error in each. `-` is standard input.\n\n"
          "  --json             one JSON object per file on standard output\n"
          "  --all-features     admit proposals beyond WebAssembly 3.0\n"
          "  -h, --help         show this text\n\n"
          "Exit code: 0 when all are valid, 3 when one is not, 2 for wrong usage.\n",
          out);
}

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

int cli_validate(int argc, char **argv)
{
    static const struct option options[] = { { "json", no_argument, NULL, 'j' },
                                             { "all-features", no_argument, NULL, 'a' },
                                             { "help", no_argument, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };
    tenon_config config = { .size = sizeof config };
    tenon_engine *engine;
    bool json = false;
    int code = CLI_OK;

    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'j') {
            json = true;
        } else if (option == 'a') {
            config.features = TENON_FEATURES_ALL;
        } else {
            usage(option == 'h' ? stdout : stderr);
            return option == 'h' ? CLI_OK : CLI_USAGE;
        }
    }
    if (optind == argc) {
        usage(stderr);
        return CLI_USAGE;
    }
    if (tenon_engine_new(&config, &engine) != TENON_OK)
        return CLI_FAILED;
    for (int i = optind; i < argc; i++) {
        int one = validate(engine, argv[i], json);
        if (one != CLI_OK)
            code = one;
    }
    tenon_engine_delete(engine);
    return code;
}
