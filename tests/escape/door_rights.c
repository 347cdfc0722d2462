/* SPDX-License-Identifier: MIT
 * Cases with rights, descriptors, quotas, buffers and capabilities.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "door_test.h"

static uint32_t write_bytes(door *d, int fd, uint32_t size)
{
    door_buffer(d, size);
    return door_call(d, "fd_write", (uint64_t)fd, DOOR_IOV, 1, DOOR_RESULT);
}

static uint32_t read_bytes(door *d, int fd, uint32_t size)
{
    door_buffer(d, size);
    return door_call(d, "fd_read", (uint64_t)fd, DOOR_IOV, 1, DOOR_RESULT);
}

static uint32_t give_up_rights(door *d, uint32_t fd, uint64_t base, uint64_t inheriting)
{
    door_call(d, "fd_fdstat_get", fd, DOOR_RESULT);
    uint64_t have[2];
    memcpy(have, d->memory + DOOR_RESULT + 8, sizeof have);
    return door_call(d, "fd_fdstat_set_rights", fd, have[0] & ~base, have[1] & ~inheriting);
}

/* ---- a read-only folder ---- */

static void read_only_opens(door *d)
{
    CHECK(door_open_path(d, SHELF, 0, "book.txt", 0, R_WRITE, 0, 0) == -E_NOTCAPABLE);
    CHECK(door_open_path(d, SHELF, 0, "book.txt", TRUNC, R_READ, 0, 0) == -E_NOTCAPABLE);
    CHECK(door_open_path(d, SHELF, 0, "book.txt", CREAT, R_READ, 0, 0) == -E_NOTCAPABLE);
    CHECK(door_open_path(d, SHELF, 0, "book.txt", 0, R_ALLOCATE, 0, 0) == -E_NOTCAPABLE);
    CHECK(door_open_path(d, SHELF, 0, "book.txt", 0, R_FD_SIZE, 0, 0) == -E_NOTCAPABLE);
    CHECK(door_open_path(d, SHELF, 0, "book.txt", 0, R_READ, 0, APPEND) > 0);
}

static void read_only_file(door *d)
{
    int fd = door_open_path(d, SHELF, 0, "book.txt", 0, DOOR_ALL & ~(R_WRITE | R_ALLOCATE | R_FD_SIZE), DOOR_ALL, 0);

    CHECK(fd > 0);
    CHECK_ERROR(E_BADF, write_bytes(d, fd, 4));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "fd_filestat_set_size", (uint64_t)fd, 0));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "fd_allocate", (uint64_t)fd, 0, 100));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "fd_filestat_set_times", (uint64_t)fd, 0, 0, 5));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "fd_sync", (uint64_t)fd));
    CHECK_ERROR(0, read_bytes(d, fd, 4));
}

static void read_only_names(door *d)
{
    uint32_t book = door_put(d, DOOR_PATH, "book.txt"), mine = door_put(d, DOOR_PATH2, "mine");

    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "path_unlink_file", SHELF, DOOR_PATH, book));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "path_create_directory", SHELF, DOOR_PATH2, mine));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "path_symlink", DOOR_PATH2, mine, SHELF, DOOR_PATH2, mine));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "path_filestat_set_times", SHELF, 0, DOOR_PATH, book, 0, 0, 5));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "path_rename", SHELF, DOOR_PATH, book, SHELF, DOOR_PATH2, mine));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "path_rename", SHELF, DOOR_PATH, book, BOX, DOOR_PATH2, mine));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "path_link", SHELF, 0, DOOR_PATH, book, BOX, DOOR_PATH2, mine));
    uint32_t file = door_put(d, DOOR_PATH, "file.txt");
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "path_rename", BOX, DOOR_PATH, file, SHELF, DOOR_PATH2, mine));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "path_link", BOX, 0, DOOR_PATH, file, SHELF, DOOR_PATH2, mine));
}

static void read_only_subfolder(door *d)
{
    int sub = door_open_path(d, SHELF, 0, "sub", DIRECTORY, DOOR_ALL & ~(R_WRITE | R_ALLOCATE | R_FD_SIZE), DOOR_ALL, 0);

    CHECK(sub > 0);
    CHECK(door_open_path(d, (uint32_t)sub, 0, "new", CREAT, R_WRITE, 0, 0) == -E_NOTCAPABLE);
    CHECK_ERROR(E_NOTCAPABLE,
                door_call(d, "path_create_directory", (uint64_t)sub, DOOR_PATH, door_put(d, DOOR_PATH, "new")));
}

/* ---- rights shrink and never grow ---- */

static void rights_are_not_regained(door *d)
{
    CHECK_ERROR(0, give_up_rights(d, BOX, R_SET_SIZE, R_WRITE));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "fd_fdstat_set_rights", BOX, DOOR_ALL, 0));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "fd_fdstat_set_rights", BOX, 0, DOOR_ALL));
    CHECK(door_open_path(d, BOX, 0, "file.txt", 0, R_WRITE, 0, 0) == -E_NOTCAPABLE);
    CHECK(door_open_path(d, BOX, 0, "file.txt", TRUNC, R_READ, 0, 0) == -E_NOTCAPABLE);
    CHECK(door_holds("box/file.txt", "hello"));
}

static void truncation_needs_its_right(door *d)
{
    CHECK_ERROR(0, give_up_rights(d, BOX, R_SET_SIZE, 0));
    CHECK(door_open_path(d, BOX, 0, "file.txt", TRUNC, R_READ | R_WRITE, 0, 0) == -E_NOTCAPABLE);
    CHECK(door_open_path(d, BOX, FOLLOW, "link_in", TRUNC | CREAT, R_READ | R_WRITE, 0, 0) == -E_NOTCAPABLE);
    CHECK(door_holds("box/file.txt", "hello"));
}

static void opened_files_have_what_was_asked(door *d)
{
    int fd = door_open_path(d, BOX, 0, "file.txt", 0, R_READ, 0, 0);

    CHECK_ERROR(E_BADF, write_bytes(d, fd, 1));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "fd_seek", (uint64_t)fd, 0, 2, DOOR_RESULT));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "fd_filestat_get", (uint64_t)fd, DOOR_RESULT));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "fd_filestat_set_size", (uint64_t)fd, 0));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "fd_fdstat_set_rights", (uint64_t)fd, R_READ | R_WRITE, 0));
    fd = door_open_path(d, BOX, 0, "file.txt", 0, R_WRITE, 0, 0);
    CHECK_ERROR(E_BADF, read_bytes(d, fd, 1));
}

/* A file moved or linked into a folder that passes on more rights would gain them. */
static void names_do_not_launder_rights(door *d)
{
    const uint64_t directory = DOOR_ALL & ~(R_WRITE | R_ALLOCATE | R_FD_SIZE);
    int weak = door_open_path(d, BOX, 0, "dir", DIRECTORY, directory, DOOR_ALL & ~R_WRITE, 0);
    uint32_t deep = door_put(d, DOOR_PATH, "deep.txt"), mine = door_put(d, DOOR_PATH2, "mine");

    CHECK(weak > 0);
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "path_link", (uint64_t)weak, 0, DOOR_PATH, deep, BOX, DOOR_PATH2, mine));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "path_rename", (uint64_t)weak, DOOR_PATH, deep, BOX, DOOR_PATH2, mine));
    CHECK_ERROR(0, door_call(d, "path_rename", (uint64_t)weak, DOOR_PATH, deep, (uint64_t)weak, DOOR_PATH2, mine));
}

static void folders_are_no_files(door *d)
{
    CHECK(read_bytes(d, BOX, 10) == E_ISDIR);
    CHECK(write_bytes(d, BOX, 10) == E_ISDIR);
    CHECK(door_open_path(d, BOX, 0, "dir", 0, R_WRITE, 0, 0) == -E_ISDIR);
    CHECK(door_open_path(d, BOX, 0, "dir", TRUNC, R_READ, 0, 0) == -E_ISDIR);
    CHECK(door_open_path(d, BOX, 0, "file.txt", DIRECTORY, R_READ, 0, 0) == -E_NOTDIR);
    CHECK(door_call(d, "fd_filestat_set_size", BOX, 0) != 0);
    CHECK(door_call(d, "fd_seek", BOX, 0, 0, DOOR_RESULT) != 0);
}

/* ---- descriptors ---- */

static void renumber_onto_a_folder(door *d)
{
    int fd = door_open_path(d, BOX, 0, "file.txt", 0, R_READ, 0, 0);

    CHECK_ERROR(0, door_call(d, "fd_renumber", (uint64_t)fd, BOX));
    CHECK_ERROR(E_NOTDIR, door_call(d, "path_create_directory", BOX, DOOR_PATH, door_put(d, DOOR_PATH, "new")));
    CHECK_ERROR(E_BADF, door_call(d, "fd_prestat_get", BOX, DOOR_RESULT));
    CHECK_ERROR(E_BADF, door_call(d, "fd_close", (uint64_t)fd));
    CHECK_ERROR(0, read_bytes(d, BOX, 4));
}

/* The lent descriptor below a number of stdio is not closed, and not used for what moves onto it. */
static void renumber_onto_stdio(door *d)
{
    int fd = door_open_path(d, BOX, 0, "file.txt", 0, R_READ | R_WRITE, 0, 0);

    CHECK_ERROR(0, door_call(d, "fd_renumber", (uint64_t)fd, 1));
    memcpy(d->memory + DOOR_BUFFER, "HELLO", 5);
    CHECK_ERROR(0, write_bytes(d, 1, 5));
    CHECK(door_holds("box/file.txt", "HELLO"));
    CHECK_ERROR(0, door_call(d, "fd_renumber", BOX, 0));
    CHECK_ERROR(0, door_call(d, "path_create_directory", 0, DOOR_PATH, door_put(d, DOOR_PATH, "new")));
    CHECK_ERROR(0, door_call(d, "fd_close", 1));
    CHECK_ERROR(E_BADF, write_bytes(d, 1, 5));
}

static void renumber_of_nothing(door *d)
{
    CHECK_ERROR(E_BADF, door_call(d, "fd_renumber", 99, BOX));
    CHECK_ERROR(E_BADF, door_call(d, "fd_renumber", BOX, 99));
    CHECK_ERROR(E_BADF, door_call(d, "fd_renumber", 0xFFFFFFFF, BOX));
    CHECK_ERROR(E_BADF, door_call(d, "fd_renumber", BOX, 0xFFFFFFFF));
    CHECK_ERROR(0, door_call(d, "fd_renumber", BOX, BOX));
    CHECK_ERROR(0, door_call(d, "path_create_directory", BOX, DOOR_PATH, door_put(d, DOOR_PATH, "new")));
}

static void closed_and_used_again(door *d)
{
    int a = door_open_path(d, BOX, 0, "file.txt", 0, R_READ, 0, 0);

    CHECK_ERROR(0, door_call(d, "fd_close", (uint64_t)a));
    CHECK_ERROR(E_BADF, door_call(d, "fd_close", (uint64_t)a));
    CHECK_ERROR(E_BADF, read_bytes(d, a, 1));
    int b = door_open_path(d, SHELF, 0, "book.txt", 0, R_READ, 0, 0);
    CHECK(b == a);
    CHECK_ERROR(E_BADF, write_bytes(d, b, 1));
    for (uint32_t fd = BOX; fd <= DEV; fd++)
        CHECK_ERROR(0, door_call(d, "fd_close", fd));
    CHECK_ERROR(E_BADF, door_call(d, "fd_prestat_get", BOX, DOOR_RESULT));
    CHECK_ERROR(0, read_bytes(d, b, 1));
}

static void too_many_descriptors(door *d)
{
    tenon_wasi_config config = door_config();
    config.max_descriptors = 20;
    door few = door_enter(&config, TENON_BOUNDS_GUARDED);
    int fd, opened = 0;

    while ((fd = door_open_path(&few, BOX, 0, "file.txt", 0, R_READ, 0, 0)) > 0)
        opened++;
    CHECK(fd == -E_MFILE && opened == 20 - 7);
    CHECK_ERROR(0, door_call(&few, "fd_close", 10));
    CHECK(door_open_path(&few, BOX, 0, "file.txt", 0, R_READ, 0, 0) == 10);
    CHECK(door_close(&few));
    for (int i = 0; i < 5000; i++) {
        fd = door_open_path(d, BOX, 0, "file.txt", 0, R_READ, 0, 0);
        CHECK(fd == 7 && door_call(d, "fd_close", 7) == 0);
    }
}

/* ---- quotas ---- */

static void quota_of_writes(door *d)
{
    int fd = door_open_path(d, PURSE, 0, "a", CREAT, R_READ | R_WRITE | R_SEEK | R_FD_SIZE | R_ALLOCATE, 0, 0);

    CHECK(fd > 0);
    CHECK_ERROR(0, write_bytes(d, fd, 60000));
    CHECK_ERROR(0, write_bytes(d, fd, 60000));
    CHECK(door_u32(d, DOOR_RESULT) == 65536 - 4096 - 60000); /* a short write, then none */
    CHECK_ERROR(E_DQUOT, write_bytes(d, fd, 1));
    CHECK_ERROR(E_DQUOT, door_call(d, "fd_filestat_set_size", (uint64_t)fd, 1 << 30));
    CHECK_ERROR(E_DQUOT, door_call(d, "fd_allocate", (uint64_t)fd, 0, 1 << 30));
    door_buffer(d, 1);
    CHECK_ERROR(E_DQUOT, door_call(d, "fd_pwrite", (uint64_t)fd, DOOR_IOV, 1, (uint64_t)1 << 40, DOOR_RESULT));
    /* Overwriting is free, and what is given back may be used again. */
    CHECK_ERROR(0, door_call(d, "fd_pwrite", (uint64_t)fd, DOOR_IOV, 1, 0, DOOR_RESULT));
    CHECK_ERROR(0, door_call(d, "fd_filestat_set_size", (uint64_t)fd, 100));
    CHECK_ERROR(E_DQUOT, write_bytes(d, fd, 1)); /* far behind the end: the hole counts */
    CHECK_ERROR(0, door_call(d, "fd_seek", (uint64_t)fd, 0, 0, DOOR_RESULT));
    CHECK_ERROR(0, write_bytes(d, fd, 1));
}

static void quota_of_names(door *d)
{
    char name[16];
    int made = 0;

    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "d%d", i);
        made += door_call(d, "path_create_directory", PURSE, DOOR_PATH, door_put(d, DOOR_PATH, name)) == 0;
    }
    CHECK(made == 65536 / 4096);
    uint32_t size = door_put(d, DOOR_PATH, "link");
    CHECK_ERROR(E_DQUOT, door_call(d, "path_symlink", DOOR_PATH, size, PURSE, DOOR_PATH, size));
    CHECK(door_open_path(d, PURSE, 0, "new", CREAT, R_WRITE, 0, 0) == -E_DQUOT);
    CHECK_ERROR(0, door_call(d, "path_remove_directory", PURSE, DOOR_PATH, door_put(d, DOOR_PATH, "d0")));
    CHECK(door_open_path(d, PURSE, 0, "new", CREAT, R_WRITE, 0, 0) > 0);
    CHECK_ERROR(E_DQUOT, door_call(d, "path_link", PURSE, 0, DOOR_PATH, door_put(d, DOOR_PATH, "new"), PURSE, DOOR_PATH2,
                                   door_put(d, DOOR_PATH2, "again")));
}

/* An unlinked file that is still open keeps its space. */
static void quota_of_unlinked_files(door *d)
{
    int written = 0;

    for (int i = 0; i < 10; i++) {
        int fd = door_open_path(d, PURSE, 0, "a", CREAT, R_WRITE, 0, 0);
        if (fd > 0 && write_bytes(d, fd, 30000) == 0)
            written += (int)door_u32(d, DOOR_RESULT);
        door_call(d, "path_unlink_file", PURSE, DOOR_PATH, door_put(d, DOOR_PATH, "a"));
    }
    CHECK(written <= 65536);
}

static void quota_is_not_left(door *d)
{
    uint32_t a = door_put(d, DOOR_PATH, "file.txt"), b = door_put(d, DOOR_PATH2, "moved");

    CHECK_ERROR(E_XDEV, door_call(d, "path_rename", BOX, DOOR_PATH, a, PURSE, DOOR_PATH2, b));
    CHECK_ERROR(E_XDEV, door_call(d, "path_link", BOX, 0, DOOR_PATH, a, PURSE, DOOR_PATH2, b));
    CHECK(door_open_path(d, PURSE, 0, "x", CREAT, R_WRITE, 0, APPEND) > 0);
    CHECK_ERROR(E_XDEV, door_call(d, "path_rename", PURSE, DOOR_PATH, door_put(d, DOOR_PATH, "x"), BOX, DOOR_PATH2, b));
}

static void quota_of_appends(door *d)
{
    int fd = door_open_path(d, PURSE, 0, "a", CREAT, R_WRITE | R_SEEK, 0, APPEND);

    CHECK(fd > 0);
    for (int i = 0; i < 10; i++) {
        door_buffer(d, 20000);
        door_call(d, "fd_pwrite", (uint64_t)fd, DOOR_IOV, 1, 0, DOOR_RESULT);
    }
    struct stat st;
    CHECK(stat(door_path("purse/a"), &st) == 0 && st.st_size <= 65536);
}

/* ---- guests that share what they were given ---- */

static door another_like(door *d)
{
    door other = *d;
    tenon_linker *linker;
    tenon_extern e;
    uint64_t size;

    CHECK(tenon_wasi_new_like(d->wasi, &other.wasi) == TENON_OK);
    CHECK(tenon_store_new(d->tenant, &other.store) == TENON_OK);
    CHECK(tenon_linker_new(other.store, &linker) == TENON_OK);
    CHECK(tenon_wasi_define(other.wasi, linker) == TENON_OK);
    CHECK(tenon_linker_instantiate(linker, d->module, &other.instance, NULL) == TENON_OK);
    tenon_linker_delete(linker);
    CHECK(tenon_instance_export(other.instance, (tenon_name){ "memory", 6 }, &e));
    other.memory = tenon_memory_data(e.of.memory, &size);
    return other;
}

static void quotas_hold_over_guests(door *d)
{
    door other = another_like(d);
    int a = door_open_path(d, PURSE, 0, "a", CREAT, DOOR_ALL, 0, 0);
    int b = door_open_path(&other, PURSE, 0, "b", CREAT, R_WRITE | R_SEEK, 0, 0);

    CHECK(a > 0 && b > 0);
    CHECK_ERROR(0, write_bytes(d, a, 30000));
    CHECK_ERROR(0, write_bytes(&other, b, 30000));
    CHECK(door_u32(&other, DOOR_RESULT) == 65536 - 2 * 4096 - 30000);
    CHECK_ERROR(E_DQUOT, write_bytes(&other, b, 1));
    CHECK_ERROR(E_DQUOT, write_bytes(d, a, 1));
    /* What one gives back is the other's; and the account outlives whoever closes it. */
    CHECK_ERROR(0, door_call(d, "fd_filestat_set_size", (uint64_t)a, 0));
    CHECK_ERROR(0, door_call(d, "fd_close", PURSE));
    CHECK_ERROR(0, door_call(d, "fd_close", (uint64_t)a));
    CHECK_ERROR(0, write_bytes(&other, b, 30000));
    CHECK(door_u32(&other, DOOR_RESULT) == 30000);
    CHECK_ERROR(E_DQUOT, write_bytes(&other, b, 1));
    tenon_store_delete(other.store);
    tenon_wasi_delete(other.wasi);
}

static void likes_are_alike(door *d)
{
    CHECK(tenon_wasi_add_argument(d->wasi, (tenon_name){ "one", 3 }) == TENON_OK);
    CHECK(tenon_wasi_add_variable(d->wasi, (tenon_name){ "A=b", 3 }) == TENON_OK);
    int mine = door_open_path(d, BOX, 0, "file.txt", 0, R_READ, 0, 0);
    door other = another_like(d);

    CHECK(mine > 0);
    CHECK_ERROR(E_BADF, read_bytes(&other, mine, 1));
    CHECK_ERROR(0, door_call(&other, "args_sizes_get", 0, 8));
    CHECK(door_u32(&other, 0) == 1 && door_u32(&other, 8) == 4);
    CHECK_ERROR(0, door_call(&other, "environ_sizes_get", 0, 8));
    CHECK(door_u32(&other, 0) == 1 && door_u32(&other, 8) == 4);
    CHECK_ERROR(0, door_call(&other, "fd_prestat_get", SHELF, DOOR_RESULT));
    CHECK(door_open_path(&other, SHELF, 0, "new", CREAT, R_WRITE, 0, 0) == -E_NOTCAPABLE);
    CHECK_ERROR(0, door_call(&other, "fd_close", BOX));
    CHECK(door_open_path(d, BOX, 0, "file.txt", 0, R_READ, 0, 0) > 0);
    /* Positions in a directory are each one's own. */
    CHECK_ERROR(0, door_call(d, "fd_readdir", SHELF, DOOR_BUFFER, 4096, 0, DOOR_RESULT));
    const uint32_t bytes = door_u32(d, DOOR_RESULT);
    CHECK_ERROR(0, door_call(&other, "fd_readdir", SHELF, DOOR_BUFFER, 4096, 0, DOOR_RESULT));
    CHECK(bytes > 0 && door_u32(&other, DOOR_RESULT) == bytes);
    tenon_store_delete(other.store);
    tenon_wasi_delete(other.wasi);
}

/* ---- buffers ---- */

static const char *const buffer_calls[] = { "fd_read", "fd_write", "fd_pread", "fd_pwrite" };

static uint32_t on_buffers(door *d, int which, int fd, uint32_t list, uint32_t count, uint32_t result)
{
    if (which < 2)
        return door_call(d, buffer_calls[which], (uint64_t)fd, list, count, result);
    return door_call(d, buffer_calls[which], (uint64_t)fd, list, count, 0, result);
}

static void lists_outside_memory(door *d)
{
    const uint32_t edges[][2] = { { DOOR_IOV, 0xFFFFFFFF },   { DOOR_IOV, 0x20000000 },  { DOOR_IOV, 0x20000001 },
                                  { DOOR_MEMORY - 4, 1 },     { 0xFFFFFFF8, 1 },         { 0xFFFFFFFC, 2 },
                                  { DOOR_MEMORY, 1 } };
    int fd = door_open_path(d, BOX, 0, "file.txt", 0, R_READ | R_WRITE | R_SEEK, 0, 0);

    for (int call = 0; call < 4; call++)
        for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
            CHECK_ERROR(E_FAULT, on_buffers(d, call, fd, edges[i][0], edges[i][1], DOOR_RESULT));
    CHECK(door_holds("box/file.txt", "hello"));
}

static void buffers_outside_memory(door *d)
{
    const uint32_t edges[][2] = { { DOOR_BUFFER, 0xFFFFFFFF }, { DOOR_MEMORY - 1, 2 }, { DOOR_MEMORY, 1 },
                                  { 0xFFFFFFFF, 1 },           { 0xFFFFFFF0, 0x20 },   { 1, 0xFFFFFFFF } };
    int fd = door_open_path(d, BOX, 0, "file.txt", 0, R_READ | R_WRITE | R_SEEK, 0, 0);

    for (int call = 0; call < 4; call++)
        for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
            door_buffer(d, 1);
            door_set_u32(d, DOOR_IOV + 8, edges[i][0]);
            door_set_u32(d, DOOR_IOV + 12, edges[i][1]);
            CHECK_ERROR(E_FAULT, on_buffers(d, call, fd, DOOR_IOV, 2, DOOR_RESULT));
        }
    CHECK(door_holds("box/file.txt", "hello"));
}

static void results_outside_memory(door *d)
{
    int fd = door_open_path(d, BOX, 0, "file.txt", 0, R_READ | R_WRITE | R_SEEK | R_FILESTAT, 0, 0);
    const uint32_t edges[] = { DOOR_MEMORY, DOOR_MEMORY - 1, 0xFFFFFFFF, 0xFFFFFFFD };

    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        uint64_t at = edges[i];
        door_buffer(d, 1);
        for (int call = 0; call < 4; call++)
            CHECK_ERROR(E_FAULT, on_buffers(d, call, fd, DOOR_IOV, 1, (uint32_t)at));
        CHECK_ERROR(E_FAULT, door_call(d, "args_sizes_get", at, at));
        CHECK_ERROR(E_FAULT, door_call(d, "environ_sizes_get", 0, at));
        CHECK_ERROR(E_FAULT, door_call(d, "clock_time_get", 0, 0, at));
        CHECK_ERROR(E_FAULT, door_call(d, "clock_res_get", 0, at));
        CHECK_ERROR(E_FAULT, door_call(d, "fd_fdstat_get", (uint64_t)fd, at));
        CHECK_ERROR(E_FAULT, door_call(d, "fd_filestat_get", (uint64_t)fd, at));
        CHECK_ERROR(E_FAULT, door_call(d, "fd_prestat_get", BOX, at));
        CHECK_ERROR(E_FAULT, door_call(d, "fd_prestat_dir_name", SHELF, at, 100));
        CHECK_ERROR(E_FAULT, door_call(d, "fd_seek", (uint64_t)fd, 0, 0, at));
        CHECK_ERROR(E_FAULT, door_call(d, "fd_tell", (uint64_t)fd, at));
        CHECK_ERROR(E_FAULT, door_call(d, "fd_readdir", BOX, DOOR_BUFFER, 100, 0, at));
        CHECK_ERROR(E_FAULT, door_call(d, "fd_readdir", BOX, at, 100, 0, DOOR_RESULT));
        CHECK_ERROR(E_FAULT, door_call(d, "random_get", at, 8));
        CHECK_ERROR(E_FAULT, door_call(d, "path_filestat_get", BOX, 0, DOOR_PATH, door_put(d, DOOR_PATH, "dir"), at));
        CHECK_ERROR(E_FAULT, door_call(d, "path_open", BOX, 0, DOOR_PATH, 3, 0, 0, 0, 0, at));
        CHECK_ERROR(E_FAULT, door_call(d, "poll_oneoff", at, DOOR_BUFFER, 1, DOOR_RESULT));
        CHECK_ERROR(E_FAULT, door_call(d, "poll_oneoff", DOOR_BUFFER, at, 1, DOOR_RESULT));
        CHECK_ERROR(E_FAULT, door_call(d, "poll_oneoff", DOOR_BUFFER, DOOR_BUFFER, 1, at));
    }
    CHECK(door_open_path(d, BOX, 0, "file.txt", 0, R_READ, 0, 0) == fd + 1); /* nothing leaked */
}

static void arguments_outside_memory(door *d)
{
    CHECK(tenon_wasi_add_argument(d->wasi, (tenon_name){ "program", 7 }) == TENON_OK);
    CHECK(tenon_wasi_add_argument(d->wasi, (tenon_name){ "a\0b", 3 }) == TENON_USAGE);
    CHECK(tenon_wasi_add_variable(d->wasi, (tenon_name){ "A=1", 3 }) == TENON_OK);
    CHECK_ERROR(0, door_call(d, "args_get", DOOR_BUFFER, DOOR_BUFFER + 100));
    CHECK_ERROR(E_FAULT, door_call(d, "args_get", DOOR_MEMORY - 3, DOOR_BUFFER));
    CHECK_ERROR(E_FAULT, door_call(d, "args_get", DOOR_BUFFER, DOOR_MEMORY - 7));
    CHECK_ERROR(E_FAULT, door_call(d, "environ_get", 0xFFFFFFFF, 0xFFFFFFFF));
}

static void huge_reads(door *d)
{
    CHECK_ERROR(E_FAULT, door_call(d, "random_get", 0, 0xFFFFFFFF));
    CHECK_ERROR(0, door_call(d, "random_get", 0, DOOR_MEMORY));
    int fd = door_open_path(d, BOX, 0, "file.txt", 0, R_READ, 0, 0);
    for (uint32_t i = 0; i < 4000; i++) {
        door_set_u32(d, DOOR_BUFFER + 8 * i, 0);
        door_set_u32(d, DOOR_BUFFER + 8 * i + 4, DOOR_MEMORY);
    }
    CHECK_ERROR(0, door_call(d, "fd_read", (uint64_t)fd, DOOR_BUFFER, 4000, DOOR_RESULT));
    CHECK(door_u32(d, DOOR_RESULT) == 5);
}

static void every_function_with_extremes(door *d)
{
    static const uint64_t extremes[] = { 0, 1, 3, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, ~(uint64_t)0 };

    for (size_t i = 0; i < tenon_module_export_count(d->module); i++) {
        tenon_export_info info = tenon_module_export(d->module, i);
        tenon_extern e;
        if (info.kind != TENON_KIND_FUNC || !tenon_instance_export(d->instance, info.name, &e))
            continue;
        if (info.name.size == 11 && memcmp(info.name.data, "poll_oneoff", 11) == 0)
            continue; /* a clock far away is a right answer */
        for (size_t k = 0; k < sizeof extremes / sizeof *extremes; k++) {
            uint64_t args[9];
            for (int a = 0; a < 9; a++)
                args[a] = extremes[k];
            door_call_func(d, e.of.func, args);
            CHECK(d->status == TENON_OK || d->status == TENON_EXIT);
        }
    }
}

/* ---- directories, positions, polls ---- */

static void cookies(door *d)
{
    uint32_t all = 0, seen = 0;
    uint64_t cookie = 0;

    CHECK_ERROR(0, door_call(d, "fd_readdir", BOX, DOOR_BUFFER, 65536, 0, DOOR_RESULT));
    for (uint32_t at = 0; at < door_u32(d, DOOR_RESULT); at += 24 + door_u32(d, DOOR_BUFFER + at + 16))
        all++;
    /* One at a time, from cookie to cookie, while the directory changes. */
    for (;;) {
        CHECK_ERROR(0, door_call(d, "fd_readdir", BOX, DOOR_BUFFER, 24 + 255, cookie, DOOR_RESULT));
        if (door_u32(d, DOOR_RESULT) == 0)
            break;
        memcpy(&cookie, d->memory + DOOR_BUFFER, sizeof cookie);
        seen++;
        if (seen == 5)
            CHECK(unlink(door_path("box/fifo")) == 0);
        if (seen > 200)
            break;
    }
    CHECK(seen == all || seen == all - 1);
    const uint64_t garbage[] = { ~(uint64_t)0, (uint64_t)1 << 63, 12345678901234 };
    for (size_t i = 0; i < 3; i++)
        door_call(d, "fd_readdir", BOX, DOOR_BUFFER, 100, garbage[i], DOOR_RESULT);
    CHECK_ERROR(0, door_call(d, "fd_readdir", BOX, DOOR_BUFFER, 0, 0, DOOR_RESULT));
    CHECK(door_call(d, "fd_readdir", 0, DOOR_BUFFER, 100, 0, DOOR_RESULT) == E_NOTDIR);
}

static uint64_t inode_of(door *d, const char *name)
{
    uint64_t ino;

    for (uint32_t at = 0; at < door_u32(d, DOOR_RESULT); at += 24 + door_u32(d, DOOR_BUFFER + at + 16))
        if (door_u32(d, DOOR_BUFFER + at + 16) == strlen(name) &&
            memcmp(d->memory + DOOR_BUFFER + at + 24, name, strlen(name)) == 0) {
            memcpy(&ino, d->memory + DOOR_BUFFER + at + 8, sizeof ino);
            return ino;
        }
    return 0;
}

static void the_parent_stays_unknown(door *d)
{
    struct stat above;

    CHECK(stat(door_folder, &above) == 0);
    CHECK_ERROR(0, door_call(d, "fd_readdir", BOX, DOOR_BUFFER, 65536, 0, DOOR_RESULT));
    CHECK(inode_of(d, "..") != 0 && inode_of(d, "..") != above.st_ino);
}

static void positions(door *d)
{
    int fd = door_open_path(d, BOX, 0, "file.txt", 0, R_READ | R_WRITE | R_SEEK, 0, 0);

    CHECK_ERROR(E_INVAL, door_call(d, "fd_seek", (uint64_t)fd, ~(uint64_t)0, 0, DOOR_RESULT));
    CHECK_ERROR(E_INVAL, door_call(d, "fd_seek", (uint64_t)fd, 0, 3, DOOR_RESULT));
    CHECK_ERROR(E_INVAL, door_call(d, "fd_seek", (uint64_t)fd, (uint64_t)1 << 63, 1, DOOR_RESULT));
    door_buffer(d, 1);
    CHECK_ERROR(E_INVAL, door_call(d, "fd_pread", (uint64_t)fd, DOOR_IOV, 1, ~(uint64_t)0, DOOR_RESULT));
    CHECK_ERROR(E_INVAL, door_call(d, "fd_pwrite", (uint64_t)fd, DOOR_IOV, 1, (uint64_t)1 << 63, DOOR_RESULT));
    CHECK(door_holds("box/file.txt", "hello"));
}

static void polls(door *d)
{
    CHECK_ERROR(E_INVAL, door_call(d, "poll_oneoff", DOOR_BUFFER, DOOR_BUFFER, 0, DOOR_RESULT));
    CHECK_ERROR(E_FAULT, door_call(d, "poll_oneoff", 0, 0, 0xFFFFFFFF, DOOR_RESULT));
    CHECK_ERROR(E_FAULT, door_call(d, "poll_oneoff", 0, 0, 0x05555556, DOOR_RESULT)); /* 48 n wraps in 32 bits */
    memset(d->memory + DOOR_BUFFER, 0, 96);
    d->memory[DOOR_BUFFER + 8] = 7; /* no such kind */
    CHECK_ERROR(E_INVAL, door_call(d, "poll_oneoff", DOOR_BUFFER, DOOR_BUFFER + 4096, 1, DOOR_RESULT));
    d->memory[DOOR_BUFFER + 8] = 1;
    door_set_u32(d, DOOR_BUFFER + 16, 99);
    CHECK_ERROR(0, door_call(d, "poll_oneoff", DOOR_BUFFER, DOOR_BUFFER + 4096, 1, DOOR_RESULT));
    CHECK(door_u32(d, DOOR_RESULT) == 1 && d->memory[DOOR_BUFFER + 4096 + 8] == E_BADF);
    d->memory[DOOR_BUFFER + 8] = 0;
    CHECK_ERROR(0, door_call(d, "poll_oneoff", DOOR_BUFFER, DOOR_BUFFER + 4096, 1, DOOR_RESULT));
    CHECK(d->memory[DOOR_BUFFER + 4096 + 8] == E_INVAL); /* clock 99 */
}

/* ---- capabilities ---- */

static void nothing_is_granted_by_default(door *d)
{
    const tenon_wasi_config config = { .size = sizeof config };
    door bare = door_open(&config, TENON_BOUNDS_GUARDED);
    static const char *const calls[] = { "fd_read", "fd_write", "path_open", "clock_time_get", "random_get",
                                         "poll_oneoff", "sock_accept", "proc_raise", "fd_close" };

    (void)d;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        CHECK_ERROR(E_NOTCAPABLE, door_call(&bare, calls[i], 3, DOOR_BUFFER, 1, DOOR_RESULT));
    CHECK(tenon_wasi_statistics(bare.wasi).denials == sizeof calls / sizeof *calls);
    CHECK_ERROR(0, door_call(&bare, "args_sizes_get", 0, 8));
    CHECK_ERROR(0, door_call(&bare, "sched_yield", 0));
    CHECK_ERROR(E_BADF, door_call(&bare, "fd_prestat_get", BOX, DOOR_RESULT));
    CHECK(door_close(&bare));
}

static void one_capability_at_a_time(door *d)
{
    static const struct {
        tenon_capability capability;
        const char *call;
    } rows[] = { { TENON_CAPABILITY_DESCRIPTORS, "fd_fdstat_get" }, { TENON_CAPABILITY_FILES, "path_open" },
                 { TENON_CAPABILITY_SOCKETS, "sock_shutdown" },     { TENON_CAPABILITY_CLOCKS, "clock_time_get" },
                 { TENON_CAPABILITY_RANDOM, "random_get" },         { TENON_CAPABILITY_WAIT, "poll_oneoff" },
                 { TENON_CAPABILITY_SIGNALS, "proc_raise" } };

    (void)d;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
            const tenon_wasi_config config = { .size = sizeof config, .capabilities = 1u << rows[i].capability };
            door one = door_open(&config, TENON_BOUNDS_GUARDED);
            uint32_t error = door_call(&one, rows[k].call, 0, 0, 0, DOOR_RESULT);
            CHECK((error == E_NOTCAPABLE) == (i != k));
            door_close(&one);
        }
}

static void a_denial_may_end_the_guest(door *d)
{
    const tenon_wasi_config config = { .size = sizeof config, .capabilities = 0 };
    const tenon_policy policy = { .size = sizeof policy, .capabilities = TENON_CAPABILITIES_ALL, .end_on_denial = true };
    door bare = door_open_with(&config, TENON_BOUNDS_GUARDED, &policy);

    (void)d;
    door_call(&bare, "random_get", 0, 8);
    CHECK(bare.status == TENON_DENIED);
    CHECK(door_close(&bare));
}

typedef struct notes {
    unsigned allowed, denied;
    char path[32];
} notes;

static void note(void *context, tenon_tenant *tenant, const tenon_record *record)
{
    notes *n = context;

    (void)tenant;
    n->allowed += record->allowed;
    n->denied += !record->allowed;
    if (record->path[0].data != NULL && record->path[0].size < sizeof n->path)
        memcpy(n->path, record->path[0].data, record->path[0].size);
}

/* What a context grants is within what the tenant has, at every moment. */
static void capabilities_are_taken_away(door *d)
{
    CHECK_ERROR(0, door_call(d, "clock_time_get", 0, 0, DOOR_RESULT));
    CHECK_ERROR(0, door_call(d, "random_get", DOOR_BUFFER, 8));
    tenon_tenant_set_capabilities(d->tenant, ~TENON_CAPABILITY_BIT(TENON_CAPABILITY_CLOCKS));
    CHECK_ERROR(E_NOTCAPABLE, door_call(d, "clock_time_get", 0, 0, DOOR_RESULT));
    CHECK_ERROR(0, door_call(d, "random_get", DOOR_BUFFER, 8));
    tenon_tenant_set_capabilities(d->tenant, TENON_CAPABILITIES_ALL);
    CHECK_ERROR(0, door_call(d, "clock_time_get", 0, 0, DOOR_RESULT));
}

static void refusals_are_audited(door *d)
{
    const tenon_wasi_config config = door_config();
    notes n = { .allowed = 0 };

    (void)d;
    tenon_policy policy = {
        .size = sizeof policy, .capabilities = TENON_CAPABILITIES_ALL, .audit = note, .audit_context = &n
    };
    door watched = door_enter_with(&config, TENON_BOUNDS_GUARDED, &policy);
    CHECK(door_open_path(&watched, BOX, 0, "file.txt", 0, R_READ, 0, 0) > 0);
    CHECK(n.allowed == 0 && n.denied == 0);
    CHECK(door_open_path(&watched, BOX, 0, "../secret.txt", 0, R_READ, 0, 0) == -E_PERM);
    CHECK(n.allowed == 0 && n.denied == 1 && strcmp(n.path, "../secret.txt") == 0);
    CHECK(door_close(&watched));
    policy.audit_all = true;
    watched = door_enter_with(&config, TENON_BOUNDS_GUARDED, &policy);
    door_open_path(&watched, BOX, 0, "file.txt", 0, R_READ, 0, 0);
    CHECK(n.allowed == 1);
    CHECK(door_close(&watched));
}

/* ---- what is shared with the host ---- */

static void host_flags_stay(door *d)
{
    int pipe_[2];

    CHECK(pipe(pipe_) == 0 && tenon_wasi_set_stdio(d->wasi, 0, pipe_[0]) == TENON_OK);
    CHECK_ERROR(0, door_call(d, "fd_fdstat_set_flags", 0, NONBLOCK));
    CHECK((fcntl(pipe_[0], F_GETFL) & O_NONBLOCK) == 0);
    CHECK_ERROR(E_AGAIN, read_bytes(d, 0, 1));
    CHECK(write(pipe_[1], "x", 1) == 1);
    CHECK_ERROR(0, read_bytes(d, 0, 1));
    CHECK_ERROR(E_SPIPE, door_call(d, "fd_seek", 0, 0, 0, DOOR_RESULT));
    CHECK_ERROR(E_NOTSOCK, door_call(d, "sock_shutdown", 0, 1));
    CHECK_ERROR(0, door_call(d, "fd_close", 0));
    CHECK(fcntl(pipe_[0], F_GETFD) >= 0);
    close(pipe_[0]);
    close(pipe_[1]);
}

static void a_broken_pipe_is_an_error(door *d)
{
    int pipe_[2];

    CHECK(pipe(pipe_) == 0 && tenon_wasi_set_stdio(d->wasi, 1, pipe_[1]) == TENON_OK);
    close(pipe_[0]);
    signal(SIGPIPE, SIG_DFL);
    CHECK_ERROR(E_PIPE, write_bytes(d, 1, 10));
    CHECK_ERROR(E_PIPE, write_bytes(d, 1, 10));
    close(pipe_[1]);
}

static void terminals_see_no_escapes(door *d)
{
    static const char text[] = "a\x1b]0;title\x07\x1b[31mb\x00\x7f\xc2\x9b\x9b\xe2\x82\xac\xe2\x82\n";
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    char have[256];

    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    CHECK(slave >= 0 && tenon_wasi_set_stdio(d->wasi, 1, slave) == TENON_OK);
    memcpy(d->memory + DOOR_BUFFER, text, sizeof text - 1);
    CHECK_ERROR(0, write_bytes(d, 1, sizeof text - 1));
    CHECK(door_u32(d, DOOR_RESULT) == sizeof text - 1);
    ssize_t n = read(master, have, sizeof have - 1);
    CHECK(n > 0 && memchr(have, 0x1b, (size_t)n) == NULL && memchr(have, 0x07, (size_t)n) == NULL);
    CHECK(memchr(have, 0x9b, (size_t)n) == NULL || memmem(have, (size_t)n, "\xe2\x90\x9b", 3) != NULL);
    CHECK(memmem(have, (size_t)n, "\xc2\x9b", 2) == NULL && memmem(have, (size_t)n, "\xe2\x82\xac", 3) != NULL);
    CHECK(memmem(have, (size_t)n, "[31mb", 5) != NULL);
    close(slave);
    close(master);
}

/* ---- sockets ---- */

static void sockets_of_others(door *d)
{
    int pair[2];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && tenon_wasi_set_stdio(d->wasi, 0, pair[0]) == TENON_OK);
    door_buffer(d, 16);
    CHECK_ERROR(E_NOTSOCK, door_call(d, "sock_recv", BOX, DOOR_IOV, 1, 0, DOOR_RESULT, DOOR_RESULT + 8));
    CHECK_ERROR(E_BADF, door_call(d, "sock_accept", 99, 0, DOOR_RESULT));
    CHECK_ERROR(E_INVAL, door_call(d, "sock_recv", 0, DOOR_IOV, 1, 64, DOOR_RESULT, DOOR_RESULT + 8));
    CHECK_ERROR(E_FAULT, door_call(d, "sock_recv", 0, DOOR_IOV, 0xFFFFFFFF, 0, DOOR_RESULT, DOOR_RESULT + 8));
    CHECK(write(pair[1], "hi", 2) == 2);
    CHECK_ERROR(0, door_call(d, "sock_recv", 0, DOOR_IOV, 1, 0, DOOR_RESULT, DOOR_RESULT + 8));
    CHECK(door_u32(d, DOOR_RESULT) == 2);
    CHECK_ERROR(E_BADF, door_call(d, "sock_send", 0, DOOR_IOV, 1, 0, DOOR_RESULT)); /* it was lent for input */
    close(pair[0]);
    close(pair[1]);
}

#define CASE(name) { #name, name }
/* ---- what a tenant may spend ---- */

static void budgets_hold(door *d)
{
    const tenon_wasi_config config = { .size = sizeof config, .capabilities = TENON_CAPABILITIES_ALL };
    const tenon_wasi_directory directory = { .size = sizeof directory, .host_path = "/", .guest_path = "/", .read_only = true };
    const tenon_limits limits = { .size = sizeof limits,
                                  .meters = { [TENON_METER_HOST_CALLS] = 12,
                                              [TENON_METER_DESCRIPTORS] = 2,
                                              [TENON_METER_BYTES_IN] = 5,
                                              [TENON_METER_BYTES_OUT] = 10 } };
    door one = door_open_limited(&config, TENON_BOUNDS_GUARDED, &limits, NULL);
    FILE *file = tmpfile();

    (void)d;
    CHECK(file != NULL);
    CHECK(tenon_wasi_add_directory(one.wasi, &directory, NULL) == TENON_OK);
    CHECK(tenon_wasi_set_stdio(one.wasi, 1, fileno(file)) == TENON_OK);
    CHECK(tenon_wasi_set_stdio(one.wasi, 0, fileno(file)) == TENON_OK);
    CHECK(tenon_tenant_spent(one.tenant, TENON_METER_DESCRIPTORS) == 1);
    CHECK_ERROR(0, door_call(&one, "path_open", 3, 0, DOOR_PATH, door_put(&one, DOOR_PATH, "."), 2, 0, 0, 0, DOOR_RESULT));
    const uint32_t opened = door_u32(&one, DOOR_RESULT);
    CHECK_ERROR(E_MFILE, door_call(&one, "path_open", 3, 0, DOOR_PATH, 1, 2, 0, 0, 0, DOOR_RESULT));
    CHECK_ERROR(0, door_call(&one, "fd_close", opened));
    CHECK_ERROR(0, door_call(&one, "path_open", 3, 0, DOOR_PATH, 1, 2, 0, 0, 0, DOOR_RESULT));
    door_set_u32(&one, DOOR_IOV, DOOR_BUFFER);
    door_set_u32(&one, DOOR_IOV + 4, 8);
    CHECK_ERROR(0, door_call(&one, "fd_write", 1, DOOR_IOV, 1, DOOR_RESULT));
    CHECK(door_u32(&one, DOOR_RESULT) == 8);
    CHECK_ERROR(0, door_call(&one, "fd_write", 1, DOOR_IOV, 1, DOOR_RESULT));
    CHECK(door_u32(&one, DOOR_RESULT) == 2);
    CHECK_ERROR(E_DQUOT, door_call(&one, "fd_write", 1, DOOR_IOV, 1, DOOR_RESULT));
    CHECK(tenon_tenant_left(one.tenant, TENON_METER_BYTES_OUT) == 0);
    rewind(file);
    CHECK_ERROR(0, door_call(&one, "fd_read", 0, DOOR_IOV, 1, DOOR_RESULT));
    CHECK(door_u32(&one, DOOR_RESULT) == 5);
    CHECK_ERROR(E_DQUOT, door_call(&one, "fd_read", 0, DOOR_IOV, 1, DOOR_RESULT));
    CHECK(tenon_tenant_spent(one.tenant, TENON_METER_HOST_CALLS) == 9);
    for (int i = 0; i < 3; i++)
        CHECK_ERROR(0, door_call(&one, "clock_time_get", 0, 0, DOOR_RESULT));
    (void)door_call(&one, "clock_time_get", 0, 0, DOOR_RESULT);
    CHECK(one.status == TENON_LIMIT);
    fclose(file);
    CHECK(door_close(&one));
}

const door_case door_right_cases[] = {
    CASE(read_only_opens),
    CASE(read_only_file),
    CASE(read_only_names),
    CASE(read_only_subfolder),
    CASE(rights_are_not_regained),
    CASE(truncation_needs_its_right),
    CASE(opened_files_have_what_was_asked),
    CASE(names_do_not_launder_rights),
    CASE(folders_are_no_files),
    CASE(renumber_onto_a_folder),
    CASE(renumber_onto_stdio),
    CASE(renumber_of_nothing),
    CASE(closed_and_used_again),
    CASE(too_many_descriptors),
    CASE(quota_of_writes),
    CASE(quota_of_names),
    CASE(quota_of_unlinked_files),
    CASE(quota_is_not_left),
    CASE(quota_of_appends),
    CASE(quotas_hold_over_guests),
    CASE(likes_are_alike),
    CASE(lists_outside_memory),
    CASE(buffers_outside_memory),
    CASE(results_outside_memory),
    CASE(arguments_outside_memory),
    CASE(huge_reads),
    CASE(every_function_with_extremes),
    CASE(cookies),
    CASE(the_parent_stays_unknown),
    CASE(positions),
    CASE(polls),
    CASE(nothing_is_granted_by_default),
    CASE(one_capability_at_a_time),
    CASE(a_denial_may_end_the_guest),
    CASE(capabilities_are_taken_away),
    CASE(refusals_are_audited),
    CASE(host_flags_stay),
    CASE(a_broken_pipe_is_an_error),
    CASE(terminals_see_no_escapes),
    CASE(sockets_of_others),
    CASE(budgets_hold),
    { NULL, NULL },
};
