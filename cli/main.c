/* SPDX-License-Identifier: MIT
 * The `tenon` command: finds the subcommand.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/command.h"

const cli_command *const cli_commands[] = { &cli_run_command,
                                            &cli_compile_command,
                                            &cli_explore_command,
                                            &cli_validate_command,
                                            &cli_inspect_command,
                                            &cli_wast_command,
                                            &cli_cache_command,
                                            &cli_doctor_command,
                                            &cli_completion_command,
                                            &cli_man_command,
                                            NULL };

static void usage(FILE *out)
{
    fputs("Usage: tenon COMMAND [ARGUMENT…]\n"
          "       tenon FILE.wasm [ARGUMENT…]      short for `tenon run`\n"
          "Runs untrusted WebAssembly: a module sees only what it is given.\n\n"
          "Commands:\n",
          out);
    for (const cli_command *const *c = cli_commands; *c != NULL; c++)
        fprintf(out, "  %-12s%s\n", (*c)->name, (*c)->summary);
    fputs("\nTry: tenon run --dir . program.wasm    a program that may use this folder and nothing else\n"
          "     tenon COMMAND --help              what a command can do\n"
          "     tenon --version                   version and features\n",
          out);
}

static int version(void)
{
    printf("tenon %s\nfeatures:", tenon_version());
    for (int i = 0; i < TENON_FEATURE_COUNT; i++)
        printf(" %s%s", tenon_feature_text((tenon_feature)i), tenon_features_default() >> i & 1 ? "" : "(off)");
    puts("\nhost calls: wasi_snapshot_preview1");
    return CLI_OK;
}

static int no_command(const char *word)
{
    const char *best = NULL;
    unsigned distance = 4;

    for (const cli_command *const *c = cli_commands; *c != NULL; c++)
        if (cli_distance(word, (*c)->name) < distance) {
            distance = cli_distance(word, (*c)->name);
            best = (*c)->name;
        }
    if (best != NULL)
        fprintf(stderr, "tenon: no command `%s`; did you mean `%s`?\n", word, best);
    else
        fprintf(stderr, "tenon: no command `%s`; `tenon --help` lists them\n", word);
    return CLI_USAGE;
}

/* What is opened later must not become somebody's standard output. */
static void open_stdio(void)
{
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
            _exit(CLI_FAILED);
}

int main(int argc, char **argv)
{
    open_stdio();
    if (argc < 2) {
        usage(stderr);
        return CLI_USAGE;
    }
    for (const cli_command *const *c = cli_commands; *c != NULL; c++)
        if (strcmp(argv[1], (*c)->name) == 0)
            return (*c)->run(*c, argc - 1, argv + 1);
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return CLI_OK;
    }
    /* `tenon x.wasm` is short for `tenon run x.wasm`, also with options in front. */
    size_t length = strlen(argv[1]);
    if (length > 5 && strcmp(argv[1] + length - 5, ".wasm") == 0)
        return cli_run_command.run(&cli_run_command, argc, argv);
    return no_command(argv[1]);
}
