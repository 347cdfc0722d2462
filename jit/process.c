/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "jit/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/os/os.h"

/* The number that the socket has over there. */
#define CHILD_SOCKET      3
#define CHILD_SOCKET_TEXT "3"
#define FILES             16
#define STACK_SIZE        ((size_t)64 << 10)
/* No page is copied for a child that becomes another program at once; ThreadSanitizer would not understand it. */
#define SHARED_MEMORY (TN_SANITIZED > 1 ? 0 : CLONE_VM)

/* ---- start and end ---- */

typedef struct child {
    const char *path;
    char **environment;
    int socket;
} child;

/* In the child, which shares memory with this process until it is another program: system calls alone. Its own signals,
 * no descriptor but the socket, nowhere to write. */
static int become_compiler(void *arg)
{
    const child *c = arg;
    char *arguments[] = { (char *)(uintptr_t)c->path, (char *)(uintptr_t)"--serve",
                          (char *)(uintptr_t)CHILD_SOCKET_TEXT, NULL };
    const struct sigaction plain = { .sa_handler = SIG_DFL };
    int socket = fcntl(c->socket, F_DUPFD, CHILD_SOCKET + 1);
    sigset_t none;

    for (int signal = 1; signal < NSIG; signal++)
        sigaction(signal, &plain, NULL);
    for (int fd = 0; fd < CHILD_SOCKET; fd++) {
        close(fd);
        if (open("/dev/null", O_RDWR) != fd)
            _exit(127);
    }
    if (socket < 0 || dup2(socket, CHILD_SOCKET) < 0 || syscall(SYS_close_range, CHILD_SOCKET + 1, ~0u, 0) != 0)
        _exit(127);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(c->path, arguments, c->environment);
    _exit(127);
}

/* Its end sends no signal, so that neither the host's handlers nor its waiting for children of its own learn of it. */
static pid_t spawn(const char *path, int socket, int *pidfd)
{
    char libraries[4096], *environment[] = { NULL, NULL };
    const char *search = getenv("LD_LIBRARY_PATH");
    child c = { path, environment, socket };
    sigset_t all, before;
    pid_t pid = -1;

    if (search != NULL &&
        (size_t)snprintf(libraries, sizeof libraries, "LD_LIBRARY_PATH=%s", search) < sizeof libraries)
        environment[0] = libraries;
    char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED)
        return -1;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = clone(become_compiler, stack + STACK_SIZE, SHARED_MEMORY | CLONE_VFORK | CLONE_PIDFD, &c, pidfd);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    munmap(stack, STACK_SIZE);
    return pid;
}

static void limit(pid_t child, const tn_process_limits *limits)
{
    const struct rlimit memory = { limits->memory, limits->memory }, none = { 0, 0 }, files = { FILES, FILES };

    if (!TN_SANITIZED)
        prlimit(child, RLIMIT_AS, &memory, NULL);
    prlimit(child, RLIMIT_CORE, &none, NULL);
    prlimit(child, RLIMIT_NOFILE, &files, NULL);
    prlimit(child, RLIMIT_NPROC, &none, NULL);
}

static void reap(int pidfd)
{
    siginfo_t info;

    while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | __WALL) != 0 && errno == EINTR)
        ;
}

void tn_process_end(tn_process *process)
{
    if (process->pidfd >= 0) {
        syscall(SYS_pidfd_send_signal, process->pidfd, SIGKILL, NULL, 0);
        reap(process->pidfd);
        close(process->pidfd);
    }
    if (process->socket >= 0)
        close(process->socket);
    process->pidfd = process->socket = -1;
    process->loaded = 0;
}

/* ---- packets ---- */

/* Waits for an answer. */
static tn_job_end receive(const tn_process *process, const tn_process_limits *limits, tn_job_answer *answer)
{
    struct pollfd fds[3] = { { process->socket, POLLIN, 0 },
                             { process->pidfd, POLLIN, 0 },
                             { process->stop, POLLIN, 0 } };
    uint64_t end = tn_os_now() + limits->timeout;

    for (;;) {
        uint64_t at = tn_os_now();
        int ready =
            at < end ? poll(fds, 3, (int)((end - at) / 1000000u < 3600000 ? (end - at) / 1000000u + 1 : 3600000)) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready > 0 && fds[2].revents != 0)
            return TN_JOB_ENDED_STOPPED;
        if (ready == 0 && at >= end)
            return TN_JOB_ENDED_OVERRUN;
        if (ready > 0 && fds[0].revents != 0)
            break;
        if (ready < 0 || (ready > 0 && fds[1].revents != 0))
            return TN_JOB_ENDED_DEAD;
    }
    ssize_t size = recv(process->socket, answer, sizeof *answer, MSG_DONTWAIT);
    return size == (ssize_t)sizeof *answer && answer->version == TN_JOB_VERSION ? TN_JOB_ENDED_WELL : TN_JOB_ENDED_DEAD;
}

static bool send_job(int socket, const tn_job_packet *job, const int *fds, size_t fd_count)
{
    struct iovec part = { (void *)(uintptr_t)job, sizeof *job };
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } control = { 0 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes };

    message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
    memcpy(CMSG_DATA(c), fds, fd_count * sizeof(int));
    for (;;) {
        ssize_t size = sendmsg(socket, &message, MSG_NOSIGNAL);
        if (size >= 0 || errno != EINTR)
            return size == (ssize_t)sizeof *job;
    }
}

bool tn_process_start(tn_process *process, const char *path, const tn_process_limits *limits)
{
    int pair[2];
    pid_t child;
    tn_job_answer ready;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    child = spawn(path, pair[1], &process->pidfd);
    close(pair[1]);
    process->socket = pair[0];
    if (child > 0)
        limit(child, limits);
    else
        process->pidfd = -1;
    if (process->pidfd >= 0 && receive(process, limits, &ready) == TN_JOB_ENDED_WELL && ready.kind == TN_JOB_READY)
        return true;
    tn_process_end(process);
    return false;
}

tn_job_end tn_process_run(tn_process *process, const tn_process_limits *limits, const tn_job_packet *job, int module,
                          int *image, uint64_t *size)
{
    int fds[2] = { memfd_create("image", MFD_CLOEXEC), module };
    tn_job_answer answer;
    tn_job_end end = TN_JOB_ENDED_DEAD;

    if (fds[0] < 0)
        return TN_JOB_ENDED_REFUSED;
    if (send_job(process->socket, job, fds, module >= 0 ? 2 : 1))
        end = receive(process, limits, &answer);
    if (end == TN_JOB_ENDED_WELL && answer.kind == TN_JOB_DONE) {
        *image = fds[0];
        *size = answer.size;
        return end;
    }
    close(fds[0]);
    if (end == TN_JOB_ENDED_WELL)
        return TN_JOB_ENDED_REFUSED;
    tn_process_end(process);
    return end;
}
