/* SPDX-License-Identifier: MIT */
#include "cli/key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes all folders of a path, for the user alone. */
static bool make_folders(char *path)
{
    for (char *p = path + 1;; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char end = *p;
        *p = '\0';
        bool ok = mkdir(path, 0700) == 0 || errno == EEXIST;
        *p = end;
        if (!ok || end == '\0')
            return ok;
    }
}

static bool name_folder(const char *variable, const char *otherwise, char *out, size_t size)
{
    const char *base = getenv(variable), *home = getenv("HOME");
    int n;

    if (base != NULL && base[0] == '/')
        n = snprintf(out, size, "%s/tenon", base);
    else if (home != NULL && home[0] == '/')
        n = snprintf(out, size, "%s/%s/tenon", home, otherwise);
    else
        return false;
    return n > 0 && (size_t)n < size;
}

bool cli_user_folder(const char *variable, const char *otherwise, char *out, size_t size)
{
    return name_folder(variable, otherwise, out, size) && make_folders(out);
}

bool cli_has_in_user_folder(const char *variable, const char *otherwise, const char *name)
{
    char path[PATH_MAX];

    if (!name_folder(variable, otherwise, path, sizeof path - strlen(name)))
        return false;
    strcat(path, name);
    return access(path, R_OK) == 0;
}

/* 32 bytes, or 64 hexadecimal digits. */
static bool parse_key(const char *text, size_t size, tenon_key *out)
{
    if (size == sizeof out->bytes) {
        memcpy(out->bytes, text, size);
        return true;
    }
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        size--;
    for (size_t i = 0; i < sizeof out->bytes && size == 2 * sizeof out->bytes; i++) {
        char digits[3] = { text[2 * i], text[2 * i + 1], 0 }, *end;
        out->bytes[i] = (uint8_t)strtoul(digits, &end, 16);
        if (*end != '\0')
            return false;
    }
    return size == 2 * sizeof out->bytes;
}

static bool read_key(const char *path, tenon_key *out)
{
    char text[80];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof text) : -1;

    if (fd >= 0)
        close(fd);
    if (size < 0)
        return false;
    errno = EINVAL;
    return parse_key(text, (size_t)size, out);
}

/* Written aside and linked, so that of several processes one wins and nobody sees half a key. */
static bool make_key(const char *path)
{
    char aside[PATH_MAX];
    tenon_key key;

    if (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key)
        return false;
    if ((size_t)snprintf(aside, sizeof aside, "%s.%ld", path, (long)getpid()) >= sizeof aside)
        return false;
    int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool ok = write(fd, &key, sizeof key) == (ssize_t)sizeof key && fsync(fd) == 0;
    close(fd);
    ok = ok && (link(aside, path) == 0 || errno == EEXIST);
    unlink(aside);
    return ok;
}

bool cli_read_key(const char *path, tenon_key *out)
{
    char own[PATH_MAX];

    if (path != NULL) {
        if (read_key(path, out))
            return true;
        fprintf(stderr, "tenon: --key %s: %s\n", path,
                errno == EINVAL ? "a key is 32 bytes, or 64 hexadecimal digits" : strerror(errno));
        return false;
    }
    if (!cli_user_folder("XDG_DATA_HOME", ".local/share", own, sizeof own - 8)) {
        fputs("tenon: no place for a key: neither XDG_DATA_HOME nor HOME names a folder\n", stderr);
        return false;
    }
    strcat(own, "/key");
    if (read_key(own, out) || (errno == ENOENT && make_key(own) && read_key(own, out)))
        return true;
    fprintf(stderr, "tenon: the key %s: %s\n", own, strerror(errno));
    return false;
}
