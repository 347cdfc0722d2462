/* SPDX-License-Identifier: MIT
 * `tenon doctor`: what this machine can and cannot do for guests, and what follows. Each row tries the real thing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/command.h"

typedef enum verdict { GOOD, LIMITED, MISSING } verdict;

typedef struct finding {
    const char *name;
    verdict verdict;
    char text[200];
    bool needed; /* without it something that tenon promises does not work */
} finding;

static void say(finding *f, verdict v, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(finding *f, verdict v, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    f->verdict = v;
}

static void check_guards(finding *f)
{
    const size_t size = (size_t)5 << 30;
    void *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED) {
        say(f, LIMITED, "4 GiB of address space cannot be reserved (%s): run with --checked, about a third slower",
            strerror(errno));
        return;
    }
    munmap(p, size);
    say(f, GOOD, "memories are guarded: no bounds checks");
}

static void check_openat2(finding *f)
{
    struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    int root = open("/", O_PATH | O_CLOEXEC);
    long fd = syscall(SYS_openat2, root, ".", &how, sizeof how);

    if (fd < 0)
        say(f, MISSING, "not there (%s): guests get no paths at all; needs Linux 5.6 or a sandbox that admits it",
            strerror(errno));
    else
        say(f, GOOD, "paths of guests are resolved by the kernel, below their folders");
    if (fd >= 0)
        close((int)fd);
    close(root);
}

static void check_landlock(finding *f)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);

    if (abi < 0)
        say(f, LIMITED, "not there (%s): no second wall around a server's files", strerror(errno));
    else
        say(f, GOOD, "ABI %ld: servers can wall off files for good", abi);
}

static void check_maps(finding *f)
{
    FILE *in = fopen("/proc/sys/vm/max_map_count", "re");
    unsigned long count = 0;

    if (in == NULL || fscanf(in, "%lu", &count) != 1)
        say(f, LIMITED, "vm.max_map_count is unknown");
    else
        say(f, count < 65530 ? LIMITED : GOOD, "vm.max_map_count is %lu: about %lu guarded memories at a time", count,
            count / 2);
    if (in != NULL)
        fclose(in);
}

static void check_descriptors(finding *f)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        say(f, LIMITED, "unknown");
    else
        say(f, limit.rlim_cur < 1024 ? LIMITED : GOOD, "%" PRIu64 " at a time (ulimit -n)", (uint64_t)limit.rlim_cur);
}

static void check_address_space(finding *f)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        say(f, GOOD, "unlimited");
    else
        say(f, LIMITED, "%" PRIu64 " MiB (ulimit -v): a guarded memory takes 4,129", (uint64_t)limit.rlim_cur >> 20);
}

static void check_llvm(finding *f)
{
    static const char *const patterns[] = { "/usr/lib/*/libLLVM*22*.so*", "/usr/lib/llvm-22/lib/libLLVM*.so*",
                                            "/usr/lib/*/libLLVM*19*.so*", "/usr/lib/llvm-19/lib/libLLVM*.so*" };

    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        glob_t found;
        bool there = glob(patterns[i], 0, NULL, &found) == 0;
        if (there)
            say(f, GOOD, "%.80s is installed; this version interprets and does not use it yet", found.gl_pathv[0]);
        globfree(&found);
        if (there)
            return;
    }
    say(f, LIMITED, "not installed; this version interprets and does not need it");
}

static void check_kvm(finding *f)
{
    if (access("/dev/kvm", R_OK | W_OK) == 0)
        say(f, GOOD, "there; not used");
    else
        say(f, LIMITED, "%s; not needed", errno == ENOENT ? "not there" : "not for this user");
}

static finding findings[] = {
    { .name = "guard pages", .needed = false }, { .name = "openat2", .needed = true },
    { .name = "landlock", .needed = false },    { .name = "mappings", .needed = false },
    { .name = "descriptors", .needed = false }, { .name = "address space", .needed = false },
    { .name = "LLVM", .needed = false },        { .name = "KVM", .needed = false },
};
static void (*const checks[])(finding *) = { check_guards,      check_openat2,       check_landlock, check_maps,
                                             check_descriptors, check_address_space, check_llvm,     check_kvm };
static const char *const verdicts[] = { "good", "limited", "missing" };

static void print_json(void)
{
    json_t *all = json_object();

    for (size_t i = 0; i < sizeof findings / sizeof *findings; i++)
        json_object_set_new(
            all, findings[i].name,
            json_pack("{s:s, s:s}", "verdict", verdicts[findings[i].verdict], "text", findings[i].text));
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

enum { JSON };
static const cli_option options[] = {
    [JSON] = { "json", NULL, "Print one JSON object." },
    { NULL, NULL, NULL },
};

static int run(const cli_command *command, int argc, char **argv)
{
    bool json = false;
    int count, code;

    if (!cli_parse_flags(command, argc, argv, &json, &count, &code))
        return code;
    if (count > 0)
        return cli_complain(command, "takes no arguments");
    code = CLI_OK;
    for (size_t i = 0; i < sizeof findings / sizeof *findings; i++) {
        checks[i](&findings[i]);
        if (findings[i].needed && findings[i].verdict == MISSING)
            code = CLI_FAILED;
        if (!json)
            printf("%-14s %-8s %s\n", findings[i].name, verdicts[findings[i].verdict], findings[i].text);
    }
    if (json)
        print_json();
    return code;
}

const cli_command cli_doctor_command = {
    .name = "doctor",
    .summary = "say what this machine can and cannot do for guests",
    .arguments = "",
    .description = "Tries what tenon uses of the system, and says what follows where something is missing.",
    .lists =
        (const char *const[]){ "Exit code", "0, or 1 when something that tenon promises does not work here.", NULL },
    .options = options,
    .run = run,
};
