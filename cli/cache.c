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
#define FORMAT 3

/* An entry is named after what its code depends on: the bytes, and how they are compiled. A sign is named after the
 * identity of a file, and says which bytes that has: as long as the file stays what it is, nobody needs to read it. */
#define ENTRY ".tenon"
#define SIGN  ".sign"

typedef struct digest {
    uint8_t bytes[16];
} digest;

typedef struct sign {
    digest module, seal;
} sign;

typedef struct entry {
    char name[NAME_MAX + 1];
    uint64_t size;
    struct timespec used;
} entry;

typedef struct listing {
    entry *entries;
    size_t count, modules;
    uint64_t size;
} listing;

/* ---- the folder ---- */

static bool open_folder(char *path, size_t size)
{
    return cli_user_folder("XDG_CACHE_HOME", ".cache", path, size);
}

static bool has_ending(const char *name, const char *ending)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL && strcmp(dot, ending) == 0;
}

static bool is_ours(const char *name)
{
    return has_ending(name, ENTRY) || has_ending(name, SIGN);
}

/* Names of other files in the folder are not ours to touch. */
static bool list_folder(const char *folder, listing *out)
{
    DIR *dir = opendir(folder);

    *out = (listing){ 0 };
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
        out->modules += has_ending(e->name, ENTRY);
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

static bool name_file(digest of, const char *ending, const cli_compile_options *o, char *path, size_t room)
{
    char hex[33];

    if (!open_folder(path, room))
        return false;
    for (int i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", of.bytes[i]);
    size_t start = strlen(path);
    int n = snprintf(path + start, room - start, "/%s-%s-%d-%c%llx-O%u%s%s-%s%s", hex, tenon_version(), FORMAT,
                     o->bounds == TENON_BOUNDS_GUARDED ? 'g' : 'c', (unsigned long long)o->features, o->level,
                     o->hardened ? "h" : "", o->metered ? "f" : "", o->cpu != NULL ? o->cpu : "baseline", ending);
    return n > 0 && (size_t)n < room - start;
}

static digest digest_of_module(const tenon_key *key, const cli_file *file)
{
    digest d;

    tenon_key_digest(key, file->bytes, file->size, d.bytes);
    return d;
}

static digest digest_of_identity(const tenon_key *key, const cli_identity *identity)
{
    const struct {
        char purpose[8];
        cli_identity identity;
    } text = { "identit", *identity };
    digest d;

    tenon_key_digest(key, &text, sizeof text, d.bytes);
    return d;
}

/* Nobody else can say that a file has these bytes. */
static digest seal_of(const tenon_key *key, digest identity, digest module)
{
    const struct {
        char purpose[8];
        digest identity, module;
    } text = { "sign", identity, module };
    digest d;

    tenon_key_digest(key, &text, sizeof text, d.bytes);
    return d;
}

/* ---- files are written aside and renamed ---- */

static FILE *open_aside(const char *path, char *aside, size_t room)
{
    return (size_t)snprintf(aside, room, "%s.%ld", path, (long)getpid()) < room ? fopen(aside, "wbxe") : NULL;
}

static void close_aside(FILE *out, bool ok, const char *aside, const char *path)
{
    if (fclose(out) != 0 || !ok || rename(aside, path) != 0)
        unlink(aside);
}

static bool write_part(void *context, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, context) == size;
}

/* Failing to keep something is no failure. */
static void keep_sign(const tenon_key *key, const cli_file *file, digest module, const cli_compile_options *o)
{
    char path[PATH_MAX], aside[PATH_MAX];
    digest identity = digest_of_identity(key, &file->identity);
    const sign text = { module, seal_of(key, identity, module) };

    if (!file->has_identity || !name_file(identity, SIGN, o, path, sizeof path))
        return;
    FILE *out = open_aside(path, aside, sizeof aside);
    if (out != NULL)
        close_aside(out, fwrite(&text, sizeof text, 1, out) == 1, aside, path);
}

static void keep(const char *path, const cli_file *file, const cli_file *image, const tenon_key *key,
                 const cli_compile_options *o)
{
    const tenon_compiled parts = { .image = image->bytes,
                                   .image_size = image->size,
                                   .module = file->bytes,
                                   .module_size = file->size,
                                   .features = o->features };
    char aside[PATH_MAX], folder[PATH_MAX];
    FILE *out = image->size + file->size <= bound() ? open_aside(path, aside, sizeof aside) : NULL;

    if (out == NULL)
        return;
    close_aside(out, tenon_compiled_seal(&parts, key, write_part, out) == TENON_OK, aside, path);
    if (open_folder(folder, sizeof folder))
        keep_bound(folder);
}

/* ---- taking ---- */

/* False when there is nothing of use. */
static bool take(tenon_engine *engine, const char *path, const tenon_key *key, digest module, tenon_module **out,
                 char **entry)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok;

    if (fd < 0)
        return false;
    ok = tenon_module_open_compiled(engine, fd, key, module.bytes, out, NULL) == TENON_OK;
    close(fd);
    if (ok) {
        utimensat(AT_FDCWD, path, NULL, 0);
        *entry = strdup(path);
    } else {
        unlink(path);
    }
    return ok;
}

static bool read_sign(const tenon_key *key, digest identity, const char *path, digest *module)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    sign text;
    bool ok;

    if (fd < 0)
        return false;
    ok = read(fd, &text, sizeof text) == sizeof text;
    close(fd);
    digest seal = seal_of(key, identity, text.module);
    *module = text.module;
    return ok && memcmp(&seal, &text.seal, sizeof seal) == 0;
}

/* A look makes neither the folder nor a key. */
static bool may_look(tenon_key *key)
{
    return cli_has_in_user_folder("XDG_CACHE_HOME", ".cache", "") &&
           cli_has_in_user_folder("XDG_DATA_HOME", ".local/share", "/key") && cli_read_key(NULL, key);
}

bool cli_cached_module(tenon_engine *engine, const char *path, const cli_compile_options *options, tenon_module **out,
                       char **entry)
{
    cli_identity now;
    char place[PATH_MAX];
    tenon_key key;
    digest module;

    if (!cli_identify_file(path, &now) || !may_look(&key))
        return false;
    digest identity = digest_of_identity(&key, &now);
    return name_file(identity, SIGN, options, place, sizeof place) && read_sign(&key, identity, place, &module) &&
           name_file(module, ENTRY, options, place, sizeof place) && take(engine, place, &key, module, out, entry);
}

bool cli_module_from_cache(tenon_engine *engine, const cli_file *file, const cli_compile_options *options,
                           tenon_module **out, char **entry)
{
    char place[PATH_MAX];
    tenon_key key;

    if (!may_look(&key))
        return false;
    digest module = digest_of_module(&key, file);
    if (!name_file(module, ENTRY, options, place, sizeof place) || !take(engine, place, &key, module, out, entry))
        return false;
    keep_sign(&key, file, module, options);
    return true;
}

/* Makes the code, which key NULL: nobody keeps. */
static int compile(tenon_engine *engine, const char *path, const cli_file *file, const cli_compile_options *options,
                   const tenon_key *key, tenon_module **out)
{
    tenon_error err;
    char place[PATH_MAX];
    cli_file image;
    tenon_status status = tenon_module_new_borrowed(engine, file->bytes, file->size, out, &err);

    if (status != TENON_OK)
        return cli_report(path, &err, status);
    bool ok = cli_compile(file->bytes, file->size, options, &image);
    if (ok && key != NULL) {
        digest module = digest_of_module(key, file);
        if (name_file(module, ENTRY, options, place, sizeof place)) {
            keep(place, file, &image, key, options);
            keep_sign(key, file, module, options);
        }
    }
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

int cli_module_with_code(tenon_engine *engine, const char *path, const cli_file *file,
                         const cli_compile_options *options, tenon_module **out, char **entry)
{
    tenon_key key;

    if (cli_module_from_cache(engine, file, options, out, entry))
        return CLI_OK;
    return compile(engine, path, file, options, cli_read_key(NULL, &key) ? &key : NULL, out);
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
        printf("folder  %s\nmodules %zu\nbytes   %llu of %llu\n", folder, all.modules, (unsigned long long)all.size,
               (unsigned long long)bound());
        return CLI_OK;
    }
    json_t *o = json_pack("{s:s, s:I, s:I, s:I}", "folder", folder, "modules", (json_int_t)all.modules, "bytes",
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
    printf("removed %zu modules, %llu bytes\n", all.modules, (unsigned long long)all.size);
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
                   "time. When the folder grows beyond its bound, what was used longest ago goes. A file is taken "
                   "to be the one that was compiled as long as its place, size and times are the same; otherwise its "
                   "bytes are compared.",
    .lists =
        (const char *const[]){ "Environment",
                               "XDG_CACHE_HOME: where the folder `tenon` is (default: ~/.cache). TENON_CACHE_SIZE: "
                               "its bound, such as 500m (default: 1g).",
                               NULL },
    .options = option_list,
    .run = run,
};
