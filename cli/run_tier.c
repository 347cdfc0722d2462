/* SPDX-License-Identifier: MIT
 * Compiling in the background of `tenon run`, and its log: a JSON line for each job.
 */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/compile.h"
#include "cli/run.h"

struct run_tier_log {
    FILE *file;
    uint64_t start;
    char compiler[PATH_MAX];
};

/* On a thread of the engine's. */
static void write_line(void *context, const tenon_job_report *report)
{
    const run_tier_log *log = context;
    json_t *functions = json_array(), *line;

    for (size_t i = 0; i < report->function_count; i++)
        json_array_append_new(functions, json_integer(report->functions[i]));
    line = json_pack("{s:f, s:f, s:b, s:o, s:I, s:I}", "seconds", (double)(run_now() - log->start) / 1e9, "took",
                     (double)report->nanoseconds / 1e9, "succeeded", report->succeeded, "functions", functions, "loops",
                     (json_int_t)report->loop_count, "code_bytes", (json_int_t)report->code_bytes);
    if (report->failure != NULL)
        json_object_set_new(line, "failure", json_string(report->failure));
    json_dumpf(line, log->file, JSON_COMPACT);
    fputc('\n', log->file);
    json_decref(line);
}

bool run_open_tier(run_options *o, uint64_t start, run_tier_log **out)
{
    run_tier_log *log = calloc(1, sizeof *log);

    *out = log;
    if (log == NULL || o->tier != RUN_TIER_AUTO || !cli_find_compiler(log->compiler))
        return log != NULL;
    o->config.tiering.compiler = log->compiler;
    if (o->tier_log_path == NULL)
        return true;
    log->start = start;
    log->file = fopen(o->tier_log_path, "we");
    if (log->file == NULL) {
        fprintf(stderr, "tenon: --tier-log %s: %s\n", o->tier_log_path, strerror(errno));
        return false;
    }
    o->config.tiering.report = write_line;
    o->config.tiering.context = log;
    return true;
}

void run_close_tier(run_tier_log *log)
{
    if (log != NULL && log->file != NULL)
        fclose(log->file);
    free(log);
}
