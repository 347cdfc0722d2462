/* SPDX-License-Identifier: MIT
 * perf's map (/tmp/perf-PID.map: a line for each function) and its dump (jit-PID.dump: the code itself besides, for
 * perf inject), as perf's tools/perf/Documentation/jitdump-specification.txt has them.
 */
#define _GNU_SOURCE
#include "jit/tools.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/os/os.h"

/* ---- symbols ---- */

static void add_symbol(tn_code_symbol *list, size_t *count, uint32_t at, const char *suffix, const tn_module *m,
                       uint32_t own)
{
    tenon_name name = tn_module_func_name(m, m->imported_funcs + own);
    tn_code_symbol *s = &list[(*count)++];

    s->at = at;
    if (name.size > 0)
        snprintf(s->name, sizeof s->name, "%.*s%s", (int)(name.size < 100 ? name.size : 100), name.data, suffix);
    else
        snprintf(s->name, sizeof s->name, "wasm-function[%u]%s", (unsigned)(m->imported_funcs + own), suffix);
    for (char *c = s->name; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            *c = '?';
}

static int by_place(const void *a, const void *b)
{
    const tn_code_symbol *x = a, *y = b;

    return (x->at > y->at) - (x->at < y->at);
}

tn_code_symbol *tn_image_symbols(const tn_image *image, size_t *count)
{
    uint32_t functions, loops;
    const tn_image_function *f = tn_image_table(image, TN_PART_FUNCTIONS, &functions);
    const tn_image_loop *l = tn_image_table(image, TN_PART_LOOPS, &loops);
    tn_code_symbol *list = calloc((size_t)functions + loops + 1, sizeof *list);

    *count = 0;
    if (list == NULL)
        return NULL;
    for (uint32_t i = 0; i < functions; i++)
        if (f[i].code != 0)
            add_symbol(list, count, f[i].code - 1, "", image->module, i);
    for (uint32_t i = 0; i < loops; i++)
        add_symbol(list, count, l[i].code, " (loop)", image->module, l[i].own);
    qsort(list, *count, sizeof *list, by_place);
    for (size_t i = 0; i < *count; i++)
        list[i].size = (i + 1 < *count ? list[i + 1].at : image->header->code_size) - list[i].at;
    return list;
}

/* Seconds since this process was started; 0 when the system does not say. */
static double age_of_process(void)
{
    char text[1024];
    struct timespec now;
    unsigned long long start = 0;
    FILE *file = fopen("/proc/self/stat", "re");
    size_t size = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;

    if (file != NULL)
        fclose(file);
    text[size] = '\0';
    /* The 22nd word; the second, a name in parentheses, may have blanks. */
    const char *p = strrchr(text, ')');
    for (int i = 0; p != NULL && i < 20; i++)
        p = strchr(p + 1, ' ');
    if (p == NULL || sscanf(p, "%llu", &start) != 1 || clock_gettime(CLOCK_BOOTTIME, &now) != 0)
        return 0;
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9 - (double)start / (double)sysconf(_SC_CLK_TCK);
}

/* Process numbers come again: what an earlier process has left behind is not ours. */
static void empty_if_old(int fd)
{
    struct timespec now;
    struct stat info;
    double age = age_of_process();

    if (age > 0 && fstat(fd, &info) == 0 && clock_gettime(CLOCK_REALTIME, &now) == 0 &&
        difftime(now.tv_sec, info.st_mtim.tv_sec) > age + 1)
        (void)!ftruncate(fd, 0);
}

/* A file of ours that is written to at its end, through no link; NULL when it cannot be had. */
static FILE *open_end(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return NULL;
    empty_if_old(fd);
    FILE *file = fdopen(fd, "a+");
    if (file == NULL)
        close(fd);
    return file;
}

/* ---- perf's map ---- */

static void write_map(const tn_image *image, const tn_code_symbol *symbols, size_t count)
{
    char path[64];

    snprintf(path, sizeof path, "/tmp/perf-%ld.map", (long)getpid());
    FILE *file = open_end(path);
    if (file == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%lx %x %s\n", (unsigned long)(uintptr_t)(image->code + symbols[i].at), (unsigned)symbols[i].size,
                symbols[i].name);
    fclose(file);
}

/* ---- perf's dump ---- */

#define DUMP_MAGIC 0x4A695444
#define CODE_LOAD  0

typedef struct dump_header {
    uint32_t magic, version, size, machine, reserved, process;
    uint64_t time, flags;
} dump_header;

typedef struct dump_code {
    uint32_t kind, size;
    uint64_t time;
    uint32_t process, thread;
    uint64_t address, again, code_size, number;
} dump_code;

/* perf notices the file because a process maps it to be executed. */
static void begin_dump(FILE *file)
{
    const dump_header h = { .magic = DUMP_MAGIC,
                            .version = 1,
                            .size = sizeof h,
                            .machine = TN_STUBS_CPU == TN_IMAGE_X86_64 ? EM_X86_64 : EM_AARCH64,
                            .process = (uint32_t)getpid(),
                            .time = tn_os_now() };

    fwrite(&h, sizeof h, 1, file);
    fflush(file);
    void *page = mmap(NULL, sizeof h, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(file), 0);
    if (page != MAP_FAILED)
        munmap(page, sizeof h);
}

static void write_code(FILE *file, const tn_image *image, const tn_code_symbol *s)
{
    size_t name = strlen(s->name) + 1;
    const uint8_t *code = image->code + s->at;
    const dump_code c = { .kind = CODE_LOAD,
                          .size = (uint32_t)(sizeof c + name + s->size),
                          .time = tn_os_now(),
                          .process = (uint32_t)getpid(),
                          .thread = (uint32_t)syscall(SYS_gettid),
                          .address = (uintptr_t)code,
                          .again = (uintptr_t)code,
                          .code_size = s->size,
                          .number = (uintptr_t)code };

    fwrite(&c, sizeof c, 1, file);
    fwrite(s->name, name, 1, file);
    fwrite(code, s->size, 1, file);
}

static void write_dump(const tn_image *image, const tn_code_symbol *symbols, size_t count)
{
    char path[64];

    snprintf(path, sizeof path, "jit-%ld.dump", (long)getpid());
    FILE *file = open_end(path);
    if (file == NULL)
        return;
    flock(fileno(file), LOCK_EX);
    if (lseek(fileno(file), 0, SEEK_END) == 0)
        begin_dump(file);
    for (size_t i = 0; i < count; i++)
        write_code(file, image, &symbols[i]);
    fclose(file);
}

void tn_tools_announce(tn_image *image, tenon_tools tools)
{
    size_t count;

    if (tools & TENON_TOOL_GDB)
        tn_gdb_announce(image);
    if ((tools & (TENON_TOOL_PERF_MAP | TENON_TOOL_JITDUMP)) == 0)
        return;
    tn_code_symbol *symbols = tn_image_symbols(image, &count);
    if (symbols != NULL && (tools & TENON_TOOL_PERF_MAP))
        write_map(image, symbols, count);
    if (symbols != NULL && (tools & TENON_TOOL_JITDUMP))
        write_dump(image, symbols, count);
    free(symbols);
}
