/* SPDX-License-Identifier: MIT
 * Options and help of commands, from their descriptions.
 */
#include "cli/command.h"

#include <stdarg.h>
#include <string.h>

#include "cli/cli.h"

#define WIDTH        100
#define OPTION_WIDTH 28

/* ---- parsing ---- */

void cli_parser_init(cli_parser *p, const cli_command *command, int argc, char **argv)
{
    *p = (cli_parser){ .command = command, .argc = argc, .at = 1, .argv = argv };
}

int cli_complain(const cli_command *command, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "tenon %s: ", command->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return CLI_USAGE;
}

unsigned cli_distance(const char *a, const char *b)
{
    unsigned row[64], size = (unsigned)strlen(b);

    if (size >= 64 || strlen(a) >= 64)
        return 9;
    for (unsigned j = 0; j <= size; j++)
        row[j] = j;
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned corner = row[0]++;
        for (unsigned j = 1; j <= size; j++) {
            unsigned replaced = corner + (a[i - 1] != b[j - 1]), shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
            corner = row[j];
            row[j] = replaced < shorter + 1 ? replaced : shorter + 1;
        }
    }
    return row[size] < 9 ? row[size] : 9;
}

static int unknown(const cli_command *command, const char *word, size_t size)
{
    const char *best = NULL;
    unsigned distance = 4;
    char name[64];

    snprintf(name, sizeof name, "%.*s", (int)(size < 63 ? size : 63), word);
    for (const cli_option *o = command->options; o->name != NULL; o++)
        if (cli_distance(name, o->name) < distance) {
            distance = cli_distance(name, o->name);
            best = o->name;
        }
    if (best != NULL)
        cli_complain(command, "no option `--%s`; did you mean `--%s`?", name, best);
    else
        cli_complain(command, "no option `--%s`; `tenon %s --help` lists them", name, command->name);
    return CLI_WRONG;
}

const char *cli_dashes(const char *name)
{
    return name[1] == '\0' ? "-" : "--";
}

static int take_value(cli_parser *p, const cli_option *o, const char *equals)
{
    bool optional = o->argument != NULL && o->argument[0] == '[';

    if (equals != NULL && o->argument == NULL) {
        cli_complain(p->command, "`%s%s` takes no value", cli_dashes(o->name), o->name);
        return CLI_WRONG;
    }
    p->value = equals != NULL ? equals + 1 : NULL;
    if (o->argument != NULL && !optional && equals == NULL) {
        if (p->at == p->argc) {
            cli_complain(p->command, "`%s%s` needs a value: %s", cli_dashes(o->name), o->name, o->argument);
            return CLI_WRONG;
        }
        p->value = p->argv[p->at++];
    }
    return (int)(o - p->command->options);
}

int cli_next(cli_parser *p)
{
    if (p->at == p->argc)
        return CLI_END;
    const char *word = p->argv[p->at];
    if (word[0] != '-' || word[1] == '\0') {
        if (p->command->stops)
            return CLI_END;
        p->value = word;
        p->at++;
        return CLI_ARGUMENT;
    }
    p->at++;
    if (strcmp(word, "--") == 0 && p->command->stops)
        return CLI_END;
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
        cli_print_help(stdout, p->command);
        return CLI_HELP;
    }
    if (word[1] != '-') {
        for (const cli_option *o = p->command->options; o->name != NULL; o++)
            if (o->name[1] == '\0' && o->name[0] == word[1])
                return take_value(p, o, word[2] != '\0' ? word + 1 : NULL);
        cli_complain(p->command, "no option `%s`; `tenon %s --help` lists them", word, p->command->name);
        return CLI_WRONG;
    }
    const char *equals = strchr(word, '=');
    size_t size = equals != NULL ? (size_t)(equals - word - 2) : strlen(word + 2);
    for (const cli_option *o = p->command->options; o->name != NULL; o++)
        if (strlen(o->name) == size && memcmp(o->name, word + 2, size) == 0)
            return take_value(p, o, equals);
    return unknown(p->command, word + 2, size);
}

bool cli_parse_flags(const cli_command *command, int argc, char **argv, bool *given, int *count, int *code)
{
    cli_parser p;

    *count = 0;
    cli_parser_init(&p, command, argc, argv);
    for (int option; (option = cli_next(&p)) != CLI_END;) {
        if (option == CLI_HELP || option == CLI_WRONG) {
            *code = option == CLI_HELP ? CLI_OK : CLI_USAGE;
            return false;
        }
        if (option == CLI_ARGUMENT)
            argv[(*count)++] = argv[p.at - 1];
        else
            given[option] = true;
    }
    return true;
}

/* ---- help ---- */

/* Prints words of text between two columns; newlines of the text stay. */
static void wrap(FILE *out, const char *text, int indent, int at)
{
    while (*text != '\0') {
        size_t size = strcspn(text, " \n");
        int width = 0;
        for (size_t i = 0; i < size; i++)
            width += ((unsigned char)text[i] & 0xC0) != 0x80;
        if (at > indent && at + 1 + width > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", (int)size, text);
        at += width;
        text += size;
        if (*text == '\n') {
            fprintf(out, "\n%*s", text[1] != '\0' ? indent : 0, "");
            at = indent;
        }
        text += *text != '\0';
    }
    if (at > indent)
        fputc('\n', out);
}

static void print_option(FILE *out, const char *name, const char *argument, const char *help)
{
    bool optional = argument != NULL && argument[0] == '[';
    int width = fprintf(out, "  %s%s%s%s", cli_dashes(name), name, argument == NULL || optional ? "" : " ",
                        argument ? argument : "");

    if (width > OPTION_WIDTH - 2) {
        fputc('\n', out);
        width = 0;
    }
    fprintf(out, "%*s", OPTION_WIDTH - width, "");
    wrap(out, help, OPTION_WIDTH, OPTION_WIDTH);
}

void cli_print_help(FILE *out, const cli_command *command)
{
    fprintf(out, "Usage: tenon %s [OPTION…] %s\n", command->name, command->arguments);
    wrap(out, command->description, 0, 0);
    fputs("\nOptions:\n", out);
    for (const cli_option *o = command->options; o->name != NULL; o++)
        print_option(out, o->name, o->argument, o->help);
    print_option(out, "help", NULL, "Show this text.");
    for (const char *const *list = command->lists; list != NULL && *list != NULL; list += 2) {
        fprintf(out, "\n%s:\n  ", list[0]);
        wrap(out, list[1], 2, 2);
    }
}
