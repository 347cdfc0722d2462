/* SPDX-License-Identifier: MIT
 * How a guest ended: message, backtrace, advice; and what it has used.
 */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "cli/run.h"

static void print_frame(size_t number, const tenon_frame *frame)
{
    fprintf(stderr, "  %2zu: ", number);
    if (frame->module.size > 0)
        fprintf(stderr, "%.*s!", (int)frame->module.size, frame->module.data);
    if (frame->name.size > 0)
        fprintf(stderr, "%.*s", (int)frame->name.size, frame->name.data);
    else
        fprintf(stderr, "<function %" PRIu32 ">", frame->function);
    fprintf(stderr, " at offset 0x%" PRIx64, frame->offset);
    if (frame->line != 0)
        fprintf(stderr, " (%.*s:%" PRIu32 ")", (int)frame->file.size, frame->file.data, frame->line);
    fputc('\n', stderr);
}

/* Recursion shows as one frame and a count. Whether some frame had a source line. */
static bool print_backtrace(const tenon_store *store)
{
    tenon_frame frame, last = { .function = TENON_NO_INDEX };
    size_t repeated = 0;
    bool lines = false;

    for (size_t i = 0; tenon_store_frame(store, i, &frame); i++) {
        if (frame.function == last.function && frame.offset == last.offset) {
            repeated++;
            continue;
        }
        if (repeated > 0)
            fprintf(stderr, "      and %zu more of it\n", repeated);
        repeated = 0;
        print_frame(i, &frame);
        lines = lines || frame.line != 0;
        last = frame;
    }
    if (repeated > 0)
        fprintf(stderr, "      and at least %zu more of it\n", repeated);
    return lines;
}

/* What to try; NULL when nothing is known to help. */
static const char *advice(tenon_trap trap)
{
    switch (trap) {
    case TENON_TRAP_STACK_EXHAUSTED:
        return "the guest calls itself too deeply, or needs more stack: --max-stack 8m";
    case TENON_TRAP_UNREACHABLE:
        return "the program gave up by itself: look at what it printed before";
    case TENON_TRAP_MEMORY_BOUNDS:
        return "a bad pointer in the program; the frames above show where it was used";
    case TENON_TRAP_SIGNATURE_MISMATCH:
        return "a function was called through a pointer of another type";
    case TENON_TRAP_UNDEFINED_ELEMENT:
    case TENON_TRAP_UNINITIALIZED_ELEMENT:
        return "a call through a pointer that is no function";
    case TENON_TRAP_OUT_OF_MEMORY:
        return "allow it more: --max-memory 4g";
    case TENON_TRAP_UNSUPPORTED:
        return "`tenon --version` lists what this build can do";
    default:
        return NULL;
    }
}

int run_report_failure(const run_options *o, tenon_store *store, const tenon_error *err, tenon_status status)
{
    int code = cli_report(o->path, err, status);
    tenon_frame frame;
    bool lines = print_backtrace(store);

    if (status == TENON_TRAP && err->trap == TENON_TRAP_INTERRUPTED && o->timeout != 0)
        fprintf(stderr, "  the time limit was --timeout %s\n", o->timeout_text);
    else if (status == TENON_TRAP && err->trap == TENON_TRAP_FUEL)
        fprintf(stderr, "  the limit was --fuel %" PRIu64 "\n", o->fuel);
    else if (status == TENON_TRAP && advice(err->trap) != NULL)
        fprintf(stderr, "  %s\n", advice(err->trap));
    else if (status == TENON_LINK)
        fputs("  --preload NAME=FILE provides imports from another module, --unknown-imports=trap runs without them\n",
              stderr);
    if (!lines && tenon_store_frame(store, 0, &frame))
        fputs("  source lines appear when the module is built with debug information (-g)\n", stderr);
    return code;
}

/* ---- statistics ---- */

uint64_t run_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static json_t *tiering_object(const tenon_tiering_counts *c)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "jobs", (json_int_t)c->jobs, "functions", (json_int_t)c->functions,
                     "loops", (json_int_t)c->loops, "code_bytes", (json_int_t)c->code_bytes, "failed_jobs",
                     (json_int_t)c->failed_jobs);
}

void run_report_stats(const run_options *o, const run_times *times, const tenon_engine *engine,
                      const tenon_tenant *tenant, const tenon_wasi *wasi, uint64_t fuel, int code)
{
    const tenon_tiering_counts tiering = tenon_engine_tiering_counts(engine);

    const double load = (double)(times->loaded - times->start) / 1e9,
                 run = (double)(times->ended - times->loaded) / 1e9;
    const tenon_wasi_stats stats = wasi != NULL ? tenon_wasi_statistics(wasi) : (tenon_wasi_stats){ 0, 0, 0, 0 };
    const double guest = (double)tenon_tenant_peak_bytes(tenant);
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    if (o->stats == RUN_STATS_JSON) {
        json_t *j =
            json_pack("{s:i, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "exit_code", code, "load_seconds",
                      load, "run_seconds", run, "guest_peak_bytes", (json_int_t)guest, "process_peak_bytes",
                      (json_int_t)usage.ru_maxrss * 1024, "host_calls", (json_int_t)stats.calls, "denials",
                      (json_int_t)stats.denials, "bytes_read", (json_int_t)stats.bytes_read, "bytes_written",
                      (json_int_t)stats.bytes_written, "fuel", (json_int_t)fuel, "tiering", tiering_object(&tiering));
        json_dumpf(j, stderr, JSON_COMPACT);
        fputc('\n', stderr);
        json_decref(j);
        return;
    }
    fprintf(stderr,
            "tenon: time     %.4f s loading, %.4f s running\n"
            "tenon: memory   %.1f MiB of the guest at most, %.1f MiB of the process\n"
            "tenon: calls    %" PRIu64 " privileged, %" PRIu64 " denied\n"
            "tenon: bytes    %" PRIu64 " read, %" PRIu64 " written\n"
            "tenon: compiled %" PRIu64 " functions and %" PRIu64 " loops in %" PRIu64 " jobs, %" PRIu64 " failed\n",
            load, run, guest / 1048576, (double)usage.ru_maxrss / 1024, stats.calls, stats.denials, stats.bytes_read,
            stats.bytes_written, tiering.functions, tiering.loops, tiering.jobs, tiering.failed_jobs);
    if (o->config.metered)
        fprintf(stderr, "tenon: fuel     %" PRIu64 " burnt\n", fuel);
}
