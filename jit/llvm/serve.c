/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "jit/llvm/serve.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jit/job.h"
#include "jit/llvm/job.h"
#include "loader/types.h"
#include "runtime/vm/tier.h"

typedef struct server {
    int socket;
    tn_mem mem;
    tn_types *types;
    void *bytes; /* of the module, mapped; NULL: none yet */
    size_t size;
    tn_module module;
    tn_job_packet packet;
    uint8_t *wanted;
    tn_loop_ref loops[TN_JOB_ITEMS];
} server;

/* ---- packets ---- */

/* The next job with its descriptors, -1 for those that did not come; false when there are no more. */
static bool receive(server *s, int *image, int *module)
{
    struct iovec part = { &s->packet, sizeof s->packet };
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes
    };
    int fds[2] = { -1, -1 };
    ssize_t size;

    while ((size = recvmsg(s->socket, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        ;
    const struct cmsghdr *c = size > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (c != NULL && c->cmsg_type == SCM_RIGHTS)
        memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
    *image = fds[0];
    *module = fds[1];
    return size == (ssize_t)sizeof s->packet && s->packet.version == TN_JOB_VERSION && *image >= 0;
}

static bool answer(const server *s, tn_job_answer_kind kind, uint64_t size)
{
    const tn_job_answer a = { TN_JOB_VERSION, kind, size };

    return send(s->socket, &a, sizeof a, MSG_NOSIGNAL) == (ssize_t)sizeof a;
}

/* ---- the module ---- */

static void close_module(server *s)
{
    if (s->bytes == NULL)
        return;
    tn_free(&s->mem, s->wanted, s->module.body_count + 1u);
    tn_module_fini(&s->module);
    tn_types_delete(s->types);
    munmap(s->bytes, s->size);
    s->bytes = NULL;
}

/* Its bodies were checked by who sent it; what is wrong with them is this process's end, and nothing more. */
static bool open_module(server *s, int fd)
{
    struct stat info;
    tenon_error err;

    close_module(s);
    if (fstat(fd, &info) != 0 || info.st_size <= 0)
        return false;
    s->size = (size_t)info.st_size;
    void *bytes = mmap(NULL, s->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return false;
    s->types = tn_types_new(&s->mem);
    if (s->types != NULL && tn_module_load_checked(&s->module, &s->mem, s->types, s->packet.features, bytes, s->size,
                                                   NULL, &err) == TENON_OK) {
        s->bytes = bytes;
        s->wanted = tn_alloc(&s->mem, s->module.body_count + 1u);
        return s->wanted != NULL;
    }
    tn_types_delete(s->types);
    munmap(bytes, s->size);
    return false;
}

/* ---- a job ---- */

static bool choose(server *s, tn_job *job)
{
    const tn_job_packet *p = &s->packet;

    memset(s->wanted, 0, s->module.body_count);
    for (uint32_t i = 0; i < p->count && i < TN_JOB_ITEMS; i++) {
        if (p->items[i].own >= s->module.body_count)
            return false;
        if (p->items[i].loop == TN_NO_LOOP)
            s->wanted[p->items[i].own] = 1;
        else
            s->loops[job->loop_count++] = (tn_loop_ref){ p->items[i].own, p->items[i].loop };
    }
    return p->bounds <= TENON_BOUNDS_CHECKED && p->level <= 3;
}

static bool compile(server *s, int fd, uint64_t *size)
{
    const tn_target *target = tn_target_host();
    tn_object image = { NULL, 0 };
    tenon_error err;
    tn_job job = { .mem = &s->mem,
                   .module = &s->module,
                   .target = target,
                   .cpu = &target->cpus[0],
                   .bounds = (tenon_bounds)s->packet.bounds,
                   .level = s->packet.level,
                   .hardened = s->packet.hardened != 0,
                   .metered = s->packet.metered != 0,
                   .threads = 1,
                   .wanted = s->wanted,
                   .loops = s->loops };

    bool ok = choose(s, &job) && tn_job_run(&job, &image, &err) == TENON_OK && tn_write_image(fd, &image);
    *size = image.size;
    tn_free(&s->mem, image.bytes, image.size);
    return ok;
}

int tn_serve(int socket)
{
    server s = { .socket = socket };
    int image, module;

    tn_mem_init(&s.mem, NULL);
    if (tn_target_host() == NULL || !tn_jail() || !answer(&s, TN_JOB_READY, 0))
        return 1;
    while (receive(&s, &image, &module)) {
        uint64_t size = 0;
        bool ok = (module < 0 || open_module(&s, module)) && s.bytes != NULL && compile(&s, image, &size);
        if (module >= 0)
            close(module);
        close(image);
        if (!answer(&s, ok ? TN_JOB_DONE : TN_JOB_REFUSED, size))
            break;
    }
    close_module(&s);
    return 0;
}
