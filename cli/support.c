/* SPDX-License-Identifier: MIT
 * Files, errors and values for the subcommands.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "tenon/compiled.h"

static bool read_stream(FILE *in, cli_file *out)
{
    uint8_t *bytes = NULL;
    size_t size = 0, capacity = 0, got;

    do {
        if (size == capacity) {
            capacity = capacity == 0 ? 65536 : capacity * 2;
            uint8_t *more = realloc(bytes, capacity);
            if (more == NULL) {
                free(bytes);
                errno = ENOMEM;
                return false;
            }
            bytes = more;
        }
        got = fread(bytes + size, 1, capacity - size, in);
        size += got;
    } while (got > 0);
    *out = (cli_file){ .bytes = bytes, .size = size };
    return !ferror(in);
}

/* A copy that nobody can change: a mapping of the file would show what others write to it, the guest itself among
 * them, after it was checked. */
static bool copy_file(int fd, size_t size, cli_file *out)
{
    uint8_t *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t got = 0;

    if (p == MAP_FAILED)
        return false;
    (void)madvise(p, size, MADV_HUGEPAGE);
    while (got < size) {
        ssize_t n = read(fd, p + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    *out = (cli_file){ .bytes = p, .size = size, .mapped = true };
    if (got == size)
        return true;
    if (errno == 0)
        errno = EIO;
    munmap(p, size);
    return false;
}

/* Clocks of file systems may stand still for a while, and be another machine's. */
#define SETTLED_SECONDS 2

static bool identify(const struct stat *st, cli_identity *out)
{
    struct timespec now;

    *out = (cli_identity){ st->st_dev,
                           st->st_ino,
                           (uint64_t)st->st_size,
                           { (uint64_t)st->st_mtim.tv_sec, (uint64_t)st->st_mtim.tv_nsec },
                           { (uint64_t)st->st_ctim.tv_sec, (uint64_t)st->st_ctim.tv_nsec } };
    return S_ISREG(st->st_mode) && clock_gettime(CLOCK_REALTIME, &now) == 0 &&
           now.tv_sec - st->st_ctim.tv_sec > SETTLED_SECONDS;
}

bool cli_identify_file(const char *path, cli_identity *out)
{
    struct stat st;

    return stat(path, &st) == 0 && identify(&st, out);
}

static bool open_file(const char *path, cli_file *out)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok;

    if (fd < 0)
        return false;
    errno = 0;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        ok = copy_file(fd, (size_t)st.st_size, out);
        out->has_identity = identify(&st, &out->identity);
        close(fd);
        return ok;
    }
    FILE *in = fdopen(fd, "rb");
    ok = in != NULL && read_stream(in, out);
    if (in != NULL)
        fclose(in);
    return ok;
}

bool cli_read_file(const char *path, cli_file *out)
{
    if (strcmp(path, "-") == 0 ? read_stream(stdin, out) : open_file(path, out))
        return true;
    fprintf(stderr, "tenon: %s: %s\n", path, strerror(errno));
    return false;
}

int cli_open_compiled(const char *path)
{
    uint8_t start[8];
    struct stat info;
    int fd = strcmp(path, "-") == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && pread(fd, start, sizeof start, 0) == sizeof start &&
        tenon_is_compiled(start, sizeof start))
        return fd;
    close(fd);
    return -1;
}

void cli_release_file(cli_file *file)
{
    if (file->mapped)
        munmap((void *)(uintptr_t)file->bytes, file->size);
    else
        free((void *)(uintptr_t)file->bytes);
}

int cli_exit_code(tenon_status status)
{
    switch (status) {
    case TENON_OK:
        return CLI_OK;
    case TENON_MALFORMED:
    case TENON_INVALID:
    case TENON_UNSUPPORTED:
        return CLI_LOAD;
    case TENON_LINK:
        return CLI_LINK;
    case TENON_TRAP:
    case TENON_EXCEPTION:
        return CLI_TRAP;
    case TENON_USAGE:
        return CLI_USAGE;
    case TENON_DENIED:
        return CLI_DENIED;
    default:
        return CLI_FAILED;
    }
}

bool cli_on_terminal(void)
{
    const char *no_color = getenv("NO_COLOR");

    return isatty(STDERR_FILENO) == 1 && (no_color == NULL || *no_color == '\0');
}

void cli_progress(const char *what, int done, int all)
{
    if (all < 2 || !cli_on_terminal())
        return;
    if (what != NULL)
        fprintf(stderr, "\r%s %d of %d", what, done + 1, all);
    else
        fputs("\r\033[K", stderr);
}

int cli_report(const char *path, const tenon_error *err, tenon_status status)
{
    const char *text = err->text[0] != '\0' ? err->text : tenon_status_text(status);

    fprintf(stderr, cli_on_terminal() ? "tenon: %s: \033[1;31m%s\033[0m" : "tenon: %s: %s", path, text);
    if (err->function != TENON_NO_INDEX)
        fprintf(stderr, " (function %" PRIu32 ")", err->function);
    if (err->offset != TENON_NO_OFFSET)
        fprintf(stderr, " (at offset 0x%" PRIx64 ")", err->offset);
    fputc('\n', stderr);
    return cli_exit_code(status);
}

void cli_print_value(FILE *out, const tenon_val *v)
{
    switch (v->type) {
    case TENON_I32:
        fprintf(out, "%" PRId32, v->of.i32);
        break;
    case TENON_I64:
        fprintf(out, "%" PRId64, v->of.i64);
        break;
    case TENON_F32:
        fprintf(out, "%.9g", (double)v->of.f32);
        break;
    case TENON_F64:
        fprintf(out, "%.17g", v->of.f64);
        break;
    case TENON_V128:
        fputs("0x", out);
        for (int i = 15; i >= 0; i--)
            fprintf(out, "%02x", v->of.v128[i]);
        break;
    default:
        if (v->of.ref == 0)
            fputs("null", out);
        else if (v->type == TENON_EXTERNREF)
            fprintf(out, "externref:%" PRIuPTR, (uintptr_t)v->of.ref);
        else
            fputs(tenon_type_text(v->type), out);
    }
}

/* Integers may be written signed or unsigned, in any base of C. */
static bool parse_integer(const char *text, unsigned bits, uint64_t *out)
{
    char *end;

    errno = 0;
    if (*text == '-') {
        long long value = strtoll(text, &end, 0);
        *out = (uint64_t)value;
        return errno == 0 && *end == '\0' && (bits == 64 || value >= INT32_MIN);
    }
    *out = strtoull(text, &end, 0);
    return errno == 0 && *text != '\0' && *end == '\0' && (bits == 64 || *out <= UINT32_MAX);
}

static bool parse_vector(const char *text, uint8_t out[16])
{
    if (strncmp(text, "0x", 2) != 0 || strlen(text) != 34)
        return false;
    for (int i = 0; i < 16; i++) {
        char digits[3] = { text[2 + 2 * i], text[3 + 2 * i], '\0' }, *end;
        out[15 - i] = (uint8_t)strtoul(digits, &end, 16);
        if (*end != '\0')
            return false;
    }
    return true;
}

bool cli_parse_value(const char *text, tenon_type type, tenon_val *out)
{
    uint64_t bits;
    char *end;

    memset(out, 0, sizeof *out);
    out->type = type;
    switch (type) {
    case TENON_I32:
        if (!parse_integer(text, 32, &bits))
            return false;
        out->of.i32 = (int32_t)(uint32_t)bits;
        return true;
    case TENON_I64:
        if (!parse_integer(text, 64, &bits))
            return false;
        out->of.i64 = (int64_t)bits;
        return true;
    case TENON_F32:
        out->of.f32 = strtof(text, &end);
        return *text != '\0' && *end == '\0';
    case TENON_F64:
        out->of.f64 = strtod(text, &end);
        return *text != '\0' && *end == '\0';
    case TENON_V128:
        return parse_vector(text, out->of.v128);
    case TENON_EXTERNREF:
        if (strncmp(text, "externref:", 10) == 0 && parse_integer(text + 10, 64, &bits) && bits != 0) {
            out->of.ref = (tenon_ref)bits;
            return true;
        }
        return strcmp(text, "null") == 0;
    default:
        return strcmp(text, "null") == 0;
    }
}

bool cli_parse_size(const char *text, uint64_t *out)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    unsigned shift = *end == 'k' ? 10 : *end == 'm' ? 20 : *end == 'g' ? 30 : 0;

    if (end == text || *text == '-' || (shift != 0 ? end[1] : *end) != '\0' || value == 0 ||
        value > UINT64_MAX >> shift)
        return false;
    *out = value << shift;
    return true;
}

bool cli_parse_duration(const char *text, uint64_t *out)
{
    static const struct {
        const char *name;
        double nanoseconds;
    } units[] = {
        { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "", 1e9 }, { "m", 60e9 }, { "h", 3600e9 }
    };
    char *end;
    double value = strtod(text, &end);

    if (end == text || !(value > 0))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].name) == 0 && value * units[i].nanoseconds < 9e18) {
            *out = (uint64_t)(value * units[i].nanoseconds);
            return *out > 0;
        }
    return false;
}
