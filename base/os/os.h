/* SPDX-License-Identifier: MIT
 * The whole contract with the operating system: mappings, mutexes, clocks, stack. linux.c is chosen by CMake; a system
 * that lacks something gets a file whose functions fail cleanly.
 */
#ifndef TN_BASE_OS_H
#define TN_BASE_OS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef pthread_mutex_t tn_os_mutex;
void tn_os_mutex_init(tn_os_mutex *mutex);
void tn_os_mutex_fini(tn_os_mutex *mutex);
void tn_os_mutex_lock(tn_os_mutex *mutex);
void tn_os_mutex_unlock(tn_os_mutex *mutex);

/* Waits for a condition of what the mutex guards. */
typedef pthread_cond_t tn_os_condition;
void tn_os_condition_init(tn_os_condition *condition);
void tn_os_condition_fini(tn_os_condition *condition);
/* Until tn_os_now() is `until`, at most; UINT64_MAX: without end. May return early. */
void tn_os_condition_wait(tn_os_condition *condition, tn_os_mutex *mutex, uint64_t until);
void tn_os_condition_wake_one(tn_os_condition *condition);
void tn_os_condition_wake_all(tn_os_condition *condition);

/* Address space without access; NULL on failure. size is a multiple of the page size. */
void *tn_os_reserve(size_t size);
/* Makes [p, p+size) of a reservation readable and writable, zeroed; false on failure. */
bool tn_os_commit(void *p, size_t size);
/* What may be done with pages of a reservation from now on; nothing is ever writable and executable. Whoever makes them
 * executable has written them. May be called in a signal handler. */
typedef enum tn_os_access { TN_OS_NOTHING, TN_OS_READ, TN_OS_READ_WRITE, TN_OS_READ_EXECUTE } tn_os_access;
bool tn_os_protect(void *p, size_t size, tn_os_access access);
/* Gives pages their memory now, in one go, where the system can; without it they get it one by one when they are
 * written. May be called in a signal handler. */
void tn_os_populate(void *p, size_t size);
/* Makes them address space without access again; false: some may still be accessible. */
bool tn_os_decommit(void *p, size_t size) __attribute__((warn_unused_result));
/* A file without a name that holds these bytes for ever, or -1; and its private mapping at p, writable: false when it
 * cannot be had, and then what was there is as before. */
int tn_os_file_of(const void *bytes, size_t size);
bool tn_os_map_file(void *p, size_t size, int descriptor);
/* Gives a reservation back. */
void tn_os_release(void *p, size_t size);
size_t tn_os_page_size(void);
/* As many bytes as the pages have that hold size of them. */
static inline uint64_t tn_os_whole_pages(uint64_t size)
{
    uint64_t page = tn_os_page_size();

    return (size + page - 1) & ~(page - 1);
}
/* Gives the memory of pages back: they read as zero afterwards, or as the file that they are mapped from. false: they
 * are as before, because they are locked, say. */
bool tn_os_discard(void *p, size_t size) __attribute__((warn_unused_result));

/* Which pages of private mappings have been written, and so have memory of their own. The system is asked through a
 * descriptor, which is opened when it is first needed; it is of the process that opened it. */
typedef struct tn_os_pages {
    atomic_int descriptor; /* 0: not asked yet; -1: it cannot tell */
    int process;
} tn_os_pages;
typedef struct tn_os_run {
    uint8_t *start;
    size_t size; /* bytes */
} tn_os_run;
/* The first runs of written pages in [p, p+size), `room` at most; false when the system cannot tell. */
bool tn_os_written(tn_os_pages *pages, void *p, size_t size, tn_os_run *runs, size_t room, size_t *count);
void tn_os_pages_fini(tn_os_pages *pages);

/* A timer that sends the interrupt signal to the thread that started it, first after `after` nanoseconds and then every
 * `interval`, with si_code SI_TIMER and si_value `value`. These functions may be called in a signal handler. */
typedef struct tn_os_timer {
    int id; /* of the kernel */
    bool running;
} tn_os_timer;
bool tn_os_timer_start(tn_os_timer *timer, uint64_t after, uint64_t interval, void *value);
/* The same again for one that runs. */
void tn_os_timer_set(const tn_os_timer *timer, uint64_t after, uint64_t interval);
void tn_os_timer_stop(tn_os_timer *timer);
/* The signal that interrupts guests: SIGURG unless another was chosen, since that is ignored by default, and a stray
 * one does no harm. There is one in a process: false when another has been chosen or used. signal 0: any. */
int tn_os_interrupt_signal(void);
bool tn_os_choose_interrupt_signal(int signal);

/* The kernel's number of the calling thread, never 0; and the interrupt signal to a thread of this process, which may
 * have ended. */
int tn_os_thread_id(void);
void tn_os_thread_interrupt(int thread);
size_t tn_os_cpu_count(void);

/* A thread that no signal of the host's is delivered to; false when it cannot be had. */
typedef pthread_t tn_os_thread;
bool tn_os_thread_start(tn_os_thread *thread, void *(*run)(void *), void *arg);
void tn_os_thread_join(tn_os_thread thread);
/* Lets the calling thread receive what guests need: faults, and the interrupt signal. */
void tn_os_thread_admit_guests(void);

/* A memory barrier on all threads of the process: _init says whether there is one, and comes first. The other may be
 * called in a signal handler. */
bool tn_os_remote_barrier_init(void);
void tn_os_remote_barrier(void);

/* Lets other threads go first. May be called in a signal handler. */
void tn_os_yield(void);

/* A descriptor of our own for the same open file, or -1. */
int tn_os_file_keep(int descriptor);
void tn_os_file_close(int descriptor);
/* Bytes in a regular file; false when there are none, or it is something else. */
bool tn_os_file_size(int descriptor, uint64_t *size);
/* All of them or false. May be called in a signal handler. */
bool tn_os_read_at(int descriptor, void *to, size_t size, uint64_t at);

/* Nanoseconds of the monotonic clock; and those that the calling thread has had a processor. */
uint64_t tn_os_now(void);
uint64_t tn_os_thread_time(void);
/* Lowest address of the calling thread's stack that may be used, with a reserve for host code below it. */
uintptr_t tn_os_stack_limit(void);

#endif
