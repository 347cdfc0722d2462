/* SPDX-License-Identifier: MIT
 * The `tenon` command: finds the subcommand.
 */
#include <string.h>

#include "cli/cli.h"

static const struct {
    const char *name, *summary;
    int (*run)(int, char **);
} subcommands[] = {
    { "run", "run a module", cli_run },
    { "validate", "say whether files are valid modules", cli_validate },
    { "inspect", "show what is in a module", cli_inspect },
    { "wast", "run converted WebAssembly spec scripts", cli_wast },
};

static void usage(FILE *out)
{
    fputs("Usage: tenon COMMAND [ARGUMENT…]\n"
          "       tenon FILE.wasm [ARGUMENT…]      short for `tenon run`\n"
          "Runs untrusted WebAssembly.\n\n"
          "Commands:\n",
          out);
    for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++)
        fprintf(out, "  %-10s %s\n", subcommands[i].name, subcommands[i].summary);
    fputs("\n`tenon COMMAND --help` explains a command; `tenon --version` shows version and features.\n", out);
}

static int version(void)
{
    printf("tenon %s\nfeatures:", tenon_version());
    for (int i = 0; i < TENON_FEATURE_COUNT; i++)
        printf(" %s%s", tenon_feature_text((tenon_feature)i), tenon_features_standard() >> i & 1 ? "" : "(off)");
    putchar('\n');
    return CLI_OK;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return CLI_USAGE;
    }
    for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++)
        if (strcmp(argv[1], subcommands[i].name) == 0)
            return subcommands[i].run(argc - 1, argv + 1);
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return CLI_OK;
    }
    /* `tenon x.wasm` is short for `tenon run x.wasm`. */
    size_t length = strlen(argv[1]);
    if (length > 5 && strcmp(argv[1] + length - 5, ".wasm") == 0)
        return cli_run(argc, argv);
    fprintf(stderr, "tenon: no command `%s`; `tenon --help` lists them\n", argv[1]);
    return CLI_USAGE;
}
