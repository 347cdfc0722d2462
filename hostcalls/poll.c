/* SPDX-License-Identifier: MIT
 * poll_oneoff: waits for clocks and descriptors. Each subscription is copied once; the list is as long as guest memory
 * allows, and charged to the tenant while the call lasts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#include "hostcalls/clocks.h"

enum { TYPE_CLOCK, TYPE_READ, TYPE_WRITE };
enum { CLOCK_ABSOLUTE = 1 };
enum { EVENT_HANGUP = 1 };

typedef struct subscription {
    uint64_t userdata;
    uint8_t type, pad[7];
    union {
        struct {
            uint32_t id, pad;
            uint64_t timeout, precision;
            uint16_t flags;
        } clock;
        uint32_t fd;
    } of;
} subscription;
_Static_assert(sizeof(subscription) == 48, "the layout of preview 1");

typedef struct event {
    uint64_t userdata;
    uint16_t error;
    uint8_t type, pad[5];
    uint64_t bytes;
    uint16_t flags;
    uint8_t pad2[6];
} event;
_Static_assert(sizeof(event) == 32, "the layout of preview 1");

typedef struct waiter {
    subscription sub;
    uint64_t deadline; /* of a clock, in its own time */
    uint32_t fd;       /* place in work.fds of a descriptor */
    tn_wasi_errno error;
} waiter;

/* Lists of one call, side by side in one allocation. */
typedef struct work {
    waiter *waiters;
    struct pollfd *fds;
    uint32_t count, fd_count;
    bool ready; /* something need not be waited for */
} work;

static void add_clock(tn_wasi_call *call, waiter *w, work *k)
{
    uint64_t now;

    w->error = tn_wasi_clock_now(call->wasi, w->sub.of.clock.id, &now);
    if (w->error == TN_WASI_ESUCCESS && w->sub.of.clock.id > TN_WASI_CLOCK_MONOTONIC)
        w->error = TN_WASI_ENOTSUP;
    if (w->error == TN_WASI_ESUCCESS && (w->sub.of.clock.flags & ~CLOCK_ABSOLUTE))
        w->error = TN_WASI_EINVAL;
    k->ready |= w->error != TN_WASI_ESUCCESS;
    w->deadline = w->sub.of.clock.timeout;
    if (!(w->sub.of.clock.flags & CLOCK_ABSOLUTE) && __builtin_add_overflow(w->deadline, now, &w->deadline))
        w->deadline = UINT64_MAX;
}

static void add_descriptor(tn_wasi_call *call, waiter *w, work *k)
{
    const tn_wasi_descriptor *d = tn_wasi_find(call->wasi, w->sub.of.fd);

    if (d == NULL)
        w->error = TN_WASI_EBADF;
    else if (!(d->base & TN_WASI_RIGHT_POLL_FD_READWRITE))
        w->error = tn_wasi_deny(call, TN_WASI_ENOTCAPABLE, "the descriptor lacks the right to be waited for");
    if (w->error != TN_WASI_ESUCCESS) {
        k->ready = true;
        return;
    }
    w->fd = k->fd_count++;
    k->fds[w->fd] = (struct pollfd){ .fd = d->host, .events = w->sub.type == TYPE_READ ? POLLIN : POLLOUT };
}

static tn_wasi_errno collect(tn_wasi_call *call, uint32_t in, work *k)
{
    for (uint32_t i = 0; i < k->count; i++) {
        waiter *w = &k->waiters[i];
        *w = (waiter){ .deadline = UINT64_MAX, .error = TN_WASI_ESUCCESS };
        if (!tenon_memory_read(call->memory, in + (uint64_t)i * sizeof w->sub, &w->sub, sizeof w->sub))
            return TN_WASI_EFAULT;
        if (w->sub.type == TYPE_CLOCK)
            add_clock(call, w, k);
        else if (w->sub.type <= TYPE_WRITE)
            add_descriptor(call, w, k);
        else
            return TN_WASI_EINVAL;
    }
    return TN_WASI_ESUCCESS;
}

/* Nanoseconds until the first clock rings; UINT64_MAX: none does. */
static uint64_t next_deadline(tn_wasi_call *call, const work *k)
{
    uint64_t first = UINT64_MAX, now;

    for (uint32_t i = 0; i < k->count; i++) {
        const waiter *w = &k->waiters[i];
        if (w->sub.type != TYPE_CLOCK || w->error != TN_WASI_ESUCCESS || w->deadline == UINT64_MAX)
            continue;
        if (tn_wasi_clock_now(call->wasi, w->sub.of.clock.id, &now) != TN_WASI_ESUCCESS)
            continue;
        uint64_t left = w->deadline > now ? w->deadline - now : 0;
        first = left < first ? left : first;
    }
    return first;
}

static tn_wasi_errno wait_for_any(tn_wasi_call *call, const work *k)
{
    for (;;) {
        uint64_t left = k->ready ? 0 : next_deadline(call, k);
        /* Longer than a day is cut into days. */
        const uint64_t day = 86400000000000u, slice = left < day ? left : day;
        const struct timespec t = { (time_t)(slice / 1000000000u), (long)(slice % 1000000000u) };
        if (tenon_caller_interrupted(call->caller))
            return TN_WASI_EINTR;
        int n = ppoll(k->fds, k->fd_count, &t, NULL);
        if (n > 0 || (n == 0 && left == 0))
            return TN_WASI_ESUCCESS;
        if (n < 0 && errno != EINTR)
            return tn_wasi_last_error();
    }
}

/* Fills in what happened to one subscription; false: nothing. */
static bool describe(tn_wasi_call *call, const work *k, const waiter *w, event *out)
{
    const struct pollfd *p = &k->fds[w->fd];
    uint64_t now;
    int bytes = 0;

    *out = (event){ .userdata = w->sub.userdata, .error = (uint16_t)w->error, .type = w->sub.type };
    if (w->error != TN_WASI_ESUCCESS)
        return true;
    if (w->sub.type == TYPE_CLOCK)
        return tn_wasi_clock_now(call->wasi, w->sub.of.clock.id, &now) == TN_WASI_ESUCCESS && now >= w->deadline;
    if (p->revents == 0)
        return false;
    if (p->revents & POLLNVAL)
        out->error = TN_WASI_EBADF;
    if (p->revents & POLLHUP)
        out->flags = EVENT_HANGUP;
    if (w->sub.type == TYPE_READ && ioctl(p->fd, FIONREAD, &bytes) == 0 && bytes > 0)
        out->bytes = (uint64_t)bytes;
    return true;
}

static tn_wasi_errno report(tn_wasi_call *call, const work *k, uint32_t out, uint32_t count_at)
{
    uint32_t events = 0;
    event e;

    for (uint32_t i = 0; i < k->count; i++) {
        if (!describe(call, k, &k->waiters[i], &e))
            continue;
        if (!tenon_memory_write(call->memory, out + (uint64_t)events * sizeof e, &e, sizeof e))
            return TN_WASI_EFAULT;
        events++;
    }
    return tn_wasi_store_u32(call, count_at, events) ? TN_WASI_ESUCCESS : TN_WASI_EFAULT;
}

tn_wasi_errno tn_wasi_poll_oneoff(tn_wasi_call *call, uint32_t in, uint32_t out, uint32_t count, uint32_t count_at)
{
    const size_t each = sizeof(waiter) + sizeof(struct pollfd);
    void *unused;

    if (count == 0)
        return TN_WASI_EINVAL;
    if (!tenon_memory_range(call->memory, in, count, sizeof(subscription), &unused) ||
        !tenon_memory_range(call->memory, out, count, sizeof(event), &unused) ||
        !tenon_memory_range(call->memory, count_at, 1, 4, &unused))
        return TN_WASI_EFAULT;
    work k = { .waiters = tn_wasi_realloc(call->wasi, NULL, 0, count * each), .count = count };
    if (k.waiters == NULL)
        return TN_WASI_ENOMEM;
    k.fds = (struct pollfd *)(k.waiters + count);
    tn_wasi_errno error = collect(call, in, &k);
    if (error == TN_WASI_ESUCCESS)
        error = wait_for_any(call, &k);
    if (error == TN_WASI_ESUCCESS)
        error = report(call, &k, out, count_at);
    tn_wasi_realloc(call->wasi, k.waiters, count * each, 0);
    return error;
}
