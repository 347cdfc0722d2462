/* SPDX-License-Identifier: MIT
 * `tenon man` and `tenon completion`: man pages and shell completions, made from the descriptions of the commands.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/command.h"

/* ---- man pages ---- */

/* Text for troff: nothing in it may look like a request, and dashes are dashes. */
static void put_troff(const char *text)
{
    bool line_start = true;

    for (; *text != '\0'; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '\n')
            fputs("\n.br\n", stdout);
        else
            putchar(*text);
        line_start = *text == '\n';
    }
    putchar('\n');
}

static void print_page(const cli_command *command)
{
    printf(".TH TENON-");
    for (const char *c = command->name; *c != '\0'; c++)
        putchar(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    printf(" 1 \"\" \"tenon %s\" \"Tenon\"\n.SH NAME\ntenon\\-%s \\- %s\n", tenon_version(), command->name,
           command->summary);
    printf(".SH SYNOPSIS\n.B tenon %s\n[OPTION…] ", command->name);
    put_troff(command->arguments);
    puts(".SH DESCRIPTION");
    put_troff(command->description);
    puts(".SH OPTIONS");
    for (const cli_option *o = command->options; o->name != NULL; o++) {
        fputs(".TP\n.B ", stdout);
        fputs(o->name[1] == '\0' ? "\\-" : "\\-\\-", stdout);
        for (const char *c = o->name; *c != '\0'; c++)
            printf(*c == '-' ? "\\-" : "%c", *c);
        if (o->argument != NULL)
            printf("%s%s", o->argument[0] == '[' ? "" : " ", o->argument);
        putchar('\n');
        put_troff(o->help);
    }
    puts(".TP\n.B \\-\\-help\nShow a summary.");
    for (const char *const *list = command->lists; list != NULL && *list != NULL; list += 2) {
        printf(".SH %s\n", list[0]);
        put_troff(list[1]);
    }
    puts(".SH SEE ALSO\n.BR tenon (1)");
}

static void print_overview(void)
{
    printf(".TH TENON 1 \"\" \"tenon %s\" \"Tenon\"\n.SH NAME\ntenon \\- run untrusted WebAssembly\n"
           ".SH SYNOPSIS\n.B tenon\nCOMMAND [ARGUMENT…]\n.br\n.B tenon\nFILE.wasm [ARGUMENT…]\n"
           ".SH DESCRIPTION\nRuns WebAssembly modules that see only what they are given. "
           "With a file it is short for\n.B tenon run.\n.SH COMMANDS\n",
           tenon_version());
    for (const cli_command *const *c = cli_commands; *c != NULL; c++)
        printf(".TP\n.BR tenon\\-%s (1)\n%s\n", (*c)->name, (*c)->summary);
}

static const cli_command *find(const char *name)
{
    for (const cli_command *const *c = cli_commands; *c != NULL; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

static int run_man(const cli_command *command, int argc, char **argv)
{
    const cli_command *about = NULL;
    int count, code;

    if (!cli_parse_flags(command, argc, argv, NULL, &count, &code))
        return code;
    if (count > 0 && (about = find(argv[count - 1])) == NULL)
        return cli_complain(command, "no command `%s`; `tenon --help` lists them", argv[count - 1]);
    if (about != NULL)
        print_page(about);
    else
        print_overview();
    return CLI_OK;
}

static const cli_option no_options[] = { { NULL, NULL, NULL } };

const cli_command cli_man_command = {
    .name = "man",
    .summary = "print a man page",
    .arguments = "[COMMAND]",
    .description = "Prints the man page of a command, or of tenon itself, for man(1): `tenon man run | man -l -`.\n"
                   "`cmake --install` puts all of them where man looks.",
    .options = no_options,
    .run = run_man,
};

/* ---- completions ---- */

static void bash(void)
{
    puts("# bash completion for tenon: source this, or put it into /usr/share/bash-completion/completions/tenon\n"
         "_tenon() {\n"
         "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} options=\n"
         "    COMPREPLY=()\n"
         "    if [ \"$COMP_CWORD\" = 1 ]; then");
    fputs("        COMPREPLY=($(compgen -W \"", stdout);
    for (const cli_command *const *c = cli_commands; *c != NULL; c++)
        printf("%s ", (*c)->name);
    puts("--help --version\" -- \"$cur\") $(compgen -f -X '!*.wasm' -- \"$cur\") $(compgen -d -- \"$cur\"))\n"
         "        return\n"
         "    fi\n"
         "    case $command in");
    for (const cli_command *const *c = cli_commands; *c != NULL; c++) {
        printf("    %s) options=\"", (*c)->name);
        for (const cli_option *o = (*c)->options; o->name != NULL; o++)
            printf("%s%s ", cli_dashes(o->name), o->name);
        puts("--help\" ;;");
    }
    puts(
        "    esac\n"
        "    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$cur\")); return; fi\n"
        "    case $prev in --dir) COMPREPLY=($(compgen -d -- \"$cur\")) ;; *) COMPREPLY=($(compgen -f -- \"$cur\")) ;; "
        "esac\n"
        "}\n"
        "complete -o filenames -F _tenon tenon");
}

/* Text inside single quotes of zsh and fish, up to the first sentence's end. */
static void put_quoted(const char *text)
{
    for (; *text != '\0' && *text != '\n' && !(text[0] == '.' && (text[1] == ' ' || text[1] == '\0')); text++) {
        if (*text == '\'')
            fputs("\xE2\x80\x99", stdout);
        else if (*text == '[' || *text == ']' || *text == ':')
            printf("\\%c", *text);
        else if (*text != '`' && *text != '\\')
            putchar(*text);
    }
}

static void zsh(void)
{
    puts("#compdef tenon\n"
         "# zsh completion for tenon: put it into a folder of $fpath as _tenon\n"
         "_tenon() {\n"
         "    local context state line\n"
         "    if (( CURRENT == 2 )); then\n"
         "        local -a commands=(");
    for (const cli_command *const *c = cli_commands; *c != NULL; c++) {
        printf("            '%s:", (*c)->name);
        put_quoted((*c)->summary);
        puts("'");
    }
    puts("        )\n"
         "        _describe command commands\n"
         "        _files -g '*.wasm'\n"
         "        return\n"
         "    fi\n"
         "    local command=$words[2]\n"
         "    shift words\n"
         "    (( CURRENT-- ))\n"
         "    case $command in");
    for (const cli_command *const *c = cli_commands; *c != NULL; c++) {
        printf("    %s) _arguments", (*c)->name);
        for (const cli_option *o = (*c)->options; o->name != NULL; o++) {
            bool optional = o->argument != NULL && o->argument[0] == '[';
            printf(" '*%s%s%s[", cli_dashes(o->name), o->name, o->argument == NULL ? "" : optional ? "=-" : "=");
            put_quoted(o->help);
            printf("]%s'", o->argument == NULL ? "" : optional ? "::value:" : ":value:_files");
        }
        puts(" '--help[Show a summary]' '*:file:_files' ;;");
    }
    puts("    esac\n"
         "}\n"
         "_tenon \"$@\"");
}

static void fish(void)
{
    puts("# fish completion for tenon: put it into ~/.config/fish/completions/tenon.fish");
    for (const cli_command *const *c = cli_commands; *c != NULL; c++) {
        printf("complete -c tenon -n __fish_use_subcommand -a %s -d '", (*c)->name);
        put_quoted((*c)->summary);
        puts("'");
        for (const cli_option *o = (*c)->options; o->name != NULL; o++) {
            bool takes = o->argument != NULL && o->argument[0] != '[';
            printf("complete -c tenon -n '__fish_seen_subcommand_from %s' -%s %s%s -d '", (*c)->name,
                   o->name[1] == '\0' ? "s" : "l", o->name, takes ? " -r" : "");
            put_quoted(o->help);
            puts("'");
        }
    }
}

static int run_completion(const cli_command *command, int argc, char **argv)
{
    int count, code;

    if (!cli_parse_flags(command, argc, argv, NULL, &count, &code))
        return code;
    const char *shell = count > 0 ? argv[count - 1] : NULL;
    if (shell != NULL && strcmp(shell, "bash") == 0)
        bash();
    else if (shell != NULL && strcmp(shell, "zsh") == 0)
        zsh();
    else if (shell != NULL && strcmp(shell, "fish") == 0)
        fish();
    else
        return cli_complain(command, "name a shell: bash, zsh or fish");
    return CLI_OK;
}

const cli_command cli_completion_command = {
    .name = "completion",
    .summary = "print a completion script for a shell",
    .arguments = "bash|zsh|fish",
    .description = "Prints what teaches a shell to complete tenon's commands and options. For bash, at once:\n"
                   "source <(tenon completion bash)",
    .options = no_options,
    .run = run_completion,
};
