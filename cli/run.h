/* SPDX-License-Identifier: MIT
 * What `tenon run` was asked to do, and its parts.
 */
#ifndef TENON_CLI_RUN_H
#define TENON_CLI_RUN_H

#include "cli/cli.h"
#include "cli/command.h"
#include "tenon/wasi.h"

typedef struct run_directory {
    char *host, *guest;
    bool read_only;
    uint64_t quota;
} run_directory;

typedef struct run_preload {
    char *name;
    const char *path;
} run_preload;

/* How code runs: RUN_TIER_AUTO starts in the interpreter and compiles what is hot. */
typedef enum run_tier { RUN_TIER_AUTO, RUN_TIER_INTERP, RUN_TIER_OPT } run_tier;

typedef enum run_stats { RUN_STATS_NONE, RUN_STATS_TEXT, RUN_STATS_JSON } run_stats;

/* Lists have room for one item per word of the command line. */
typedef struct run_options {
    const cli_command *command;
    const char *path, *invoke, *argv0, *audit_path, *stub;
    char **args;
    int arg_count;
    run_directory *directories;
    run_preload *preloads;
    const char **variables, **listeners;
    size_t directory_count, preload_count, variable_count, listener_count;
    tenon_config config;
    tenon_limits limits;
    tenon_policy policy;
    tenon_wasi_config wasi;
    uint64_t seed, timeout, fuel;
    const char *timeout_text;
    run_stats stats;
    run_tier tier;
    const char *tier_log_path;
    const char *key_path;
} run_options;

/* run_options.c: CLI_OK, or the exit code with *done set. */
extern const cli_option run_option_list[];
int run_options_parse(run_options *o, const cli_command *command, int argc, char **argv, bool *done);
void run_options_fini(run_options *o);

/* run_wasi.c: the policy that the options make; audit is where records go, or NULL. And what the guest is given; false
 * when something was refused, and said. */
tenon_policy run_policy(const run_options *o, FILE *audit);
bool run_open_wasi(const run_options *o, tenon_tenant *tenant, tenon_wasi **out);

/* run_tier.c: what is compiled in the background, when the options want that and there is a compiler; with a log for
 * --tier-log, which is NULL when there is none. False when the log cannot be written, which was said. */
typedef struct run_tier_log run_tier_log;
bool run_open_tier(run_options *o, uint64_t start, run_tier_log **log);
/* Ends the log; no engine uses it any more. */
void run_close_tier(run_tier_log *log);

/* run_report.c: how a guest ended, with a backtrace and advice; the exit code. */
int run_report_failure(const run_options *o, tenon_store *store, const tenon_error *err, tenon_status status);
typedef struct run_times {
    uint64_t start, loaded, ended; /* nanoseconds of the monotonic clock */
} run_times;
uint64_t run_now(void);
void run_report_stats(const run_options *o, const run_times *times, const tenon_engine *engine,
                      const tenon_tenant *tenant, const tenon_wasi *wasi, uint64_t fuel, int code);

#endif
