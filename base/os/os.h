/* SPDX-License-Identifier: MIT
 * The whole contract with the operating system: mappings, mutexes, clocks, stack. linux.c is chosen by CMake; a system
 * that lacks something gets a file whose functions fail cleanly.
 */
#ifndef TN_BASE_OS_H
#define TN_BASE_OS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef pthread_mutex_t tn_os_mutex;
void tn_os_mutex_init(tn_os_mutex *mutex);
void tn_os_mutex_fini(tn_os_mutex *mutex);
void tn_os_mutex_lock(tn_os_mutex *mutex);
void tn_os_mutex_unlock(tn_os_mutex *mutex);

/* Address space without access; NULL on failure. size is a multiple of the page size. */
void *tn_os_reserve(size_t size);
/* Makes [p, p+size) of a reservation readable and writable, zeroed; false on failure. */
bool tn_os_commit(void *p, size_t size);
/* Gives a reservation back. */
void tn_os_release(void *p, size_t size);
size_t tn_os_page_size(void);

/* Nanoseconds of the monotonic clock. */
uint64_t tn_os_now(void);
/* Lowest address of the calling thread's stack that may be used, with a reserve for host code below it. */
uintptr_t tn_os_stack_limit(void);

#endif
