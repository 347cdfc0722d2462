/* SPDX-License-Identifier: MIT
 * A compiler that misbehaves, as its name says: what the library makes of it is tested in unit/test_tiering.c.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jit/image.h"
#include "jit/job.h"

#define SOCKET 3

static void answer(uint32_t version, uint32_t kind, uint64_t size)
{
    const tn_job_answer a = { version, kind, size };

    if (send(SOCKET, &a, sizeof a, MSG_NOSIGNAL) != (ssize_t)sizeof a)
        _exit(1);
}

static void loop(void)
{
    for (volatile int i = 0;; i = i + 1)
        ;
}

/* Ends by what the limit does to it: a store to a null pointer. */
static void eat(void)
{
    for (;;)
        memset(mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, 64 << 20);
}

/* Receives a job and its first descriptor. */
static int receive(void)
{
    tn_job_packet packet;
    char control[CMSG_SPACE(2 * sizeof(int))] __attribute__((aligned(16)));
    struct iovec part = { &packet, sizeof packet };
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control
    };
    int fd = -1;

    if (recvmsg(SOCKET, &message, 0) <= 0)
        _exit(0);
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
}

/* A file of the right size with nothing right in it. */
static void write_garbage(int fd)
{
    char bytes[TN_IMAGE_PAGE];

    memset(bytes, 0x5A, sizeof bytes);
    if (write(fd, bytes, sizeof bytes) != (ssize_t)sizeof bytes)
        _exit(1);
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/'), *what = slash != NULL ? slash + 1 : argv[0];

    (void)argc;
    if (strcmp(what, "dies_early") == 0)
        return 1;
    if (strcmp(what, "never_ready") == 0)
        loop();
    answer(strcmp(what, "other_version") == 0 ? 99 : TN_JOB_VERSION, TN_JOB_READY, 0);
    for (;;) {
        int fd = receive();
        if (strcmp(what, "dies") == 0)
            abort();
        if (strcmp(what, "loops") == 0)
            loop();
        if (strcmp(what, "eats") == 0)
            eat();
        if (strcmp(what, "garbage") == 0) {
            write_garbage(fd);
            answer(TN_JOB_VERSION, TN_JOB_DONE, TN_IMAGE_PAGE);
        } else if (strcmp(what, "cut") == 0) {
            answer(TN_JOB_VERSION, TN_JOB_DONE, 16 * TN_IMAGE_PAGE);
        } else if (strcmp(what, "huge") == 0) {
            answer(TN_JOB_VERSION, TN_JOB_DONE, UINT64_MAX - TN_IMAGE_PAGE + 1);
        } else {
            answer(TN_JOB_VERSION, TN_JOB_REFUSED, 0);
        }
        close(fd);
    }
}
