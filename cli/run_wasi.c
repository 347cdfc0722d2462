/* SPDX-License-Identifier: MIT
 * What `tenon run` gives its guest of the outside.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/run.h"

/* ---- the audit file: one JSON object per line, written before the call is made ---- */

static void write_record(void *context, tenon_tenant *tenant, const tenon_record *record)
{
    FILE *out = context;
    json_t *o = json_pack("{s:I, s:s, s:s, s:b}", "call", (json_int_t)record->number, "function", record->function,
                          "capability", tenon_capability_text(record->capability), "allowed", record->allowed);

    (void)tenant;
    if (o == NULL)
        return;
    if (record->descriptor != TENON_NO_DESCRIPTOR)
        json_object_set_new(o, "descriptor", json_integer(record->descriptor));
    for (int i = 0; i < 2; i++)
        if (record->path[i].data != NULL)
            json_object_set_new(o, i == 0 ? "path" : "path2", json_stringn(record->path[i].data, record->path[i].size));
    if (record->reason != NULL)
        json_object_set_new(o, "reason", json_string(record->reason));
    json_dumpf(o, out, JSON_COMPACT);
    fputc('\n', out);
    fflush(out);
    json_decref(o);
}

/* ---- arguments and variables ---- */

static tenon_name name_of(const char *text)
{
    return (tenon_name){ text, strlen(text) };
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool add_variable(tenon_wasi *wasi, const char *text)
{
    char *joined;
    const char *value = strchr(text, '=') == NULL ? getenv(text) : NULL;

    if (strchr(text, '=') != NULL)
        return tenon_wasi_add_variable(wasi, name_of(text)) == TENON_OK;
    if (value == NULL)
        return true; /* not set here, so not set there */
    if (asprintf(&joined, "%s=%s", text, value) < 0)
        return false;
    bool ok = tenon_wasi_add_variable(wasi, name_of(joined)) == TENON_OK;
    free(joined);
    return ok;
}

static bool add_texts(const run_options *o, tenon_wasi *wasi)
{
    bool ok = tenon_wasi_add_argument(wasi, name_of(o->argv0 != NULL ? o->argv0 : file_name(o->path))) == TENON_OK;

    for (int i = 0; ok && i < o->arg_count && o->invoke == NULL; i++)
        ok = tenon_wasi_add_argument(wasi, name_of(o->args[i])) == TENON_OK;
    for (size_t i = 0; ok && i < o->variable_count; i++)
        ok = add_variable(wasi, o->variables[i]);
    if (!ok)
        fputs("tenon: no memory for arguments and variables within the limits\n", stderr);
    return ok;
}

/* ---- descriptors ---- */

static bool add_directories(const run_options *o, tenon_wasi *wasi)
{
    for (size_t i = 0; i < o->directory_count; i++) {
        const run_directory *d = &o->directories[i];
        const tenon_wasi_directory directory = { .size = sizeof directory,
                                                 .host_path = d->host,
                                                 .guest_path = d->guest,
                                                 .read_only = d->read_only,
                                                 .quota = d->quota };
        tenon_error err;
        if (tenon_wasi_add_directory(wasi, &directory, &err) != TENON_OK) {
            fprintf(stderr, "tenon: --dir %s\n", err.text);
            return false;
        }
    }
    return true;
}

/* "127.0.0.1:8080", "[::1]:0", "localhost:80", ":8080" (any address). Numbers only: a listener needs no name service.
 */
static bool parse_address(const char *text, struct sockaddr_storage *out, socklen_t *size)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    const char *colon = strrchr(text, ':');
    char host[64], *end;

    if (colon == NULL || colon[1] < '0' || colon[1] > '9' || (size_t)(colon - text) >= sizeof host)
        return false;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (*end != '\0' || port > 65535)
        return false;
    bool brackets = text[0] == '[' && colon > text + 1 && colon[-1] == ']';
    snprintf(host, sizeof host, "%.*s", (int)(colon - text) - 2 * brackets, text + brackets);
    memset(out, 0, sizeof *out);
    if (brackets) {
        *size = sizeof *v6;
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1;
    }
    *size = sizeof *v4;
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)port);
    return host[0] == '\0' ||
           inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &v4->sin_addr) == 1;
}

/* A listening socket, or -1 with the reason printed. */
static int listen_at(const char *text)
{
    struct sockaddr_storage address;
    socklen_t size;
    const int on = 1;

    if (!parse_address(text, &address, &size)) {
        fprintf(stderr,
                "tenon: --tcplisten %s: write ADDRESS:PORT with numbers, such as 127.0.0.1:8080 or [::1]:8080\n", text);
        return -1;
    }
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 128) == 0)
        return fd;
    fprintf(stderr, "tenon: --tcplisten %s: %s\n", text, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool add_listeners(const run_options *o, tenon_wasi *wasi)
{
    for (size_t i = 0; i < o->listener_count; i++) {
        int fd = listen_at(o->listeners[i]);
        if (fd < 0)
            return false;
        if (tenon_wasi_add_listener(wasi, fd) != TENON_OK) {
            fprintf(stderr, "tenon: --tcplisten %s: the guest has too many descriptors\n", o->listeners[i]);
            return false;
        }
    }
    return true;
}

tenon_policy run_policy(const run_options *o, FILE *audit)
{
    tenon_policy policy = o->policy;

    policy.audit = audit != NULL ? write_record : NULL;
    policy.audit_context = audit;
    return policy;
}

bool run_open_wasi(const run_options *o, tenon_tenant *tenant, tenon_wasi **out)
{
    bool ok = true;

    if (tenon_wasi_new(tenant, &o->wasi, out) != TENON_OK) {
        fputs("tenon: no memory for the guest's descriptors within the limits\n", stderr);
        *out = NULL;
        return false;
    }
    for (uint32_t i = 0; i < 3; i++)
        ok = ok && tenon_wasi_set_stdio(*out, i, (int)i) == TENON_OK;
    return ok && add_texts(o, *out) && add_directories(o, *out) && add_listeners(o, *out);
}
