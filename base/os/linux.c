/* SPDX-License-Identifier: MIT
 * The operating system, as Linux offers it.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/os/os.h"

/* Left to host functions below the point where guests stop being called. */
#define HOST_STACK_RESERVE ((size_t)96 << 10)

void tn_os_mutex_init(tn_os_mutex *mutex)
{
    pthread_mutex_init(mutex, NULL);
}

void tn_os_mutex_fini(tn_os_mutex *mutex)
{
    pthread_mutex_destroy(mutex);
}

void tn_os_mutex_lock(tn_os_mutex *mutex)
{
    pthread_mutex_lock(mutex);
}

void tn_os_mutex_unlock(tn_os_mutex *mutex)
{
    pthread_mutex_unlock(mutex);
}

void *tn_os_reserve(size_t size)
{
    void *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

bool tn_os_commit(void *p, size_t size)
{
    return size == 0 || mprotect(p, size, PROT_READ | PROT_WRITE) == 0;
}

void tn_os_release(void *p, size_t size)
{
    munmap(p, size);
}

size_t tn_os_page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

uint64_t tn_os_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uintptr_t tn_os_stack_limit(void)
{
    static _Thread_local uintptr_t limit;
    pthread_attr_t attr;
    void *low;
    size_t size;

    if (limit != 0)
        return limit;
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return 0;
    if (pthread_attr_getstack(&attr, &low, &size) == 0)
        limit = (uintptr_t)low + (size > 4 * HOST_STACK_RESERVE ? HOST_STACK_RESERVE : size / 4);
    pthread_attr_destroy(&attr);
    return limit;
}
