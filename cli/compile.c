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
#include <unistd.h>

#define MAX_ARGUMENTS 12

extern char **environ;

/* Beside this program, or where installation puts it. */
static bool find_compiler(char path[PATH_MAX])
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
    char text[MAX_ARGUMENTS][64];
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
    if (o->target != NULL)
        add_word(w, "--target=%s", o->target);
    if (o->cpu != NULL)
        add_word(w, "--cpu=%s", o->cpu);
}

static bool run_compiler(char *path, const cli_compile_options *o, int in, int out)
{
    words w = { .list = { path } };
    int state = 0;
    pid_t child;

    write_arguments(&w, o, in, out);
    if (posix_spawn(&child, path, NULL, NULL, w.list, environ) != 0) {
        fprintf(stderr, "tenon: the compiler %s cannot be started: %s\n", path, strerror(errno));
        return false;
    }
    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR)
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

    if (!find_compiler(path)) {
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

bool cli_add_code(tenon_module *module, const cli_file *file, const cli_compile_options *options)
{
    cli_file image;
    tenon_error err;

    if (!cli_compile(file->bytes, file->size, options, &image))
        return false;
    tenon_status status = tenon_module_add_code(module, image.bytes, image.size, &err);
    if (status != TENON_OK)
        fprintf(stderr, "tenon: %s\n", err.text);
    cli_release_file(&image);
    return status == TENON_OK;
}
