/* SPDX-License-Identifier: MIT
 * Arguments, variables, the end of the guest, and giving way. What needs no privilege has its own entry.
 */
#include <sched.h>
#include <string.h>

#include "hostcalls/wasi.h"

static const tenon_wasi *wasi_of(tenon_caller *caller)
{
    const tn_wasi_binding *binding = tenon_caller_context(caller);
    return binding->wasi;
}

static uint32_t put_sizes(tenon_caller *caller, const tn_wasi_text *list, uint32_t count_at, uint32_t size_at)
{
    tenon_memory *memory = tenon_caller_memory(caller);
    const uint32_t size = (uint32_t)list->size;

    return tenon_memory_write(memory, count_at, &list->count, sizeof list->count) &&
                   tenon_memory_write(memory, size_at, &size, sizeof size)
               ? TN_WASI_ESUCCESS
               : TN_WASI_EFAULT;
}

static uint32_t put_strings(tenon_caller *caller, const tn_wasi_text *list, uint32_t pointers, uint32_t strings)
{
    tenon_memory *memory = tenon_caller_memory(caller);

    for (size_t at = 0, i = 0; at < list->size; at += strlen(list->bytes + at) + 1, i++) {
        const uint32_t pointer = (uint32_t)(strings + at);
        if (!tenon_memory_write(memory, pointers + 4 * (uint64_t)i, &pointer, sizeof pointer))
            return TN_WASI_EFAULT;
    }
    return list->size == 0 || tenon_memory_write(memory, strings, list->bytes, list->size) ? TN_WASI_ESUCCESS
                                                                                           : TN_WASI_EFAULT;
}

uint32_t tn_wasi_args_sizes_get(tenon_caller *caller, uint32_t count_at, uint32_t size_at)
{
    return put_sizes(caller, &wasi_of(caller)->arguments, count_at, size_at);
}

uint32_t tn_wasi_args_get(tenon_caller *caller, uint32_t pointers, uint32_t strings)
{
    return put_strings(caller, &wasi_of(caller)->arguments, pointers, strings);
}

uint32_t tn_wasi_environ_sizes_get(tenon_caller *caller, uint32_t count_at, uint32_t size_at)
{
    return put_sizes(caller, &wasi_of(caller)->variables, count_at, size_at);
}

uint32_t tn_wasi_environ_get(tenon_caller *caller, uint32_t pointers, uint32_t strings)
{
    return put_strings(caller, &wasi_of(caller)->variables, pointers, strings);
}

static void end(tenon_caller *caller, uint32_t code)
{
    const tn_wasi_binding *binding = tenon_caller_context(caller);

    binding->wasi->exited = true;
    binding->wasi->exit_code = code;
    tenon_caller_fail(caller, TENON_EXIT);
}

uint32_t tn_wasi_proc_exit(tenon_caller *caller, uint32_t code)
{
    end(caller, code);
    return 0;
}

/* A guest has no handlers, so a signal does what it does by default: most end the guest, as a shell would report it. */
tn_wasi_errno tn_wasi_proc_raise(tn_wasi_call *call, uint32_t signal)
{
    enum { NONE, CHLD = 16, CONT, STOP, TSTP, TTIN, TTOU, URG, WINCH = 27, LAST = 30 };
    /* The numbers of preview 1 are those of Linux on x86 up to 15, then one less. */
    uint32_t number = signal < CHLD ? signal : signal + 1;

    if (signal > LAST)
        return TN_WASI_EINVAL;
    if (signal == NONE || signal == CHLD || signal == CONT || signal == URG || signal == WINCH)
        return TN_WASI_ESUCCESS;
    if (signal >= STOP && signal <= TTOU)
        return TN_WASI_ENOTSUP;
    end(call->caller, 128 + number);
    return TN_WASI_ESUCCESS;
}

uint32_t tn_wasi_sched_yield(tenon_caller *caller)
{
    (void)caller;
    sched_yield();
    return TN_WASI_ESUCCESS;
}
