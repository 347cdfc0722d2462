/* SPDX-License-Identifier: MIT
 * Fuzz target: host calls of a hostile guest. The input is a list of calls: which function, what each argument is made of
 * (an edge, a descriptor, an address, a path, raw bytes), and writes to guest memory between them. Whatever happens, the
 * guest must not crash the host, leak, or touch what lies outside its folder.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "door.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CALLS_MAX 512

static char folder[] = "/tmp/tenon-fuzz-XXXXXX";

typedef struct input {
    const uint8_t *p, *end;
} input;

static uint8_t next(input *in)
{
    return in->p < in->end ? *in->p++ : 0;
}

static uint64_t next_word(input *in, int bytes)
{
    uint64_t word = 0;

    for (int i = 0; i < bytes; i++)
        word = word << 8 | next(in);
    return word;
}

/* ---- the world ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type;
    return where->level == 0 ? 0 : remove(path);
}

static void write_file(const char *name, const char *text)
{
    char path[128];
    int fd = open((snprintf(path, sizeof path, "%s/%s", folder, name), path), O_WRONLY | O_CREAT | O_TRUNC, 0644);

    door_must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), name);
    close(fd);
}

static const char *in_folder(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void make_world(void)
{
    mkdir(in_folder("box"), 0755);
    mkdir(in_folder("box/d"), 0755);
    mkdir(in_folder("shelf"), 0755);
    mkdir(in_folder("outside"), 0755);
    write_file("secret", "secret");
    write_file("outside/f", "outside");
    write_file("shelf/f", "shelf");
    write_file("box/f", "hello");
    door_must(symlink("../secret", in_folder("box/l")) == 0 || access(in_folder("box"), F_OK) == 0, "link");
    door_must(symlink("..", in_folder("box/u")) == 0 || access(in_folder("box"), F_OK) == 0, "link");
    door_must(mkfifo(in_folder("box/p"), 0600) == 0 || access(in_folder("box"), F_OK) == 0, "pipe");
}

static void expect_file(const char *name, const char *text)
{
    char have[32] = "";
    int fd = open(in_folder(name), O_RDONLY | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? read(fd, have, sizeof have - 1) : -1;

    close(fd);
    door_must(n == (ssize_t)strlen(text) && strcmp(have, text) == 0, "something outside has changed");
}

static door enter(uint8_t flavour)
{
    static const uint64_t seed = 42;
    static int null_fd = -1;
    const tenon_wasi_config config = { .size = sizeof config,
                                       .capabilities = TENON_CAPABILITIES_ALL,
                                       .max_descriptors = 64 };
    const tenon_policy policy = { .size = sizeof policy,
                                  .capabilities = TENON_CAPABILITIES_ALL,
                                  .seed = flavour & 1 ? &seed : NULL,
                                  .clock_resolution = flavour & 2 ? 1000000 : 0,
                                  .end_on_denial = (flavour & 12) == 12 };
    tenon_wasi_directory box = { .size = sizeof box, .host_path = in_folder("box"), .guest_path = "/" };
    door d = door_open_with(&config, flavour & 16 ? TENON_BOUNDS_CHECKED : TENON_BOUNDS_GUARDED, &policy);

    if (null_fd < 0)
        null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (uint32_t i = 0; i < 3; i++)
        door_must(tenon_wasi_set_stdio(d.wasi, i, null_fd) == TENON_OK, "stdio");
    box.quota = flavour & 32 ? 20000 : 1 << 20;
    door_must(tenon_wasi_add_directory(d.wasi, &box, NULL) == TENON_OK, "box");
    box = (tenon_wasi_directory){ .size = sizeof box, .host_path = in_folder("shelf"), .guest_path = "s", .read_only = true };
    door_must(tenon_wasi_add_directory(d.wasi, &box, NULL) == TENON_OK, "shelf");
    door_must(tenon_wasi_add_argument(d.wasi, (tenon_name){ "guest", 5 }) == TENON_OK, "argument");
    door_must(tenon_wasi_add_variable(d.wasi, (tenon_name){ "A=b", 3 }) == TENON_OK, "variable");
    /* What waits is stopped soon. */
    door_must(tenon_store_set_timeout(d.store, 1000000) == TENON_OK, "timeout");
    return d;
}

/* ---- calls ---- */

static const char *const paths[] = { "f",   "d",     "d/f", "l",   "u",    "u/secret", "p",     "../secret", "..",   ".",
                                     "d/.", "d/..",  "",    "/",   "/etc", "new",      "d/new", "f/",        "d/",   "l/",
                                     "u/",  "u/..",  "./f", "d//f", "new2", "d/../u/outside/f" };

static uint64_t argument(input *in, door *d, uint32_t *scratch)
{
    static const uint64_t edges[] = { 0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, ~(uint64_t)0, (uint64_t)1 << 63 };
    uint8_t kind = next(in);

    switch (kind & 7) {
    case 0:
        return edges[kind >> 3 & 7];
    case 1:
    case 2:
        return kind >> 3 & 15; /* a descriptor, flags, a small count */
    case 3:
        return DOOR_BUFFER + (kind >> 3) * 64;
    case 4: { /* a path: its size is the next argument, if the input agrees */
        const char *text = paths[next(in) % (sizeof paths / sizeof *paths)];
        *scratch = door_put(d, DOOR_PATH + 64u * (kind >> 3 & 1), text);
        return DOOR_PATH + 64u * (kind >> 3 & 1);
    }
    case 5:
        return *scratch;
    case 6:
        return DOOR_MEMORY - (kind >> 3);
    default:
        return next_word(in, (kind >> 3 & 7) + 1);
    }
}

static void poke(input *in, door *d)
{
    uint32_t at = (uint32_t)next_word(in, 2) % (DOOR_MEMORY - 16) & ~3u;
    uint8_t what = next(in);

    if (what & 1) /* an entry of a list of buffers */
        at = DOOR_BUFFER + (at & 0x1F8);
    for (int i = 0; i < (what & 2 ? 8 : 4); i++)
        d->memory[at + (uint32_t)i] = next(in);
}

static unsigned long long calls_made;

static int remove_any(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

static void report(void)
{
    nftw(folder, remove_any, 8, FTW_DEPTH | FTW_PHYS);
    fprintf(stderr, "fuzz_door: %llu host calls\n", calls_made);
}

static void one_call(input *in, door *d, tenon_func *const *funcs, size_t count)
{
    uint64_t args[9] = { 0 };
    tenon_func *func = funcs[next(in) % count];
    size_t params = tenon_func_param_count(func);
    uint32_t scratch = 1;

    for (size_t i = 0; i < params; i++)
        args[i] = argument(in, d, &scratch);
    calls_made++;
    door_call_func(d, func, args);
    door_must(d->status == TENON_OK || d->status == TENON_EXIT || d->status == TENON_DENIED || d->status == TENON_TRAP,
              "a call failed in another way");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool made;
    input in = { data, data + size };
    tenon_func *funcs[64];
    size_t count = 0;

    if (!made)
        door_must(mkdtemp(folder) != NULL && atexit(report) == 0, "folder");
    made = true;
    make_world();
    door d = enter(next(&in));
    for (size_t i = 0; i < tenon_module_export_count(d.module) && count < 64; i++) {
        tenon_extern e;
        if (tenon_instance_export(d.instance, tenon_module_export(d.module, i).name, &e) && e.kind == TENON_KIND_FUNC)
            funcs[count++] = e.of.func;
    }
    for (int calls = 0; in.p < in.end && calls < CALLS_MAX; calls++) {
        if ((next(&in) & 3) == 0)
            poke(&in, &d);
        one_call(&in, &d, funcs, count);
    }
    door_must(door_close(&d), "something was not given back");
    expect_file("secret", "secret");
    expect_file("outside/f", "outside");
    expect_file("shelf/f", "shelf");
    nftw(in_folder("box"), remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}
