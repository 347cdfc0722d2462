/* SPDX-License-Identifier: MIT
 * tenon-llvm: the compiler as a program of its own, started by those who run guests. It reads a module from one
 * descriptor, writes an image to another, and says what went wrong on the standard error output.
 *
 *     tenon-llvm IN OUT [--target=CPU] [--cpu=NAME] [--bounds=guarded|checked] [--features=N] [-O0..3] [--hardened]
 * [--metered]
 *                       [--threads=N] [--functions=LIST] [--listing] [--progress=FD]
 *     tenon-llvm --serve SOCKET
 */
#include <fcntl.h>
#include <llvm-c/Support.h>
#include <llvm-c/Target.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jit/llvm/job.h"
#include "jit/llvm/listing.h"
#include "jit/llvm/serve.h"
#include "loader/types.h"

typedef struct request {
    int in, out, progress; /* progress: a descriptor of a tn_job_progress, or -1 */
    const tn_target *target;
    const char *cpu;
    tenon_bounds bounds;
    tenon_features features;
    unsigned level;
    bool hardened, metered, listing;
    size_t threads;
    const char *functions; /* "odd", "even", or "0,3-5" of the module's function indices; NULL: all */
} request;

static bool read_option(request *r, const char *arg)
{
    if (strncmp(arg, "--target=", 9) == 0) {
        r->target = tn_target_find(arg + 9);
        return r->target != NULL;
    }
    if (strncmp(arg, "--cpu=", 6) == 0)
        return (r->cpu = arg + 6) != NULL;
    if (strcmp(arg, "--bounds=guarded") == 0 || strcmp(arg, "--bounds=checked") == 0) {
        r->bounds = arg[9] == 'g' ? TENON_BOUNDS_GUARDED : TENON_BOUNDS_CHECKED;
        return true;
    }
    if (strcmp(arg, "--hardened") == 0)
        return r->hardened = true;
    if (strcmp(arg, "--metered") == 0)
        return r->metered = true;
    if (strncmp(arg, "--progress=", 11) == 0)
        return (r->progress = atoi(arg + 11)) > 0;
    if (strcmp(arg, "--listing") == 0)
        return r->listing = true;
    if (strncmp(arg, "--features=", 11) == 0)
        return (r->features = strtoull(arg + 11, NULL, 0)) != 0;
    if (strncmp(arg, "--threads=", 10) == 0)
        return (r->threads = strtoul(arg + 10, NULL, 10)) > 0;
    if (strncmp(arg, "--functions=", 12) == 0)
        return (r->functions = arg + 12) != NULL;
    if (strncmp(arg, "-O", 2) == 0 && arg[2] >= '0' && arg[2] <= '3' && arg[3] == 0) {
        r->level = (unsigned)(arg[2] - '0');
        return true;
    }
    return false;
}

static int usage(const char *arg)
{
    fprintf(stderr, "tenon-llvm: wrong argument '%s'; this program is started by tenon\n", arg);
    return 2;
}

/* Marks the own functions of a list; false when it is none. */
static bool read_list(const char *list, const tn_module *m, uint8_t *wanted)
{
    while (*list != '\0') {
        char *end;
        unsigned long first = strtoul(list, &end, 10), last = first;
        if (end == list)
            return false;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        for (unsigned long i = first; i <= last && i < m->func_count; i++)
            if (i >= m->imported_funcs)
                wanted[i - m->imported_funcs] = 1;
        if (*end != ',' && *end != '\0')
            return false;
        list = *end == ',' ? end + 1 : end;
    }
    return true;
}

static tenon_status choose_functions(const request *r, const tn_module *m, tn_mem *mem, uint8_t **out, tenon_error *err)
{
    bool odd = r->functions != NULL && strcmp(r->functions, "odd") == 0;

    *out = NULL;
    if (r->functions == NULL)
        return TENON_OK;
    *out = tn_alloc_zeroed(mem, m->body_count + 1u);
    if (*out == NULL)
        return TENON_NOMEM;
    if (odd || strcmp(r->functions, "even") == 0)
        for (uint32_t i = odd; i < m->body_count; i += 2)
            (*out)[i] = 1;
    else if (!read_list(r->functions, m, *out))
        return tn_fail_plain(err, TENON_USAGE, "'%s' is no list of functions, such as 0,3-5", r->functions);
    return TENON_OK;
}

/* What memory 0 will be on an engine that prefers these. */
static tenon_bounds bounds_of(const tn_module *m, tenon_bounds preferred)
{
    bool must_be_checked = m->memory_count > 0 && (m->memories[0].is64 || m->memories[0].page_log2 != 16);

    return must_be_checked ? TENON_BOUNDS_CHECKED : preferred;
}

static tn_job_progress *map_progress(const request *r)
{
    void *map = r->progress < 0
                    ? MAP_FAILED
                    : mmap(NULL, sizeof(tn_job_progress), PROT_READ | PROT_WRITE, MAP_SHARED, r->progress, 0);

    return map != MAP_FAILED ? map : NULL;
}

static bool write_listing(const request *r, const tn_job *job, const tn_object *image)
{
    int copy = dup(r->out);
    FILE *out = copy >= 0 ? fdopen(copy, "w") : NULL;

    if (out == NULL)
        return false;
    bool ok = tn_write_listing(job, image, out) == TENON_OK;
    return fclose(out) == 0 && ok;
}

static tenon_status compile_module(const request *r, const tn_module *module, tn_mem *mem, tenon_error *err)
{
    const tn_cpu *cpu = tn_target_cpu(r->target, r->cpu != NULL ? r->cpu : r->target->cpus[0].name);
    uint8_t *wanted;
    tn_object image = { NULL, 0 };

    if (cpu == NULL)
        return tn_fail_plain(err, TENON_USAGE, "%s has no CPU called %s", r->target->name, r->cpu);
    TN_TRY(choose_functions(r, module, mem, &wanted, err));
    tn_job job = { .mem = mem,
                   .module = module,
                   .target = r->target,
                   .cpu = cpu,
                   .bounds = bounds_of(module, r->bounds),
                   .level = r->level,
                   .hardened = r->hardened,
                   .metered = r->metered,
                   .threads = r->threads,
                   .progress = map_progress(r),
                   .wanted = wanted };
    tenon_status status = tn_job_run(&job, &image, err);
    if (status == TENON_OK && !(r->listing ? write_listing(r, &job, &image) : tn_write_image(r->out, &image)))
        status = tn_fail_plain(err, TENON_LIMIT, "the image could not be written");
    tn_free(mem, image.bytes, image.size);
    if (wanted != NULL)
        tn_free(mem, wanted, module->body_count + 1u);
    return status;
}

static tenon_status compile(const request *r, const uint8_t *bytes, size_t size, tn_mem *mem, tenon_error *err)
{
    tn_types *types = tn_types_new(mem);
    tn_module module;

    if (types == NULL)
        return TENON_NOMEM;
    tenon_status status = tn_module_load(&module, mem, types, r->features, bytes, size, r->threads, err);
    if (status == TENON_OK) {
        status = compile_module(r, &module, mem, err);
        tn_module_fini(&module);
    }
    tn_types_delete(types);
    return status;
}

static void initialize(void)
{
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86Disassembler();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeAArch64Disassembler();
}

/* What LLVM has as options of its command line alone; docs/optimizing.md has what each saves and costs. Nobody wants to
 * know where variables are: looking for them took a quarter of the time and half of the memory of a big function. -O1:
 * instructions are selected one by one and not scheduled, and registers are given out plainly. */
static void set_options(unsigned level)
{
    static const char *const options[] = { "tenon-llvm", "-experimental-debug-variable-locations=false", "-fast-isel",
                                           "-enable-misched=false", "-regalloc=basic" };

    LLVMParseCommandLineOptions(level == 1 ? sizeof options / sizeof *options : 2, options, "");
}

/* What is big is given back to the system as soon as it is free, and not kept in pieces. */
#define BIG_BYTES 65536

int main(int argc, char **argv)
{
    request r = {
        .progress = -1, .target = tn_target_host(), .features = tenon_features_default(), .level = 2, .threads = 1
    };
    tenon_error error;
    struct stat info;
    tn_mem mem;

    if (argc < 3)
        return usage("");
    mallopt(M_MMAP_THRESHOLD, BIG_BYTES);
    if (strcmp(argv[1], "--serve") == 0) {
        initialize();
        set_options(2);
        return tn_serve(atoi(argv[2]));
    }
    r.in = atoi(argv[1]);
    r.out = atoi(argv[2]);
    for (int i = 3; i < argc; i++)
        if (!read_option(&r, argv[i]))
            return usage(argv[i]);
    initialize();
    set_options(r.level);
    if (r.target == NULL || fstat(r.in, &info) != 0 || info.st_size <= 0)
        return usage(argv[1]);
    void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, r.in, 0);
    if (bytes == MAP_FAILED)
        return usage(argv[1]);
    tn_mem_init(&mem, NULL);
    tn_error_clear(&error);
    tenon_status status = compile(&r, bytes, (size_t)info.st_size, &mem, &error);
    if (status != TENON_OK)
        fprintf(stderr, "tenon-llvm: %s\n", error.text[0] != 0 ? error.text : tenon_status_text(status));
    return status == TENON_OK ? 0 : 1;
}
