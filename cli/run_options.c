/* SPDX-License-Identifier: MIT
 * The options of `tenon run`.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"

enum {
    DIR,
    ENV,
    ARGV0,
    INVOKE,
    TIMEOUT,
    FUEL,
    MAX_MEMORY,
    MAX_STACK,
    TCPLISTEN,
    WASI,
    UNKNOWN_IMPORTS,
    PRELOAD,
    AUDIT,
    LOG,
    STATS,
    TIER,
    TIER_THRESHOLD,
    TIER_LOG,
    PROFILE,
    KEY,
    CHECKED,
    HARDENED,
    ALL_FEATURES
};

const cli_option run_option_list[] = {
    [DIR] = { "dir", "HOST[::GUEST][:ro][:quota=SIZE]",
              "Let the guest use a folder, under the name GUEST (default: as written). With :ro it may only read; with "
              ":quota=10m what lies below may grow by that much. May be repeated." },
    [ENV] = { "env", "NAME[=VALUE]", "Set a variable, or pass one on from here. May be repeated." },
    [ARGV0] = { "argv0", "NAME", "What the guest sees as its own name (default: the file's name)." },
    [INVOKE] = { "invoke", "NAME", "Call this export instead of `_start`; results are printed one per line." },
    [FUEL] = { "fuel", "N",
               "Stop the guest after N instructions (500m: million); the count is the same in every tier." },
    [TIMEOUT] = { "timeout", "TIME", "Stop the guest after this long: 500ms, 2s, 1m." },
    [MAX_MEMORY] = { "max-memory", "SIZE", "Refuse memories, tables, stacks and code beyond this, in all: 64m, 1g." },
    [MAX_STACK] = { "max-stack", "SIZE", "Size of the guest's stack (default 1m)." },
    [TCPLISTEN] = { "tcplisten", "ADDRESS:PORT",
                    "Listen there and give the guest the socket, as the first descriptor after its folders." },
    [WASI] = { "wasi", "SWITCH[,SWITCH…]",
               "Take away or change what every guest gets: no-files, no-sockets, no-clocks, no-random, no-wait, "
               "no-signals; clock-resolution=1ms; seed=N (repeatable randomness); max-descriptors=N; end-on-denial (a "
               "denied call ends the guest, exit code 5)." },
    [UNKNOWN_IMPORTS] = { "unknown-imports", "trap|default",
                          "Let functions that nobody provides trap when called, or return zeros." },
    [PRELOAD] = { "preload", "NAME=FILE", "Instantiate another module first; its exports are importable as NAME." },
    [AUDIT] = { "audit", "[=all] FILE",
                "Write a JSON line for each host call that was denied, or for all that need a privilege." },
    [LOG] = { "log", NULL, "Say on standard error what the engine notices: limits that hold, compilers that fail." },
    [STATS] = { "stats", "[=json]", "Report time, memory, host calls and denials on standard error at the end." },
    [TIER] = { "tier", "auto|interp|opt",
               "How code runs: interpreted at first, while what is hot is compiled in the background (auto, the "
               "default); always interpreted; or compiled by the optimizing compiler before it starts." },
    [TIER_THRESHOLD] = { "tier-threshold", "N",
                         "Calls and rounds of loops after which --tier=auto compiles a function." },
    [TIER_LOG] = { "tier-log", "FILE", "Write a JSON line for each time that --tier=auto has compiled something." },
    [PROFILE] = { "profile", "perfmap|jitdump|gdb",
                  "Tell perf of compiled code (perfmap: /tmp/perf-PID.map; jitdump: jit-PID.dump here, for perf record "
                  "-k "
                  "mono and perf inject --jit), or a debugger, with source lines. May be repeated." },
    [KEY] = { "key", "FILE", "The key that FILE.tenon was sealed with, when it is not this machine's own." },
    [CHECKED] = { "checked", NULL, "Compare every access with the memory's size instead of relying on guard pages." },
    [HARDENED] = { "hardened", NULL,
                   "Let no access of compiled code rest on a check that is not its own: loops are not vectorized." },
    [ALL_FEATURES] = { "all-features", NULL, "Admit proposals that may still change (custom page sizes)." },
    { NULL, NULL, NULL },
};

/* ---- values ---- */

/* Takes ":suffix…" off the end of text and returns what follows the prefix; NULL when it is not there. */
static const char *take_suffix(char *text, const char *prefix)
{
    char *colon = strrchr(text, ':');

    if (colon == NULL || strncmp(colon, prefix, strlen(prefix)) != 0)
        return NULL;
    *colon = '\0';
    return colon + strlen(prefix);
}

static bool parse_tier(const char *text, run_tier *out)
{
    static const char *const names[] = { "auto", "interp", "opt" };

    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (run_tier)i;
            return true;
        }
    return false;
}

static bool parse_profile(const char *text, tenon_tools *out)
{
    static const char *const names[] = { "perfmap", "jitdump", "gdb" };

    for (unsigned i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            *out |= (tenon_tools)1 << i;
            return true;
        }
    return false;
}

static bool parse_threshold(const char *text, uint32_t *out)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    *out = (uint32_t)value;
    return *text >= '0' && *text <= '9' && *end == '\0' && value > 0 && value <= INT32_MAX;
}

static bool parse_directory(const char *text, run_directory *out)
{
    char *copy = strdup(text);
    const char *value;
    bool ok = copy != NULL;

    *out = (run_directory){ .host = copy };
    for (bool more = ok; more && ok;) {
        more = false;
        size_t size = strlen(copy);
        if (size > 3 && strcmp(copy + size - 3, ":ro") == 0) {
            copy[size - 3] = '\0';
            out->read_only = more = true;
        } else if ((value = take_suffix(copy, ":quota=")) != NULL) {
            more = true;
            ok = cli_parse_size(value, &out->quota);
        }
    }
    if (!ok)
        return false;
    char *middle = strstr(copy, "::");
    out->guest = copy;
    if (middle != NULL) {
        *middle = '\0';
        out->guest = middle + 2;
    }
    return out->host[0] != '\0' && out->guest[0] != '\0';
}

static bool parse_switch(run_options *o, const char *text)
{
    const char *value = strchr(text, '=');
    char *end;

    if (strcmp(text, "end-on-denial") == 0) {
        o->policy.end_on_denial = true;
        return true;
    }
    if (strncmp(text, "no-", 3) == 0)
        for (int i = 1; i < TENON_CAPABILITY_CONNECT; i++)
            if (strcmp(text + 3, tenon_capability_text((tenon_capability)i)) == 0) {
                o->policy.capabilities &= ~TENON_CAPABILITY_BIT(i);
                return true;
            }
    if (value == NULL || value[1] < '0' || value[1] > '9')
        return false;
    if (strncmp(text, "clock-resolution=", 17) == 0)
        return cli_parse_duration(value + 1, &o->policy.clock_resolution);
    if (strncmp(text, "seed=", 5) == 0) {
        o->seed = strtoull(value + 1, &end, 0);
        o->policy.seed = &o->seed;
        return *end == '\0';
    }
    if (strncmp(text, "max-descriptors=", 16) == 0) {
        unsigned long n = strtoul(value + 1, &end, 10);
        o->wasi.max_descriptors = (uint32_t)n;
        return *end == '\0' && n >= 3 && n <= 1000000;
    }
    return false;
}

static bool parse_switches(run_options *o, const char *text)
{
    char *copy = strdup(text), *rest = copy, *one;
    bool ok = copy != NULL;

    while (ok && (one = strsep(&rest, ",")) != NULL)
        if (!parse_switch(o, one)) {
            cli_complain(o->command, "`--wasi %s`: no such switch; `tenon run --help` lists them", one);
            ok = false;
        }
    free(copy);
    return ok;
}

static bool parse_preload(const char *text, run_preload *out)
{
    const char *equals = strchr(text, '=');

    if (equals == NULL || equals[1] == '\0')
        return false;
    *out = (run_preload){ strndup(text, (size_t)(equals - text)), equals + 1 };
    return out->name != NULL;
}

/* `--audit[=all] FILE`: the file is the next word. */
static bool parse_audit(run_options *o, cli_parser *p)
{
    if (p->value != NULL && strcmp(p->value, "all") != 0)
        return false;
    o->policy.audit_all = p->value != NULL;
    if (p->at == p->argc)
        return false;
    o->audit_path = p->argv[p->at++];
    return true;
}

/* 1000, 250k, 5m, 2g: thousands, unlike sizes. */
static bool parse_count(const char *text, uint64_t *out)
{
    static const char letters[] = "kmg";
    char *end;
    uint64_t factor = 1;

    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    const char *letter = *end != '\0' ? strchr(letters, *end) : NULL;
    for (long i = letter != NULL ? letter - letters + 1 : 0; i > 0; i--)
        factor *= 1000;
    return errno == 0 && text[0] >= '0' && text[0] <= '9' && end[letter != NULL] == '\0' && n > 0 &&
           !__builtin_mul_overflow(n, factor, out);
}

static void write_log(void *context, tenon_level level, tenon_tenant *tenant, const char *text)
{
    static const char *const levels[] = { "error", "warning", "info" };

    (void)context, (void)tenant;
    fprintf(stderr, "tenon: %s: %s\n", levels[level], text);
}

/* ---- one option ---- */

static bool take_limit(run_options *o, int option, const char *value)
{
    uint64_t size;

    if (option == TIMEOUT) {
        o->timeout_text = value;
        return cli_parse_duration(value, &o->timeout);
    }
    if (!cli_parse_size(value, &size))
        return false;
    if (option == MAX_MEMORY)
        o->limits.memory_bytes = size;
    else
        o->config.stack_size = size;
    return true;
}

static bool take(run_options *o, cli_parser *p, int option)
{
    switch (option) {
    case DIR:
        return parse_directory(p->value, &o->directories[o->directory_count++]);
    case ENV:
        o->variables[o->variable_count++] = p->value;
        return p->value[0] != '\0' && p->value[0] != '=';
    case ARGV0:
        o->argv0 = p->value;
        return true;
    case INVOKE:
        o->invoke = p->value;
        return true;
    case TCPLISTEN:
        o->listeners[o->listener_count++] = p->value;
        return true;
    case TIER:
        return parse_tier(p->value, &o->tier);
    case PROFILE:
        return parse_profile(p->value, &o->config.tools);
    case TIER_THRESHOLD:
        return parse_threshold(p->value, &o->config.tiering.threshold);
    case TIER_LOG:
        o->tier_log_path = p->value;
        return true;
    case KEY:
        o->key_path = p->value;
        return true;
    case UNKNOWN_IMPORTS:
        o->stub = p->value;
        return strcmp(p->value, "trap") == 0 || strcmp(p->value, "default") == 0;
    case PRELOAD:
        return parse_preload(p->value, &o->preloads[o->preload_count++]);
    case AUDIT:
        return parse_audit(o, p);
    case LOG:
        o->config.log = write_log;
        return true;
    case STATS:
        o->stats = p->value != NULL ? RUN_STATS_JSON : RUN_STATS_TEXT;
        return p->value == NULL || strcmp(p->value, "json") == 0;
    case FUEL:
        o->config.metered = true;
        return parse_count(p->value, &o->fuel);
    case HARDENED:
        o->config.tiering.hardened = true;
        return true;
    case CHECKED:
        o->config.bounds = TENON_BOUNDS_CHECKED;
        return true;
    case ALL_FEATURES:
        o->config.features = TENON_FEATURES_ALL;
        return true;
    default:
        return take_limit(o, option, p->value);
    }
}

static bool make_lists(run_options *o, size_t count)
{
    o->directories = calloc(count, sizeof *o->directories);
    o->preloads = calloc(count, sizeof *o->preloads);
    o->variables = calloc(count, sizeof *o->variables);
    o->listeners = calloc(count, sizeof *o->listeners);
    return o->directories != NULL && o->preloads != NULL && o->variables != NULL && o->listeners != NULL;
}

void run_options_fini(run_options *o)
{
    for (size_t i = 0; o->directories != NULL && i < o->directory_count; i++)
        free(o->directories[i].host);
    for (size_t i = 0; o->preloads != NULL && i < o->preload_count; i++)
        free(o->preloads[i].name);
    free(o->directories);
    free(o->preloads);
    free(o->variables);
    free(o->listeners);
}

static int complain_value(const run_options *o, int option, const char *value)
{
    const cli_option *row = &run_option_list[option];

    if (option == WASI)
        return CLI_USAGE; /* said already */
    if (option == MAX_MEMORY || option == MAX_STACK || option == DIR)
        return cli_complain(o->command, "`--%s %s`: %s; write %s, sizes like 64m, 1g or a number of bytes", row->name,
                            value != NULL ? value : "", option == DIR ? "not understood" : "is not a size",
                            row->argument);
    return cli_complain(o->command, "`--%s %s` is not understood; write --%s %s", row->name, value != NULL ? value : "",
                        row->name, row->argument != NULL ? row->argument : "");
}

int run_options_parse(run_options *o, const cli_command *command, int argc, char **argv, bool *done)
{
    cli_parser p;

    *o = (run_options){ .command = command,
                        .config = { .size = sizeof o->config },
                        .limits = { .size = sizeof o->limits },
                        .policy = { .size = sizeof o->policy, .capabilities = TENON_CAPABILITIES_ALL },
                        .wasi = { .size = sizeof o->wasi, .capabilities = TENON_CAPABILITIES_ALL } };
    *done = true;
    if (!make_lists(o, (size_t)argc))
        return CLI_FAILED;
    cli_parser_init(&p, command, argc, argv);
    for (int option; (option = cli_next(&p)) != CLI_END;) {
        if (option == CLI_HELP || option == CLI_WRONG)
            return option == CLI_HELP ? CLI_OK : CLI_USAGE;
        if (option == WASI ? !parse_switches(o, p.value) : !take(o, &p, option))
            return complain_value(o, option, p.value);
    }
    if (p.at == argc) {
        cli_print_help(stderr, command);
        return CLI_USAGE;
    }
    o->path = argv[p.at];
    o->args = argv + p.at + 1;
    o->arg_count = argc - p.at - 1;
    *done = false;
    return CLI_OK;
}
