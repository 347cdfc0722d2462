/* SPDX-License-Identifier: MIT
 * What compiling needs of the system, and nothing else. Whoever takes the compiler over by a clever module finds
 * himself in a process without files, which may allocate, compute, and answer.
 */
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "jit/llvm/serve.h"

static const int allowed[] = {
    SCMP_SYS(read),           SCMP_SYS(write),        SCMP_SYS(pwrite64),        SCMP_SYS(close),
    SCMP_SYS(fstat),          SCMP_SYS(newfstatat),   SCMP_SYS(ftruncate),       SCMP_SYS(recvmsg),
    SCMP_SYS(sendto),         SCMP_SYS(brk),          SCMP_SYS(munmap),          SCMP_SYS(mremap),
    SCMP_SYS(madvise),        SCMP_SYS(futex),        SCMP_SYS(getrandom),       SCMP_SYS(clock_gettime),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sched_yield),     SCMP_SYS(getpid),
    SCMP_SYS(gettid),         SCMP_SYS(tgkill),       SCMP_SYS(restart_syscall), SCMP_SYS(uname),
    SCMP_SYS(exit),           SCMP_SYS(exit_group),
};

/* Memory, unless it could be executed: what is compiled here never runs here. */
static const int allowed_for_data[] = { SCMP_SYS(mmap), SCMP_SYS(mprotect) };

bool tn_jail(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool ok = filter != NULL && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0;

    for (size_t i = 0; ok && i < sizeof allowed / sizeof *allowed; i++)
        ok = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
    for (size_t i = 0; ok && i < sizeof allowed_for_data / sizeof *allowed_for_data; i++)
        ok = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_for_data[i], 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
    ok = ok && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok;
}
