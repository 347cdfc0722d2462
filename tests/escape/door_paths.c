/* SPDX-License-Identifier: MIT
 * Cases with paths: names that lead out, names that are none, links, races.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "door_test.h"

/* ---- every function with one path ---- */

static uint32_t on_path(door *d, int which, uint32_t fd, const char *path, uint32_t size)
{
    memcpy(d->memory + DOOR_PATH, path, size);
    switch (which) {
    case 0:
        return door_call(d, "path_open", fd, 0, DOOR_PATH, size, 0, R_READ, 0, 0, DOOR_RESULT);
    case 1:
        return door_call(d, "path_open", fd, FOLLOW, DOOR_PATH, size, 0, R_READ, 0, 0, DOOR_RESULT);
    case 2:
        return door_call(d, "path_open", fd, FOLLOW, DOOR_PATH, size, CREAT | TRUNC, R_READ | R_WRITE, 0, 0, DOOR_RESULT);
    case 3:
        return door_call(d, "path_filestat_get", fd, FOLLOW, DOOR_PATH, size, DOOR_RESULT);
    case 4:
        return door_call(d, "path_filestat_set_times", fd, FOLLOW, DOOR_PATH, size, 0, 0, 5);
    case 5:
        return door_call(d, "path_create_directory", fd, DOOR_PATH, size);
    case 6:
        return door_call(d, "path_remove_directory", fd, DOOR_PATH, size);
    case 7:
        return door_call(d, "path_unlink_file", fd, DOOR_PATH, size);
    case 8:
        return door_call(d, "path_symlink", DOOR_PATH2, door_put(d, DOOR_PATH2, "x"), fd, DOOR_PATH, size);
    case 9:
        return door_call(d, "path_readlink", fd, DOOR_PATH, size, DOOR_BUFFER, 100, DOOR_RESULT);
    case 10:
        return door_call(d, "path_rename", fd, DOOR_PATH, size, BOX, DOOR_PATH2, door_put(d, DOOR_PATH2, "mine"));
    case 11:
        return door_call(d, "path_rename", BOX, DOOR_PATH2, door_put(d, DOOR_PATH2, "file.txt"), fd, DOOR_PATH, size);
    case 12:
        return door_call(d, "path_link", fd, 0, DOOR_PATH, size, BOX, DOOR_PATH2, door_put(d, DOOR_PATH2, "mine"));
    default:
        return door_call(d, "path_link", BOX, 0, DOOR_PATH2, door_put(d, DOOR_PATH2, "file.txt"), fd, DOOR_PATH, size);
    }
}
#define PATH_CALLS 14

static void all_refuse(door *d, const char *path, uint32_t size)
{
    char text[80];

    for (int i = 0; i < PATH_CALLS; i++) {
        snprintf(text, sizeof text, "call %d admits \"%.40s\"", i, path);
        door_check(on_path(d, i, BOX, path, size) != 0, __FILE__, __LINE__, text);
    }
}

#define REFUSED(name, path)                         \
    static void name(door *d)                       \
    {                                               \
        all_refuse(d, path, (uint32_t)strlen(path)); \
    }
REFUSED(parent, "..")
REFUSED(parent_slash, "../")
REFUSED(parent_file, "../secret.txt")
REFUSED(parent_new, "../outside/new")
REFUSED(down_and_out, "dir/../../secret.txt")
REFUSED(deep_parents, "dir/../../../../../../../../etc/passwd")
REFUSED(absolute, "/etc/passwd")
REFUSED(absolute_own, "/file.txt")
REFUSED(root, "/")
REFUSED(slashes, "///")
REFUSED(through_link, "out/secret.txt")
REFUSED(through_link_twice, "out/out/secret.txt")
REFUSED(through_link_new, "out/outside/new")
REFUSED(through_absolute_link, "link_abs/x")
REFUSED(link_with_slash, "link_out/")
REFUSED(link_to_parent_slash, "out/")
REFUSED(link_to_parent_dot, "out/.")
REFUSED(magic_link, "self/3")
REFUSED(magic_link_out, "self/3/../secret.txt")
REFUSED(loop_inside, "loop_a/x")
REFUSED(file_as_folder, "file.txt/x")
REFUSED(file_with_slash_dot, "file.txt/.")
REFUSED(empty, "")

static void nul_inside(door *d)
{
    all_refuse(d, "file.txt\0.png", 13);
    all_refuse(d, "\0", 1);
}

static void not_utf8(door *d)
{
    all_refuse(d, "caf\xe9", 4);
    all_refuse(d, "\xed\xa0\x80", 3);
    all_refuse(d, "\xc0\xae\xc0\xae/secret.txt", 15);
}

static void too_long(door *d)
{
    static char path[5000];

    memset(path, 'a', sizeof path);
    CHECK_ERROR(E_NAMETOOLONG, on_path(d, 0, BOX, path, 4097));
    CHECK_ERROR(E_NAMETOOLONG, on_path(d, 0, BOX, path, 4096));
    CHECK_ERROR(E_NAMETOOLONG, on_path(d, 5, BOX, path, 256));
    CHECK_ERROR(0, on_path(d, 5, BOX, path, 255));
    /* A path of 4,095 bytes whose components are fine names what is not there. */
    for (size_t i = 100; i < sizeof path; i += 100)
        path[i] = '/';
    CHECK_ERROR(E_NOENT, on_path(d, 0, BOX, path, 4095));
}

static void path_outside_memory(door *d)
{
    const uint64_t edges[][2] = {
        { DOOR_MEMORY, 1 }, { DOOR_MEMORY - 1, 2 }, { 0xFFFFFFFF, 1 }, { 0xFFFFFFF0, 0x20 }, { 0, 0xFFFFFFFF }
    };

    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        uint64_t a = edges[i][0], n = edges[i][1];
        door_put(d, DOOR_PATH, "x");
        CHECK_ERROR(E_FAULT, door_call(d, "path_open", BOX, 0, a, n, 0, 0, 0, 0, DOOR_RESULT));
        CHECK_ERROR(E_FAULT, door_call(d, "path_filestat_get", BOX, 0, a, n, DOOR_RESULT));
        CHECK_ERROR(E_FAULT, door_call(d, "path_filestat_set_times", BOX, 0, a, n, 0, 0, 0));
        CHECK_ERROR(E_FAULT, door_call(d, "path_create_directory", BOX, a, n));
        CHECK_ERROR(E_FAULT, door_call(d, "path_remove_directory", BOX, a, n));
        CHECK_ERROR(E_FAULT, door_call(d, "path_unlink_file", BOX, a, n));
        CHECK_ERROR(E_FAULT, door_call(d, "path_symlink", a, n, BOX, DOOR_PATH, 1));
        CHECK_ERROR(E_FAULT, door_call(d, "path_symlink", DOOR_PATH, 1, BOX, a, n));
        CHECK_ERROR(E_FAULT, door_call(d, "path_readlink", BOX, a, n, DOOR_BUFFER, 1, DOOR_RESULT));
        CHECK_ERROR(E_FAULT, door_call(d, "path_rename", BOX, a, n, BOX, DOOR_PATH, 1));
        CHECK_ERROR(E_FAULT, door_call(d, "path_rename", BOX, DOOR_PATH, 1, BOX, a, n));
        CHECK_ERROR(E_FAULT, door_call(d, "path_link", BOX, 0, a, n, BOX, DOOR_PATH, 1));
        CHECK_ERROR(E_FAULT, door_call(d, "path_link", BOX, 0, DOOR_PATH, 1, BOX, a, n));
    }
}

/* ---- dots that stay inside are fine where a directory is meant, and nothing else ---- */

static void dots_inside(door *d)
{
    CHECK(door_open_path(d, BOX, 0, "dir/../file.txt", 0, R_READ, 0, 0) > 0);
    CHECK(door_open_path(d, BOX, 0, ".", DIRECTORY, 0, 0, 0) > 0);
    CHECK(door_open_path(d, BOX, 0, "dir/..", DIRECTORY, 0, 0, 0) > 0);
    CHECK_ERROR(E_EXIST, on_path(d, 5, BOX, ".", 1));
    CHECK_ERROR(E_INVAL, on_path(d, 6, BOX, "dir/.", 5));
    CHECK_ERROR(E_ISDIR, on_path(d, 7, BOX, "dir/..", 6));
}

/* ".." as the last component of a folder that is the root itself must not be a name that a call is made with. */
static void dots_of_a_subfolder(door *d)
{
    int sub = door_open_path(d, BOX, 0, "dir", DIRECTORY, DOOR_ALL & ~R_WRITE & ~R_ALLOCATE & ~R_FD_SIZE, DOOR_ALL, 0);

    CHECK(sub > 0);
    CHECK_ERROR(E_PERM, on_path(d, 3, (uint32_t)sub, "..", 2));
    CHECK_ERROR(E_PERM, on_path(d, 0, (uint32_t)sub, "../file.txt", 11));
    CHECK(on_path(d, 6, (uint32_t)sub, "..", 2) != 0);
    CHECK_ERROR(0, on_path(d, 3, (uint32_t)sub, "deep.txt", 8));
}

/* ---- links ---- */

static void link_out_is_seen_not_followed(door *d)
{
    CHECK_ERROR(0, door_call(d, "path_filestat_get", BOX, 0, DOOR_PATH, door_put(d, DOOR_PATH, "link_out"), DOOR_RESULT));
    CHECK(d->memory[DOOR_RESULT + 16] == 7); /* a symbolic link */
    CHECK_ERROR(E_PERM,
                door_call(d, "path_filestat_get", BOX, FOLLOW, DOOR_PATH, door_put(d, DOOR_PATH, "link_out"), DOOR_RESULT));
    CHECK(door_open_path(d, BOX, 0, "link_out", 0, R_READ, 0, 0) == -E_LOOP);
    CHECK(door_open_path(d, BOX, FOLLOW, "link_out", 0, R_READ, 0, 0) == -E_PERM);
    CHECK(door_open_path(d, BOX, FOLLOW, "link_abs", 0, R_READ, 0, 0) == -E_PERM);
    CHECK(door_open_path(d, BOX, FOLLOW, "link_in", 0, R_READ, 0, 0) > 0);
}

static void link_out_with_creat(door *d)
{
    CHECK(door_open_path(d, BOX, FOLLOW, "dangling_out", CREAT, R_WRITE, 0, 0) < 0);
    CHECK(door_open_path(d, BOX, FOLLOW, "link_out", CREAT | TRUNC, R_WRITE, 0, 0) < 0);
    CHECK(door_open_path(d, BOX, FOLLOW, "dangling", CREAT, R_WRITE, 0, 0) > 0);
    CHECK(door_holds("box/nowhere", ""));
}

static void link_trailing_slash(door *d)
{
    /* The kernel follows a link before a slash, whatever else was asked; it may not lead out either. */
    CHECK(door_open_path(d, BOX, 0, "out/", DIRECTORY, 0, 0, 0) < 0);
    CHECK(door_open_path(d, BOX, 0, "out/", 0, R_READ, 0, 0) < 0);
    CHECK(door_open_path(d, BOX, 0, "self/", DIRECTORY, 0, 0, 0) < 0);
}

static void loops_and_chains(door *d)
{
    CHECK(door_open_path(d, BOX, FOLLOW, "loop_a", 0, R_READ, 0, 0) == -E_LOOP);
    CHECK(door_open_path(d, BOX, FOLLOW, "chain_20", 0, R_READ, 0, 0) > 0);
    CHECK(door_open_path(d, BOX, FOLLOW, "chain_50", 0, R_READ, 0, 0) == -E_LOOP);
}

static void making_links(door *d)
{
    uint32_t size = door_put(d, DOOR_PATH, "new");

    CHECK_ERROR(E_PERM, door_call(d, "path_symlink", DOOR_PATH2, door_put(d, DOOR_PATH2, "/etc/passwd"), BOX, DOOR_PATH, size));
    CHECK_ERROR(E_NOENT, door_call(d, "path_symlink", DOOR_PATH2, 0, BOX, DOOR_PATH, size));
    CHECK_ERROR(0, door_call(d, "path_symlink", DOOR_PATH2, door_put(d, DOOR_PATH2, "../secret.txt"), BOX, DOOR_PATH, size));
    CHECK(door_open_path(d, BOX, FOLLOW, "new", 0, R_READ, 0, 0) == -E_PERM);
    CHECK_ERROR(E_EXIST, door_call(d, "path_symlink", DOOR_PATH2, door_put(d, DOOR_PATH2, "x"), BOX, DOOR_PATH, size));
}

/* A hard link to a link is a link, not what it leads to. */
static void hard_link_to_link(door *d)
{
    uint32_t size = door_put(d, DOOR_PATH, "link_out"), mine = door_put(d, DOOR_PATH2, "mine");

    CHECK_ERROR(0, door_call(d, "path_link", BOX, 0, DOOR_PATH, size, BOX, DOOR_PATH2, mine));
    CHECK(door_open_path(d, BOX, FOLLOW, "mine", 0, R_READ, 0, 0) == -E_PERM);
    CHECK_ERROR(E_INVAL, door_call(d, "path_link", BOX, FOLLOW, DOOR_PATH, size, BOX, DOOR_PATH2, mine));
}

static void readlink_is_cut_off(door *d)
{
    uint32_t size = door_put(d, DOOR_PATH, "link_out");

    memset(d->memory + DOOR_BUFFER, 0x55, 64);
    CHECK_ERROR(0, door_call(d, "path_readlink", BOX, DOOR_PATH, size, DOOR_BUFFER, 4, DOOR_RESULT));
    CHECK(door_u32(d, DOOR_RESULT) == 4 && d->memory[DOOR_BUFFER + 4] == 0x55);
    CHECK_ERROR(0, door_call(d, "path_readlink", BOX, DOOR_PATH, size, DOOR_BUFFER, 0, DOOR_RESULT));
    CHECK_ERROR(E_FAULT, door_call(d, "path_readlink", BOX, DOOR_PATH, size, DOOR_MEMORY - 2, 100, DOOR_RESULT));
}

/* ---- what is no file ---- */

static void pipes_are_not_opened(door *d)
{
    CHECK(door_open_path(d, BOX, 0, "fifo", 0, R_READ, 0, 0) == -E_ACCES);
    CHECK(door_open_path(d, BOX, 0, "fifo", 0, R_WRITE, 0, 0) == -E_ACCES);
    CHECK(door_open_path(d, BOX, 0, "fifo", CREAT | TRUNC, R_READ | R_WRITE, 0, NONBLOCK) == -E_ACCES);
    CHECK_ERROR(0, on_path(d, 3, BOX, "fifo", 4));
}

static void devices_are_not_opened(door *d)
{
    CHECK(door_open_path(d, DEV, 0, "null", 0, R_READ | R_WRITE, 0, 0) == -E_ACCES);
    CHECK(door_open_path(d, DEV, 0, "zero", 0, R_READ, 0, 0) == -E_ACCES);
    CHECK(door_open_path(d, DEV, 0, "tty", 0, R_READ | R_WRITE, 0, 0) < 0);
    CHECK(door_open_path(d, DEV, FOLLOW, "fd", DIRECTORY, 0, 0, 0) < 0);
    CHECK(door_open_path(d, DEV, FOLLOW, "stdin", 0, R_READ, 0, 0) < 0);
}

static void sockets_are_not_opened(door *d)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", door_path("box/socket"));
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(door_open_path(d, BOX, 0, "socket", 0, R_READ, 0, 0) == -E_ACCES);
    close(fd);
}

/* A guest that was given everything still gets nothing of the host's processes. */
static void proc_is_refused(door *d)
{
    static const char *const paths[] = { "proc/self/mem", "proc/self/environ", "proc/self/maps", "proc/version", "proc/self",
                                         "proc", "proc/self/fd/0", "proc/self/root/etc/passwd", "proc/self/cwd" };
    const tenon_wasi_config config = door_config();
    const tenon_wasi_directory everything = { .size = sizeof everything, .host_path = "/", .guest_path = "/" };
    door all = door_open(&config, TENON_BOUNDS_GUARDED);
    char link[300];

    (void)d;
    CHECK(tenon_wasi_add_directory(all.wasi, &everything, NULL) == TENON_OK);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        CHECK(door_open_path(&all, 3, FOLLOW, paths[i], 0, R_READ, 0, 0) < 0);
        CHECK(door_open_path(&all, 3, FOLLOW, paths[i], 0, R_READ | R_WRITE, 0, 0) < 0);
    }
    CHECK(symlink("../../../proc/self/mem", door_path("box/memory")) == 0);
    snprintf(link, sizeof link, "%s", door_path("box/memory") + 1);
    CHECK(door_open_path(&all, 3, FOLLOW, link, 0, R_READ | R_WRITE, 0, 0) == -E_ACCES);
    CHECK(door_open_path(&all, 3, FOLLOW, "etc/passwd", 0, R_READ, 0, 0) >= 0);
    CHECK(door_close(&all));
}

/* ---- races: another process changes names while the guest uses them ---- */

typedef struct racer {
    atomic_bool stop;
    const char *a, *b; /* names that change places */
} racer;

static void *swap_names(void *arg)
{
    racer *r = arg;
    char a[256], b[256];

    snprintf(a, sizeof a, "%s", door_path(r->a));
    snprintf(b, sizeof b, "%s/%s", door_folder, r->b);
    while (!atomic_load(&r->stop))
        syscall(SYS_renameat2, -1, a, -1, b, 2 /* RENAME_EXCHANGE */);
    return NULL;
}

/* Whatever happens, nothing outside is opened, made or removed. */
static void attack(door *d, const char *folder, const char *file)
{
    char path[64], made[64];

    snprintf(path, sizeof path, "%s/%s", folder, file);
    snprintf(made, sizeof made, "%s/new", folder);
    for (int i = 0; i < 400; i++) {
        int fd = door_open_path(d, BOX, FOLLOW, path, 0, R_READ, 0, 0);
        if (fd > 0) {
            door_buffer(d, 64);
            CHECK_ERROR(0, door_call(d, "fd_read", (uint64_t)fd, DOOR_IOV, 1, DOOR_RESULT));
            CHECK(memcmp(d->memory + DOOR_BUFFER, "secret", 6) != 0 && memcmp(d->memory + DOOR_BUFFER, "outside", 7) != 0);
            door_call(d, "fd_close", (uint64_t)fd);
        }
        fd = door_open_path(d, BOX, FOLLOW, made, CREAT, R_WRITE, 0, 0);
        if (fd > 0)
            door_call(d, "fd_close", (uint64_t)fd);
        on_path(d, 5, BOX, made, (uint32_t)strlen(made));
        on_path(d, 7, BOX, path, (uint32_t)strlen(path));
        on_path(d, 6, BOX, made, (uint32_t)strlen(made));
        on_path(d, 7, BOX, made, (uint32_t)strlen(made));
    }
}

static void race(door *d, const char *a, const char *b, const char *folder, const char *file)
{
    racer r = { .a = a, .b = b };
    pthread_t thread;

    CHECK(pthread_create(&thread, NULL, swap_names, &r) == 0);
    attack(d, folder, file);
    atomic_store(&r.stop, true);
    pthread_join(thread, NULL);
}

/* A folder changes places with a link that leads out. */
static void race_of_folder_and_link(door *d)
{
    CHECK(symlink("../outside", door_path("box/trap")) == 0);
    race(d, "box/dir", "box/trap", "dir", "file.txt");
}

static void race_of_file_and_link(door *d)
{
    CHECK(symlink("../outside/file.txt", door_path("box/dir/trap")) == 0);
    race(d, "box/dir/deep.txt", "box/dir/trap", "dir", "deep.txt");
}

/* The folder that the guest walks through is moved out and in again, so that ".." means different things. */
static void race_of_parents(door *d)
{
    racer r = { .a = "box/dir", .b = "outside/decoy" };
    pthread_t thread;

    CHECK(mkdir(door_path("outside/decoy"), 0755) == 0);
    CHECK(pthread_create(&thread, NULL, swap_names, &r) == 0);
    for (int i = 0; i < 2000; i++) {
        int fd = door_open_path(d, BOX, FOLLOW, "dir/../file.txt", 0, R_READ, 0, 0);
        if (fd <= 0)
            continue;
        door_buffer(d, 64);
        CHECK_ERROR(0, door_call(d, "fd_read", (uint64_t)fd, DOOR_IOV, 1, DOOR_RESULT));
        CHECK(memcmp(d->memory + DOOR_BUFFER, "hello", 5) == 0);
        door_call(d, "fd_close", (uint64_t)fd);
    }
    atomic_store(&r.stop, true);
    pthread_join(thread, NULL);
    CHECK(rmdir(door_path("outside/decoy")) == 0 || rmdir(door_path("box/dir")) == 0 || errno == ENOTEMPTY);
    if (access(door_path("outside/decoy/deep.txt"), F_OK) == 0) {
        unlink(door_path("outside/decoy/deep.txt"));
        rmdir(door_path("outside/decoy"));
    }
}

#define CASE(name) { #name, name }
const door_case door_path_cases[] = {
    CASE(parent),
    CASE(parent_slash),
    CASE(parent_file),
    CASE(parent_new),
    CASE(down_and_out),
    CASE(deep_parents),
    CASE(absolute),
    CASE(absolute_own),
    CASE(root),
    CASE(slashes),
    CASE(through_link),
    CASE(through_link_twice),
    CASE(through_link_new),
    CASE(through_absolute_link),
    CASE(link_with_slash),
    CASE(link_to_parent_slash),
    CASE(link_to_parent_dot),
    CASE(magic_link),
    CASE(magic_link_out),
    CASE(loop_inside),
    CASE(file_as_folder),
    CASE(file_with_slash_dot),
    CASE(empty),
    CASE(nul_inside),
    CASE(not_utf8),
    CASE(too_long),
    CASE(path_outside_memory),
    CASE(dots_inside),
    CASE(dots_of_a_subfolder),
    CASE(link_out_is_seen_not_followed),
    CASE(link_out_with_creat),
    CASE(link_trailing_slash),
    CASE(loops_and_chains),
    CASE(making_links),
    CASE(hard_link_to_link),
    CASE(readlink_is_cut_off),
    CASE(pipes_are_not_opened),
    CASE(devices_are_not_opened),
    CASE(sockets_are_not_opened),
    CASE(proc_is_refused),
    CASE(race_of_folder_and_link),
    CASE(race_of_file_and_link),
    CASE(race_of_parents),
    { NULL, NULL },
};
