/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "cli/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/key.h"
#include "jit/job.h"

#define MAX_ARGUMENTS 15

extern char **environ;

/* Beside this program, or where installation puts it. */
bool cli_find_compiler(char path[PATH_MAX])
{
    static const char *const places[] = { "tenon-llvm", "../libexec/tenon/tenon-llvm" };
    char self[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);

    if (size <= 0)
        return false;
    self[size] = '\0';
    char *slash = strrchr(self, '/');
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, PATH_MAX, "%.*s/%s", (int)(slash - self), self, places[i]);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

static int memory_file(const char *name, const uint8_t *bytes, size_t size)
{
    int fd = memfd_create(name, 0);

    while (fd >= 0 && size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            close(fd);
            return -1;
        }
        bytes += n;
        size -= (size_t)n;
    }
    return fd;
}

typedef struct words {
    char text[MAX_ARGUMENTS][256];
    char *list[MAX_ARGUMENTS + 2];
    int count;
} words;

static void add_word(words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add_word(words *w, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    vsnprintf(w->text[w->count], sizeof w->text[0], format, values);
    va_end(values);
    w->list[w->count + 1] = w->text[w->count];
    w->list[++w->count + 1] = NULL;
}

static void write_arguments(words *w, const cli_compile_options *o, int in, int out)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    add_word(w, "%d", in);
    add_word(w, "%d", out);
    add_word(w, "--bounds=%s", o->bounds == TENON_BOUNDS_GUARDED ? "guarded" : "checked");
    add_word(w, "--features=%llu", (unsigned long long)(o->features != 0 ? o->features : tenon_features_default()));
    add_word(w, "--threads=%zu", o->threads != 0 ? o->threads : processors > 0 ? (size_t)processors : 1);
    add_word(w, "-O%u", o->level);
    if (o->hardened)
        add_word(w, "--hardened");
    if (o->metered)
        add_word(w, "--metered");
    if (o->listing)
        add_word(w, "--listing");
    if (o->target != NULL)
        add_word(w, "--target=%s", o->target);
    if (o->cpu != NULL)
        add_word(w, "--cpu=%s", o->cpu);
    if (o->functions != NULL)
        add_word(w, "--functions=%s", o->functions);
}

/* Waits for the compiler, and says how far it is when somebody watches. */
static bool wait_for(pid_t child, const tn_job_progress *progress, int *state)
{
    const struct timespec pause = { 0, 50000000 };

    for (;;) {
        pid_t ended = waitpid(child, state, progress != NULL ? WNOHANG : 0);
        if (ended == child)
            return true;
        if (ended < 0 && errno != EINTR)
            return false;
        if (progress == NULL)
            continue;
        uint32_t all = __atomic_load_n(&progress->all, __ATOMIC_RELAXED);
        uint32_t done = __atomic_load_n(&progress->done, __ATOMIC_RELAXED);
        cli_progress("compiling, part", (int)(done < all ? done : all - 1), (int)all);
        nanosleep(&pause, NULL);
    }
}

/* Memory that the compiler writes its progress to, when somebody watches; otherwise NULL and -1. */
static tn_job_progress *open_progress(int *fd)
{
    static const tn_job_progress none = { 0, 0 };

    *fd = cli_on_terminal() ? memory_file("progress", (const uint8_t *)&none, sizeof none) : -1;
    void *map = *fd < 0 ? MAP_FAILED : mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, *fd, 0);
    return map != MAP_FAILED ? map : NULL;
}

static bool run_compiler(char *path, const cli_compile_options *o, int in, int out)
{
    words w = { .list = { path } };
    int state = 0, fd;
    pid_t child;
    tn_job_progress *progress = open_progress(&fd);

    write_arguments(&w, o, in, out);
    if (progress != NULL)
        add_word(&w, "--progress=%d", fd);
    if (posix_spawn(&child, path, NULL, NULL, w.list, environ) != 0) {
        fprintf(stderr, "tenon: the compiler %s cannot be started: %s\n", path, strerror(errno));
        return false;
    }
    bool ended = wait_for(child, progress, &state);
    if (progress != NULL) {
        cli_progress(NULL, 2, 2);
        munmap(progress, sizeof *progress);
    }
    if (fd >= 0)
        close(fd);
    if (!ended)
        return false;
    if (WIFSIGNALED(state))
        fprintf(stderr, "tenon: the compiler was ended by signal %d\n", WTERMSIG(state));
    return WIFEXITED(state) && WEXITSTATUS(state) == 0;
}

static bool map_image(int fd, cli_file *out)
{
    struct stat info;

    if (fstat(fd, &info) != 0 || info.st_size <= 0)
        return false;
    void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    *out = (cli_file){ .bytes = bytes, .size = (size_t)info.st_size, .mapped = true };
    return bytes != MAP_FAILED;
}

bool cli_compile(const uint8_t *bytes, size_t size, const cli_compile_options *options, cli_file *out)
{
    char path[PATH_MAX];
    bool ok = false;

    if (!cli_find_compiler(path)) {
        fputs("tenon: this build has no optimizing compiler (tenon-llvm); run with --tier=interp\n", stderr);
        return false;
    }
    int in = memory_file("module", bytes, size), image = memory_file("image", NULL, 0);
    if (in >= 0 && image >= 0)
        ok = run_compiler(path, options, in, image) && map_image(image, out);
    if (in >= 0)
        close(in);
    if (image >= 0)
        close(image);
    return ok;
}

/* ---- files in memory ---- */

typedef struct buffer {
    uint8_t *bytes;
    size_t size;
} buffer;

static bool append(void *context, const void *bytes, size_t size)
{
    buffer *b = context;
    uint8_t *more = realloc(b->bytes, b->size + size + 1);

    if (more == NULL)
        return false;
    memcpy(more + b->size, bytes, size);
    b->bytes = more;
    b->size += size;
    return true;
}

tenon_status cli_module_through_file(tenon_engine *engine, const cli_file *file, const cli_compile_options *options,
                                     tenon_module **out, tenon_error *err)
{
    const tenon_key key = { { 1, 2, 3 } };
    buffer b = { NULL, 0 };
    cli_file image;

    if (!cli_compile(file->bytes, file->size, options, &image))
        return TENON_LIMIT;
    const tenon_compiled parts = { .image = image.bytes,
                                   .image_size = image.size,
                                   .module = file->bytes,
                                   .module_size = file->size,
                                   .features = options->features };
    tenon_status status = tenon_compiled_seal(&parts, &key, append, &b);
    if (status == TENON_OK)
        status = tenon_module_new_compiled(engine, b.bytes, b.size, &key, out, err);
    free(b.bytes);
    cli_release_file(&image);
    return status;
}

/* ---- the command ---- */

enum { OUTPUT, LEVEL, CPU, TARGET, FUNCTIONS, KEY, THREADS, CHECKED, HARDENED, ALL_FEATURES };
static const cli_option option_list[] = {
    [OUTPUT] = { "o", "FILE", "Where the compiled file goes (default: the module's name with .tenon)." },
    [LEVEL] = { "O", "LEVEL", "How much to optimize, 0 to 3 (default 2)." },
    [CPU] = { "cpu", "NAME",
              "Instructions that may be used: baseline (x86-64-v2 of 2009; the default), x86-64-v3, x86-64-v4. Wider "
              "is "
              "not always faster." },
    [TARGET] = { "target", "CPU", "Compile for another kind of machine: x86_64, aarch64." },
    [FUNCTIONS] = { "functions", "LIST", "Compile these functions alone, by index: 0,3-5; others are interpreted." },
    [KEY] = { "key", "FILE",
              "Seal the file with this key (32 bytes, or 64 hexadecimal digits) instead of this machine's own." },
    [THREADS] = { "threads", "N", "Compile on so many threads (default: one per processor)." },
    [CHECKED] = { "checked", NULL, "Make code for an engine that compares every access with the memory's size." },
    [HARDENED] = { "hardened", NULL, "Let no access rest on a check that is not its own: loops are not vectorized." },
    [ALL_FEATURES] = { "all-features", NULL, "Admit proposals that may still change (custom page sizes)." },
    { NULL, NULL, NULL },
};

typedef struct request {
    const char *path, *output, *key;
    cli_compile_options options;
} request;

static bool take_option(request *r, int option, const char *value)
{
    char *end = NULL;

    switch (option) {
    case CLI_ARGUMENT:
        r->path = r->path == NULL ? value : "";
        return r->path[0] != '\0';
    case OUTPUT:
        r->output = value;
        return true;
    case LEVEL:
        r->options.level = (unsigned)(value[0] - '0');
        return r->options.level <= 3 && value[1] == '\0';
    case CPU:
        r->options.cpu = value;
        return true;
    case TARGET:
        r->options.target = value;
        return true;
    case FUNCTIONS:
        r->options.functions = value;
        return true;
    case KEY:
        r->key = value;
        return true;
    case THREADS:
        r->options.threads = strtoul(value, &end, 10);
        return *end == '\0' && r->options.threads > 0 && r->options.threads <= 1024;
    case HARDENED:
        r->options.hardened = true;
        return true;
    case CHECKED:
        r->options.bounds = TENON_BOUNDS_CHECKED;
        return true;
    default:
        r->options.features = TENON_FEATURES_ALL;
        return true;
    }
}

static bool write_part(void *context, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, context) == size;
}

/* Written aside and renamed, so that nobody sees half a file. */
static int write_file(const request *r, const tenon_compiled *parts, const tenon_key *key)
{
    char aside[PATH_MAX];

    snprintf(aside, sizeof aside, "%s.%ld", r->output, (long)getpid());
    FILE *file = fopen(aside, "wbe");
    bool ok = file != NULL && tenon_compiled_seal(parts, key, write_part, file) == TENON_OK;
    if (file != NULL && fclose(file) != 0)
        ok = false;
    if (ok && rename(aside, r->output) == 0)
        return CLI_OK;
    fprintf(stderr, "tenon: %s: %s\n", r->output, strerror(errno));
    unlink(aside);
    return CLI_FAILED;
}

/* The compiler does not explain what is wrong with a module; the library does. */
static int check_module(const request *r, const cli_file *file)
{
    const tenon_config config = { .size = sizeof config, .features = r->options.features };
    tenon_engine *engine;
    tenon_module *module;
    tenon_error err;

    if (tenon_engine_new(&config, &engine) != TENON_OK)
        return CLI_FAILED;
    tenon_status status = tenon_module_new_borrowed(engine, file->bytes, file->size, &module, &err);
    if (status == TENON_OK)
        tenon_module_delete(module);
    tenon_engine_delete(engine);
    return status == TENON_OK ? CLI_OK : cli_report(r->path, &err, status);
}

static int compile_file(const request *r)
{
    cli_file file, image;
    tenon_key key;
    int code = CLI_FAILED;

    if (!cli_read_key(r->key, &key))
        return CLI_FAILED;
    if (!cli_read_file(r->path, &file))
        return CLI_LOAD;
    code = check_module(r, &file);
    if (code == CLI_OK) {
        bool ok = cli_compile(file.bytes, file.size, &r->options, &image);
        code = CLI_FAILED;
        if (ok) {
            const tenon_compiled parts = { .image = image.bytes,
                                           .image_size = image.size,
                                           .module = file.bytes,
                                           .module_size = file.size,
                                           .features = r->options.features };
            code = write_file(r, &parts, &key);
            cli_release_file(&image);
        }
    }
    cli_release_file(&file);
    return code;
}

static int run(const cli_command *command, int argc, char **argv)
{
    request r = { .options = { .level = 2 } };
    char output[PATH_MAX];
    cli_parser p;

    cli_parser_init(&p, command, argc, argv);
    for (int option; (option = cli_next(&p)) != CLI_END;) {
        if (option == CLI_HELP || option == CLI_WRONG)
            return option == CLI_HELP ? CLI_OK : CLI_USAGE;
        if (!take_option(&r, option, p.value))
            return cli_complain(command, "wrong argument `%s`; see --help", p.value);
    }
    if (r.path == NULL) {
        cli_print_help(stderr, command);
        return CLI_USAGE;
    }
    if (r.output == NULL) {
        size_t size = strlen(r.path);
        if (size > 5 && strcmp(r.path + size - 5, ".wasm") == 0)
            size -= 5;
        snprintf(output, sizeof output, "%.*s.tenon", (int)size, r.path);
        r.output = output;
    }
    return compile_file(&r);
}

const cli_command cli_compile_command = {
    .name = "compile",
    .summary = "compile a module ahead of its running",
    .arguments = "FILE.wasm",
    .description =
        "Compiles a module to machine code. `tenon run FILE.tenon` then starts at once, at full speed. The file is "
        "sealed with a key of this user on this machine; what was sealed with another key, or changed, does not run.",
    .lists = (const char *const[]){ "Examples",
                                    "tenon compile program.wasm\n"
                                    "tenon compile -O3 --cpu x86-64-v3 -o fast.tenon program.wasm\n"
                                    "tenon compile --target aarch64 --key shared.key program.wasm",
                                    "Exit code",
                                    "0, or 3 when the module is not valid, 2 for wrong usage, 1 otherwise.", NULL },
    .options = option_list,
    .run = run,
};
