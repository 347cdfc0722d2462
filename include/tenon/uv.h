/* SPDX-License-Identifier: MIT
 * uv.h -- a scheduler on the embedder's own libuv loop: no thread of ours, and no polling. The loop sleeps while no
 * guest can run; it is woken by answers, by time limits and by new tasks. Include it where libuv is; nothing else needs
 * it.
 *
 *     tenon_uv tenants;
 *     tenon_uv_open(&tenants, loop, engine, 2000000);   guests get 2 ms, then it is the loop's turn
 *     tenon_task_call(tenants.scheduler, ...);
 *     tenon_uv_close(&tenants);                         when every task is done and deleted
 */
#ifndef TENON_UV_H
#define TENON_UV_H

#include <string.h>
#include <uv.h>

#include "tenon/scheduler.h"

TENON_BEGIN_C

typedef struct tenon_uv {
    tenon_scheduler *scheduler;
    uint64_t slice; /* nanoseconds that guests run before the loop looks after its other work */
    uv_async_t wakeup;
    uv_timer_t timer;
} tenon_uv;

static inline void tenon_uv_run_(tenon_uv *t);

static inline void tenon_uv_on_wakeup_(uv_async_t *handle)
{
    tenon_uv_run_((tenon_uv *)handle->data);
}

static inline void tenon_uv_on_timer_(uv_timer_t *handle)
{
    tenon_uv_run_((tenon_uv *)handle->data);
}

/* The loop's thread alone runs guests; others only wake it. */
static inline void tenon_uv_wake_(void *context)
{
    uv_async_send(&((tenon_uv *)context)->wakeup);
}

static inline void tenon_uv_run_(tenon_uv *t)
{
    uint64_t next;

    if (tenon_scheduler_run(t->scheduler, t->slice)) {
        uv_async_send(&t->wakeup);
        return;
    }
    next = tenon_scheduler_next(t->scheduler);
    if (next == UINT64_MAX)
        uv_timer_stop(&t->timer);
    else
        uv_timer_start(&t->timer, tenon_uv_on_timer_, next / 1000000 + 1, 0);
}

/* A scheduler that the loop drives; *t stays where it is until it is closed and the loop has run once more. slice: see
 * above; 0: one millisecond. TENON_NOMEM when libuv refuses. */
static inline tenon_status tenon_uv_open(tenon_uv *t, uv_loop_t *loop, tenon_engine *engine, uint64_t slice)
{
    tenon_scheduler_config config;
    tenon_status status;

    memset(t, 0, sizeof *t);
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.wake = tenon_uv_wake_;
    config.context = t;
    t->slice = slice != 0 ? slice : 1000000;
    if (uv_async_init(loop, &t->wakeup, tenon_uv_on_wakeup_) != 0)
        return TENON_NOMEM;
    t->wakeup.data = t;
    uv_timer_init(loop, &t->timer);
    t->timer.data = t;
    status = tenon_scheduler_new(engine, &config, &t->scheduler);
    if (status != TENON_OK) {
        uv_close((uv_handle_t *)&t->wakeup, NULL);
        uv_close((uv_handle_t *)&t->timer, NULL);
    }
    return status;
}

static inline void tenon_uv_close(tenon_uv *t)
{
    tenon_scheduler_delete(t->scheduler);
    uv_close((uv_handle_t *)&t->wakeup, NULL);
    uv_close((uv_handle_t *)&t->timer, NULL);
}

TENON_END_C
#endif
