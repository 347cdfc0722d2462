/* SPDX-License-Identifier: MIT
 * The cache, and `tenon cache`, which shows and clears it.
 */
#define _GNU_SOURCE
#include "cli/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/key.h"

#define DEFAULT_BOUND ((uint64_t)1 << 30)
/* Of what the name says; another number for another meaning. */
#define FORMAT 2

typedef struct entry {
    char name[NAME_MAX + 1];
    uint64_t size;
    struct timespec used;
} entry;

typedef struct listing {
    entry *entries;
    size_t count;
    uint64_t size;
} listing;

/* ---- the folder ---- */

static bool open_folder(char *path, size_t size)
{
    return cli_user_folder("XDG_CACHE_HOME", ".cache", path, size);
}

static bool is_ours(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL && strcmp(dot, ".tenon") == 0;
}

/* Names of other files in the folder are not ours to touch. */
static bool list_folder(const char *folder, listing *out)
{
    DIR *dir = opendir(folder);

    *out = (listing){ NULL, 0, 0 };
    if (dir == NULL)
        return false;
    for (struct dirent *d; (d = readdir(dir)) != NULL;) {
        struct stat info;
        if (!is_ours(d->d_name) || fstatat(dirfd(dir), d->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        entry *more = realloc(out->entries, (out->count + 1) * sizeof *more);
        if (more == NULL)
            break;
        out->entries = more;
        entry *e = &more[out->count++];
        snprintf(e->name, sizeof e->name, "%s", d->d_name);
        e->size = (uint64_t)info.st_size;
        e->used = info.st_mtim;
        out->size += e->size;
    }
    closedir(dir);
    return true;
}

static int by_use(const void *a, const void *b)
{
    const entry *x = a, *y = b;

    if (x->used.tv_sec != y->used.tv_sec)
        return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
    return (x->used.tv_nsec > y->used.tv_nsec) - (x->used.tv_nsec < y->used.tv_nsec);
}

static uint64_t bound(void)
{
    const char *text = getenv("TENON_CACHE_SIZE");
    uint64_t size;

    return text != NULL && cli_parse_size(text, &size) ? size : DEFAULT_BOUND;
}

static void remove_entry(const char *folder, const char *name)
{
    char path[PATH_MAX];

    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) < sizeof path)
        unlink(path);
}

/* What was used longest ago goes first. */
static void keep_bound(const char *folder)
{
    listing all;

    if (!list_folder(folder, &all))
        return;
    if (all.size > bound())
        qsort(all.entries, all.count, sizeof *all.entries, by_use);
    for (size_t i = 0; i < all.count && all.size > bound(); i++) {
        remove_entry(folder, all.entries[i].name);
        all.size -= all.entries[i].size;
    }
    free(all.entries);
}

/* ---- one module ---- */

/* What the code depends on: the bytes, and how they are compiled. */
static bool entry_path(const tenon_key *key, const cli_file *file, const cli_compile_options *o, char *path,
                       size_t size)
{
    uint8_t digest[16];
    char hex[33];

    if (!open_folder(path, size))
        return false;
    tenon_key_digest(key, file->bytes, file->size, digest);
    for (int i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    size_t start = strlen(path);
    int n = snprintf(path + start, size - start, "/%s-%s-%d-%c%llx-O%u%s-%s.tenon", hex, tenon_version(), FORMAT,
                     o->bounds == TENON_BOUNDS_GUARDED ? 'g' : 'c', (unsigned long long)o->features, o->level,
                     o->hardened ? "h" : "", o->cpu != NULL ? o->cpu : "baseline");
    return n > 0 && (size_t)n < size - start;
}

static bool write_part(void *context, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, context) == size;
}

/* Failing to keep something is no failure. */
static void keep(const char *path, const cli_file *file, const cli_file *image, const tenon_key *key,
                 const cli_compile_options *o)
{
    const tenon_compiled parts = { .image = image->bytes,
                                   .image_size = image->size,
                                   .module = file->bytes,
                                   .module_size = file->size,
                                   .features = o->features,
                                   .without_module = true };
    char aside[PATH_MAX], folder[PATH_MAX];

    if (image->size > bound() || (size_t)snprintf(aside, sizeof aside, "%s.%ld", path, (long)getpid()) >= sizeof aside)
        return;
    FILE *out = fopen(aside, "wbxe");
    if (out == NULL)
        return;
    bool ok = tenon_compiled_seal(&parts, key, write_part, out) == TENON_OK;
    if (fclose(out) != 0 || !ok || rename(aside, path) != 0)
        unlink(aside);
    if (open_folder(folder, sizeof folder))
        keep_bound(folder);
}

/* False when there is nothing of use. */
static bool take(tenon_engine *engine, const char *path, const cli_file *file, const tenon_key *key, tenon_module **out)
{
    cli_file kept;
    bool ok;

    if (access(path, R_OK) != 0 || !cli_read_file(path, &kept))
        return false;
    ok = tenon_module_new_compiled(engine, kept.bytes, kept.size, key, file->bytes, file->size, out, NULL) == TENON_OK;
    cli_release_file(&kept);
    if (ok)
        utimensat(AT_FDCWD, path, NULL, 0);
    else
        unlink(path);
    return ok;
}

bool cli_module_from_cache(tenon_engine *engine, const cli_file *file, const cli_compile_options *options,
                           tenon_module **out)
{
    char place[PATH_MAX];
    tenon_key key;

    return cli_has_in_user_folder("XDG_CACHE_HOME", ".cache", "") &&
           cli_has_in_user_folder("XDG_DATA_HOME", ".local/share", "/key") && cli_read_key(NULL, &key) &&
           entry_path(&key, file, options, place, sizeof place) && take(engine, place, file, &key, out);
}

int cli_module_with_code(tenon_engine *engine, const char *path, const cli_file *file,
                         const cli_compile_options *options, tenon_module **out)
{
    char place[PATH_MAX];
    tenon_key key;
    tenon_error err;
    cli_file image;
    bool caches = cli_read_key(NULL, &key) && entry_path(&key, file, options, place, sizeof place);

    if (caches && take(engine, place, file, &key, out))
        return CLI_OK;
    tenon_status status = tenon_module_new_borrowed(engine, file->bytes, file->size, out, &err);
    if (status != TENON_OK)
        return cli_report(path, &err, status);
    bool ok = cli_compile(file->bytes, file->size, options, &image);
    if (ok && caches)
        keep(place, file, &image, &key, options);
    if (ok) {
        ok = tenon_module_add_code(*out, image.bytes, image.size, &err) == TENON_OK;
        if (!ok)
            fprintf(stderr, "tenon: %s: %s\n", path, err.text);
        cli_release_file(&image);
    }
    if (!ok)
        tenon_module_delete(*out);
    return ok ? CLI_OK : CLI_FAILED;
}

/* ---- the command ---- */

enum { JSON };
static const cli_option option_list[] = {
    [JSON] = { "json", NULL, "Print one JSON object." },
    { NULL, NULL, NULL },
};

static int show(const char *folder, bool json)
{
    listing all;

    if (!list_folder(folder, &all)) {
        fprintf(stderr, "tenon: %s: %s\n", folder, strerror(errno));
        return CLI_FAILED;
    }
    free(all.entries);
    if (!json) {
        printf("folder  %s\nmodules %zu\nbytes   %llu of %llu\n", folder, all.count, (unsigned long long)all.size,
               (unsigned long long)bound());
        return CLI_OK;
    }
    json_t *o = json_pack("{s:s, s:I, s:I, s:I}", "folder", folder, "modules", (json_int_t)all.count, "bytes",
                          (json_int_t)all.size, "bound", (json_int_t)bound());
    json_dumpf(o, stdout, 0);
    putchar('\n');
    json_decref(o);
    return CLI_OK;
}

static int clear(const char *folder)
{
    listing all;

    if (!list_folder(folder, &all)) {
        fprintf(stderr, "tenon: %s: %s\n", folder, strerror(errno));
        return CLI_FAILED;
    }
    for (size_t i = 0; i < all.count; i++)
        remove_entry(folder, all.entries[i].name);
    printf("removed %zu modules, %llu bytes\n", all.count, (unsigned long long)all.size);
    free(all.entries);
    return CLI_OK;
}

static int run(const cli_command *command, int argc, char **argv)
{
    bool given[JSON + 1] = { false };
    char folder[PATH_MAX];
    int count, code;

    if (!cli_parse_flags(command, argc, argv, given, &count, &code))
        return code;
    if (!open_folder(folder, sizeof folder)) {
        fputs("tenon: no place for a cache: neither XDG_CACHE_HOME nor HOME names a folder\n", stderr);
        return CLI_FAILED;
    }
    if (count == 0 || (count == 1 && strcmp(argv[0], "show") == 0))
        return show(folder, given[JSON]);
    if (count == 1 && strcmp(argv[0], "clear") == 0)
        return clear(folder);
    return cli_complain(command, "`%s` is neither show nor clear", argv[count - 1]);
}

const cli_command cli_cache_command = {
    .name = "cache",
    .summary = "show or clear the compiled code that is kept",
    .arguments = "[show|clear]",
    .description = "`tenon run --tier=opt` keeps the code that it compiles, so that a module starts at once the second "
                   "time. When the folder grows beyond its bound, what was used longest ago goes.",
    .lists =
        (const char *const[]){ "Environment",
                               "XDG_CACHE_HOME: where the folder `tenon` is (default: ~/.cache). TENON_CACHE_SIZE: "
                               "its bound, such as 500m (default: 1g).",
                               NULL },
    .options = option_list,
    .run = run,
};
