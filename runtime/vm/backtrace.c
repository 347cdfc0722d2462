/* SPDX-License-Identifier: MIT
 * The frames of the newest trap: those of the interpreter and those of compiled code, as they called each other.
 */
#include "runtime/vm/runtime.h"

typedef struct place {
    bool native;
    uintptr_t pc, frame; /* in compiled code */
    tn_place slot_code;
} place;

/* Where compiled code is that waits for C. */
static place at_exit(const tn_segment *segment)
{
    place at = { .native = true };

    tn_native_code->exit_place(segment, &at.pc, &at.frame);
    return at;
}

/* Takes the frames of one stretch; false when the host is next. */
static bool take_stretch(tenon_store *store, place *at, const tn_segment **segment)
{
    tn_location *out = &store->frames[store->frame_count];
    size_t room = TN_MAX_FRAMES - store->frame_count;

    if (!at->native) {
        store->frame_count += store->engine->tier->walk(store, &at->slot_code, out, room);
        if (!at->slot_code.nested || *segment == NULL)
            return false;
        *at = at_exit(*segment);
        return true;
    }
    store->frame_count += tn_native_code->walk(at->pc, at->frame, out, room);
    const tn_segment *ended = *segment;
    if (ended == NULL || !ended->from_interp)
        return false;
    *at = (place){ .slot_code = { .pc = ended->pc, .fp = ended->fp, .in = ended->in, .behind = true } };
    *segment = ended->outer;
    return true;
}

/* A guest that has ended itself has nothing to explain. */
static bool has_exited(const tenon_store *store)
{
    return store->activation != NULL && store->activation->trap == TENON_TRAP_HOST && store->host_status == TENON_EXIT;
}

/* Without memory for them there is no backtrace. */
static bool has_frames(tenon_store *store)
{
    if (store->frames == NULL)
        store->frames = tn_alloc(&store->engine->mem, TN_MAX_FRAMES * sizeof *store->frames);
    return store->frames != NULL;
}

void tn_record_frames(tenon_store *store)
{
    const tn_segment *segment = store->native.segment;
    place at = { .slot_code = { .pc = store->trap_pc, .fp = store->trap_fp, .in = store->trap_instance } };

    store->frame_count = 0;
    if (has_exited(store) || !has_frames(store))
        return;
    if (store->trapped_natively)
        at = (place){ .native = true, .pc = store->native_pc, .frame = store->native_fp };
    else if (store->trap_pc == NULL)
        return;
    while (store->frame_count < TN_MAX_FRAMES && take_stretch(store, &at, &segment))
        ;
}
