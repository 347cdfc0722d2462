/* SPDX-License-Identifier: MIT
 * Guests that try to get out through the door: makes the world of each case, runs it, and looks whether anything outside
 * has changed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "door_test.h"

char door_folder[64];
static unsigned case_failures, lent;
static const char *running;

void door_check(bool ok, const char *file, int line, const char *text)
{
    if (ok)
        return;
    case_failures++;
    printf("%s:%d: %s: %s\n", file, line, running, text);
}

const char *door_path(const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", door_folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *out = fopen(door_path(name), "w");

    door_must(out != NULL && fputs(text, out) >= 0 && fclose(out) == 0, name);
}

bool door_holds(const char *name, const char *text)
{
    char have[128] = "";
    FILE *in = fopen(door_path(name), "r");

    if (in == NULL)
        return false;
    size_t size = fread(have, 1, sizeof have - 1, in);
    fclose(in);
    return size == strlen(text) && memcmp(have, text, size) == 0;
}

static void make_links(void)
{
    static const char *const links[][2] = { { "file.txt", "box/link_in" },    { "../secret.txt", "box/link_out" },
                                            { "/etc/passwd", "box/link_abs" }, { "..", "box/out" },
                                            { "loop_b", "box/loop_a" },        { "loop_a", "box/loop_b" },
                                            { "nowhere", "box/dangling" },     { "/proc/self/fd", "box/self" },
                                            { "file.txt", "box/chain_0" },     { "../outside/new", "box/dangling_out" } };
    char from[32], to[32];

    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        door_must(symlink(links[i][0], door_path(links[i][1])) == 0, links[i][1]);
    for (int i = 1; i <= 50; i++) {
        snprintf(from, sizeof from, "chain_%d", i - 1);
        snprintf(to, sizeof to, "box/chain_%d", i);
        door_must(symlink(from, door_path(to)) == 0, to);
    }
}

static void make_folder(void)
{
    static const char *const folders[] = { "outside", "box", "box/dir", "shelf", "shelf/sub", "purse" };

    strcpy(door_folder, "/tmp/tenon-door-XXXXXX");
    door_must(mkdtemp(door_folder) != NULL, "folder");
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        door_must(mkdir(door_path(folders[i]), 0755) == 0, folders[i]);
    write_file("secret.txt", "secret");
    write_file("outside/file.txt", "outside");
    write_file("box/file.txt", "hello");
    write_file("box/dir/deep.txt", "deep");
    write_file("shelf/book.txt", "book");
    door_must(mkfifo(door_path("box/fifo"), 0600) == 0, "fifo");
    make_links();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

static unsigned count_entries(const char *name)
{
    char command[300];
    unsigned count = 0;

    snprintf(command, sizeof command, "find %s | wc -l", door_path(name));
    FILE *in = popen(command, "r");
    door_must(in != NULL && fscanf(in, "%u", &count) == 1, "find");
    pclose(in);
    return count;
}

tenon_wasi_config door_config(void)
{
    return (tenon_wasi_config){ .size = sizeof(tenon_wasi_config), .capabilities = TENON_CAPABILITIES_ALL };
}

door door_enter(const tenon_wasi_config *config, tenon_bounds bounds)
{
    return door_enter_with(config, bounds, NULL);
}

door door_enter_with(const tenon_wasi_config *config, tenon_bounds bounds, const tenon_policy *policy)
{
    static const struct {
        const char *host, *guest;
        bool read_only;
        uint64_t quota;
    } rows[] = { { "box", "/", false, 0 }, { "shelf", "/shelf", true, 0 }, { "purse", "/purse", false, 65536 } };
    tenon_wasi_directory directory = { .size = sizeof directory };
    door d = door_open_with(config, bounds, policy);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        directory.host_path = door_path(rows[i].host);
        directory.guest_path = rows[i].guest;
        directory.read_only = rows[i].read_only;
        directory.quota = rows[i].quota;
        door_must(tenon_wasi_add_directory(d.wasi, &directory, NULL) == TENON_OK, rows[i].host);
    }
    directory = (tenon_wasi_directory){ .size = sizeof directory, .host_path = "/dev", .guest_path = "/dev" };
    door_must(tenon_wasi_add_directory(d.wasi, &directory, NULL) == TENON_OK, "/dev");
    lent += 3;
    for (uint32_t i = 0; i < 3; i++)
        door_must(tenon_wasi_set_stdio(d.wasi, i, open("/dev/null", O_RDWR | O_CLOEXEC)) == TENON_OK, "stdio");
    return d;
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;

    for (int fd = 0; fd < 4096; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static bool run_case(const door_case *c, tenon_bounds bounds)
{
    tenon_wasi_config config = door_config();

    case_failures = lent = 0;
    running = c->name;
    make_folder();
    unsigned entries = count_entries("outside"), before = open_descriptors();
    door d = door_enter(&config, bounds);
    c->run(&d);
    CHECK(door_holds("secret.txt", "secret"));
    CHECK(door_holds("outside/file.txt", "outside"));
    CHECK(door_holds("shelf/book.txt", "book"));
    CHECK(count_entries("outside") == entries);
    CHECK(door_close(&d));
    CHECK(open_descriptors() == before + lent);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    nftw(door_folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return case_failures == 0;
}

int main(void)
{
    static const door_case *const lists[] = { door_path_cases, door_right_cases };
    unsigned passed = 0, failed = 0;

    umask(022);
    for (int bounds = 0; bounds < 2; bounds++)
        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
            for (const door_case *c = lists[i]; c->name != NULL; c++) {
                bool ok = run_case(c, (tenon_bounds)bounds);
                passed += ok;
                failed += !ok;
            }
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}
