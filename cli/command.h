/* SPDX-License-Identifier: MIT
 * A command is described once: parsing, --help, man pages and completions are made from the description.
 */
#ifndef TENON_CLI_COMMAND_H
#define TENON_CLI_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

typedef struct cli_option {
    const char *name;     /* without the dashes; of one letter: a short option, its value may follow at once */
    const char *argument; /* placeholder of its value; "[=X]" when it may be left out; NULL: takes none */
    const char *help;     /* one sentence or more; wrapped when shown */
} cli_option;

typedef struct cli_command {
    const char *name, *summary;
    const char *arguments;     /* what follows the options, such as "FILE.wasm [ARGUMENT…]" */
    const char *description;   /* paragraphs, separated by newlines */
    const char *const *lists;  /* titles and texts of further sections in turn, ending with NULL; or NULL */
    const cli_option *options; /* ends with a NULL name; --help is there without a row */
    bool stops;                /* at the first argument that is no option: the rest belongs to a guest */
    int (*run)(const struct cli_command *command, int argc, char **argv);
} cli_command;

/* All of them, ending with NULL. */
extern const cli_command *const cli_commands[];

enum {
    CLI_END = -1,      /* no more options: arguments begin at parser.at */
    CLI_ARGUMENT = -2, /* not an option: value is the argument */
    CLI_HELP = -3,     /* the help was printed */
    CLI_WRONG = -4     /* a complaint was printed */
};

typedef struct cli_parser {
    const cli_command *command;
    int argc, at;
    char **argv;
    const char *value; /* of the option just read; NULL: none given */
} cli_parser;

/* argv[0] is the command's name. */
void cli_parser_init(cli_parser *p, const cli_command *command, int argc, char **argv);
/* The next option's position in command->options, or one of the negative numbers above. */
int cli_next(cli_parser *p);
/* For commands whose options take no values: sets given[position] for each that is there, and moves the arguments to
 * the front of argv. False when the command is over, with its exit code. */
bool cli_parse_flags(const cli_command *command, int argc, char **argv, bool *given, int *count, int *code);
/* Says on standard error what is wrong, in the command's name, and returns CLI_USAGE. */
int cli_complain(const cli_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What stands in front of an option's name. */
const char *cli_dashes(const char *name);
void cli_print_help(FILE *out, const cli_command *command);
/* The number of edits between two words, at most 9: for "did you mean". */
unsigned cli_distance(const char *a, const char *b);

#endif
