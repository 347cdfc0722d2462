/* SPDX-License-Identifier: MIT
 * The operating system, as Linux offers it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/os/os.h"

/* Left to host functions below the point where guests stop being called. */
#define HOST_STACK_RESERVE ((size_t)96 << 10)
/* More of the first thread's stack is never counted on, even when it is unlimited. */
#define MAX_FIRST_STACK ((size_t)64 << 20)

static struct timespec time_of(uint64_t nanoseconds)
{
    return (struct timespec){ (time_t)(nanoseconds / 1000000000u), (long)(nanoseconds % 1000000000u) };
}

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

void tn_os_condition_init(tn_os_condition *condition)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attr);
    pthread_condattr_destroy(&attr);
}

void tn_os_condition_fini(tn_os_condition *condition)
{
    pthread_cond_destroy(condition);
}

void tn_os_condition_wait(tn_os_condition *condition, tn_os_mutex *mutex, uint64_t until)
{
    struct timespec t = time_of(until);

    if (until == UINT64_MAX)
        pthread_cond_wait(condition, mutex);
    else
        (void)pthread_cond_timedwait(condition, mutex, &t);
}

void tn_os_condition_wake_one(tn_os_condition *condition)
{
    pthread_cond_signal(condition);
}

void tn_os_condition_wake_all(tn_os_condition *condition)
{
    pthread_cond_broadcast(condition);
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

bool tn_os_protect(void *p, size_t size, tn_os_access access)
{
    static const int protections[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC };

    if (access == TN_OS_READ_EXECUTE)
        __builtin___clear_cache((char *)p, (char *)p + size);
    return size == 0 || mprotect(p, size, protections[access]) == 0;
}

bool tn_os_decommit(void *p, size_t size)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;

    return size == 0 || mmap(p, size, PROT_NONE, flags, -1, 0) != MAP_FAILED;
}

int tn_os_file_of(const void *bytes, size_t size)
{
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    int descriptor = memfd_create("tenon", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    const uint8_t *next = bytes;

    if (descriptor < 0)
        return -1;
    for (size_t left = size; left > 0;) {
        ssize_t n = write(descriptor, next, left);
        if (n <= 0) {
            close(descriptor);
            return -1;
        }
        next += n;
        left -= (size_t)n;
    }
    if (fcntl(descriptor, F_ADD_SEALS, seals) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

bool tn_os_map_file(void *p, size_t size, int descriptor)
{
    return mmap(p, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, descriptor, 0) != MAP_FAILED;
}

void tn_os_populate(void *p, size_t size)
{
    (void)madvise(p, size, MADV_POPULATE_WRITE);
}

void tn_os_release(void *p, size_t size)
{
    munmap(p, size);
}

size_t tn_os_page_size(void)
{
    static atomic_size_t size;

    if (atomic_load_explicit(&size, memory_order_relaxed) == 0)
        atomic_store_explicit(&size, (size_t)sysconf(_SC_PAGESIZE), memory_order_relaxed);
    return atomic_load_explicit(&size, memory_order_relaxed);
}

bool tn_os_discard(void *p, size_t size)
{
    return size == 0 || madvise(p, size, MADV_DONTNEED) == 0;
}

/* Linux 6.7: PAGEMAP_SCAN of /proc/self/pagemap; the C library's headers do not know it yet. */
typedef struct scanned_region {
    uint64_t start, end, categories;
} scanned_region;
typedef struct scan_request {
    uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages;
    uint64_t inverted, all_of, any_of, returned;
} scan_request;
#define PAGEMAP_SCAN_REQUEST _IOWR('f', 16, scan_request)
#define SCAN_FILE            ((uint64_t)1 << 2)
#define SCAN_PRESENT         ((uint64_t)1 << 3)
#define SCAN_SWAPPED         ((uint64_t)1 << 4)
#define SCAN_ZERO            ((uint64_t)1 << 5)

static int pagemap_of(tn_os_pages *pages)
{
    int descriptor = atomic_load(&pages->descriptor), none = 0;

    if (descriptor != 0)
        return descriptor;
    descriptor = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    pages->process = getpid();
    if (atomic_compare_exchange_strong(&pages->descriptor, &none, descriptor))
        return descriptor;
    if (descriptor >= 0)
        close(descriptor);
    return none;
}

/* After a fork the descriptor would tell of the parent. */
bool tn_os_written(tn_os_pages *pages, void *p, size_t size, tn_os_run *runs, size_t room, size_t *count)
{
    scanned_region regions[64];
    int descriptor = pagemap_of(pages);
    scan_request request = { .size = sizeof request,
                             .start = (uintptr_t)p,
                             .end = (uintptr_t)p + size,
                             .regions = (uintptr_t)regions,
                             .region_count = room < 64 ? room : 64,
                             .inverted = SCAN_FILE | SCAN_ZERO,
                             .all_of = SCAN_FILE | SCAN_ZERO,
                             .any_of = SCAN_PRESENT | SCAN_SWAPPED,
                             .returned = SCAN_PRESENT };

    if (descriptor < 0 || pages->process != getpid())
        return false;
    long found = ioctl(descriptor, PAGEMAP_SCAN_REQUEST, &request);
    if (found < 0)
        return false;
    for (long i = 0; i < found; i++)
        runs[i] = (tn_os_run){ (uint8_t *)(uintptr_t)regions[i].start, regions[i].end - regions[i].start };
    *count = (size_t)found;
    return true;
}

void tn_os_pages_fini(tn_os_pages *pages)
{
    if (atomic_load(&pages->descriptor) > 0)
        close(atomic_load(&pages->descriptor));
}

static atomic_int interrupt_signal;

int tn_os_interrupt_signal(void)
{
    int none = 0;

    atomic_compare_exchange_strong(&interrupt_signal, &none, SIGURG);
    return none != 0 ? none : SIGURG;
}

bool tn_os_choose_interrupt_signal(int signal)
{
    int none = 0;

    if (signal == 0)
        return true;
    if (signal < 0 || signal > SIGRTMAX)
        return false;
    return atomic_compare_exchange_strong(&interrupt_signal, &none, signal) || none == signal;
}

/* The C library's timer functions may allocate; the kernel's own may be called in a signal handler. */
bool tn_os_timer_start(tn_os_timer *timer, uint64_t after, uint64_t interval, void *value)
{
    struct sigevent event;
    struct itimerspec times = { .it_interval = time_of(interval), .it_value = time_of(after) };

    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = tn_os_interrupt_signal();
    event.sigev_value.sival_ptr = value;
    event._sigev_un._tid = tn_os_thread_id();
    if (timer->running)
        return true;
    if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer->id) != 0)
        return false;
    timer->running = true;
    if (syscall(SYS_timer_settime, timer->id, 0, &times, NULL) == 0)
        return true;
    tn_os_timer_stop(timer);
    return false;
}

void tn_os_timer_set(const tn_os_timer *timer, uint64_t after, uint64_t interval)
{
    const struct itimerspec times = { .it_interval = time_of(interval), .it_value = time_of(after) };

    if (timer->running)
        syscall(SYS_timer_settime, timer->id, 0, &times, NULL);
}

void tn_os_timer_stop(tn_os_timer *timer)
{
    if (!timer->running)
        return;
    timer->running = false;
    syscall(SYS_timer_delete, timer->id);
}

int tn_os_thread_id(void)
{
    static _Thread_local int id;

    if (id == 0)
        id = (int)syscall(SYS_gettid);
    return id;
}

void tn_os_thread_interrupt(int thread)
{
    syscall(SYS_tgkill, getpid(), thread, tn_os_interrupt_signal());
}

bool tn_os_thread_start(tn_os_thread *thread, void *(*run)(void *), void *arg)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(thread, NULL, run, arg) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

void tn_os_thread_join(tn_os_thread thread)
{
    pthread_join(thread, NULL);
}

void tn_os_thread_admit_guests(void)
{
    const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, tn_os_interrupt_signal() };
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaddset(&set, signals[i]);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

size_t tn_os_cpu_count(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

bool tn_os_remote_barrier_init(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void tn_os_remote_barrier(void)
{
    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

void tn_os_yield(void)
{
    sched_yield();
}

int tn_os_file_keep(int descriptor)
{
    return fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
}

void tn_os_file_close(int descriptor)
{
    close(descriptor);
}

bool tn_os_file_size(int descriptor, uint64_t *size)
{
    struct stat info;

    if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode))
        return false;
    *size = (uint64_t)info.st_size;
    return true;
}

bool tn_os_read_at(int descriptor, void *to, size_t size, uint64_t at)
{
    uint8_t *next = to;

    while (size > 0) {
        ssize_t n = pread(descriptor, next, size, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        next += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
    return true;
}

static uint64_t read_clock(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t tn_os_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t tn_os_thread_time(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

/* The first thread's stack ends where the kernel put the program's name, and is as long as its limit; asking the C
 * library would read /proc/self/maps, which costs more than starting a guest. */
static bool first_thread_stack(uintptr_t *low, size_t *size)
{
    uintptr_t top = getauxval(AT_EXECFN);
    struct rlimit limit;

    if (tn_os_thread_id() != getpid() || top == 0 || getrlimit(RLIMIT_STACK, &limit) != 0)
        return false;
    *size = limit.rlim_cur < MAX_FIRST_STACK ? limit.rlim_cur : MAX_FIRST_STACK;
    *low = top - *size;
    return *size < top;
}

static bool other_thread_stack(uintptr_t *low, size_t *size)
{
    pthread_attr_t attr;
    void *base;

    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return false;
    bool ok = pthread_attr_getstack(&attr, &base, size) == 0;
    pthread_attr_destroy(&attr);
    *low = (uintptr_t)base;
    return ok;
}

uintptr_t tn_os_stack_limit(void)
{
    static _Thread_local uintptr_t limit;
    uintptr_t low;
    size_t size;

    if (limit == 0 && (first_thread_stack(&low, &size) || other_thread_stack(&low, &size)))
        limit = low + (size > 4 * HOST_STACK_RESERVE ? HOST_STACK_RESERVE : size / 4);
    return limit;
}
