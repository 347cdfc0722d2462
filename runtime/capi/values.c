/* SPDX-License-Identifier: MIT
 * Values and traps of the standard C interface.
 */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/capi/capi.h"

/* ---- values ---- */

void wasm_val_delete(wasm_val_t *val)
{
    if (wasm_valkind_is_ref(val->kind))
        wasm_ref_delete(val->of.ref);
    val->of.ref = NULL;
}

void wasm_val_copy(wasm_val_t *out, const wasm_val_t *val)
{
    *out = *val;
    if (wasm_valkind_is_ref(val->kind))
        out->of.ref = wasm_ref_copy(val->of.ref);
}

bool tn_ref_take(wasm_store_t *store, tenon_type type, wasm_ref_t *ref, tenon_ref *out)
{
    tn_record *r = TN_RECORD(ref);

    *out = 0;
    if (r == NULL)
        return type == TENON_FUNCREF || type == TENON_EXTERNREF;
    if (r->store != store)
        return false;
    if (type == TENON_EXTERNREF) {
        r->escaped = true;
        *out = (tenon_ref)r;
        return true;
    }
    *out = (tenon_ref)r->of.what.of.func;
    return type == TENON_FUNCREF && wasm_ref_as_func(ref) != NULL;
}

bool tn_val_take(wasm_store_t *store, tenon_type type, const wasm_val_t *val, tenon_val *out)
{
    *out = (tenon_val){ .type = type };
    /* A null reference has no kind of its own. */
    bool is_null = wasm_valkind_is_ref(val->kind) && val->of.ref == NULL;
    if (tn_kind_of(type) != val->kind && !(is_null && (type == TENON_FUNCREF || type == TENON_EXTERNREF)))
        return false;
    switch (val->kind) {
    case WASM_I32:
    case WASM_F32:
        out->of.i32 = val->of.i32;
        return true;
    case WASM_I64:
    case WASM_F64:
        out->of.i64 = val->of.i64;
        return true;
    case WASM_EXTERNREF:
    case WASM_FUNCREF:
        return tn_ref_take(store, type, val->of.ref, &out->of.ref);
    default:
        return false;
    }
}

static wasm_ref_t *give_ref(wasm_store_t *store, const tenon_val *val)
{
    tn_record *r = (tn_record *)val->of.ref;

    if (val->type == TENON_FUNCREF)
        r = tn_record_of_extern(store, (tenon_extern){ .kind = TENON_KIND_FUNC, .of.func = val->of.func });
    else
        tn_record_hold(r);
    return (wasm_ref_t *)r;
}

bool tn_val_give(wasm_store_t *store, const tenon_val *val, wasm_val_t *out)
{
    *out = (wasm_val_t){ .kind = tn_kind_of(val->type), .of = { .i64 = 0 } };
    switch (val->type) {
    case TENON_I32:
    case TENON_F32:
        out->of.i32 = val->of.i32;
        return true;
    case TENON_I64:
    case TENON_F64:
        out->of.i64 = val->of.i64;
        return true;
    case TENON_FUNCREF:
    case TENON_EXTERNREF:
        if (val->of.ref != 0)
            out->of.ref = give_ref(store, val);
        return val->of.ref == 0 || out->of.ref != NULL;
    default:
        /* No value of this interface; whoever made the type knows. */
        out->of.ref = NULL;
        return true;
    }
}

/* ---- frames ---- */

void wasm_frame_delete(wasm_frame_t *frame)
{
    if (frame == NULL)
        return;
    if (frame->instance != NULL)
        tn_record_drop(frame->instance);
    free(frame);
}

wasm_frame_t *wasm_frame_copy(const wasm_frame_t *frame)
{
    wasm_frame_t *copy = malloc(sizeof *copy);

    if (copy == NULL)
        return NULL;
    *copy = *frame;
    if (copy->instance != NULL)
        tn_record_hold(copy->instance);
    return copy;
}

struct wasm_instance_t *wasm_frame_instance(const wasm_frame_t *frame)
{
    return (wasm_instance_t *)frame->instance;
}

uint32_t wasm_frame_func_index(const wasm_frame_t *frame)
{
    return frame->function;
}

size_t wasm_frame_func_offset(const wasm_frame_t *frame)
{
    return frame->function_offset;
}

size_t wasm_frame_module_offset(const wasm_frame_t *frame)
{
    return frame->module_offset;
}

static wasm_frame_t *new_frame(wasm_store_t *store, const tenon_frame *at)
{
    wasm_frame_t *frame = malloc(sizeof *frame);

    if (frame != NULL)
        *frame = (wasm_frame_t){ .instance = at->instance != NULL ? tn_record_of_instance(store, at->instance) : NULL,
                                 .function = at->function,
                                 .function_offset = (size_t)(at->offset - at->body),
                                 .module_offset = (size_t)at->offset };
    return frame;
}

static void take_frames(wasm_store_t *store, tn_trap_data *trap)
{
    tenon_frame frame;
    size_t count = 0;

    while (tenon_store_frame(store->store, count, &frame))
        count++;
    wasm_frame_vec_new_uninitialized(&trap->frames, count);
    for (size_t i = 0; i < trap->frames.size && tenon_store_frame(store->store, i, &frame); i++)
        trap->frames.data[i] = new_frame(store, &frame);
    trap->has_frames = true;
}

/* ---- traps ---- */

wasm_trap_t *wasm_trap_new(wasm_store_t *store, const wasm_message_t *message)
{
    tn_record *r = tn_record_new(store, TN_RECORD_TRAP);

    if (r != NULL)
        wasm_name_copy(&r->of.trap.message, message);
    return (wasm_trap_t *)r;
}

wasm_trap_t *tn_trap_of_text(wasm_store_t *store, const char *text)
{
    wasm_message_t message;

    wasm_name_new_from_string_nt(&message, text);
    wasm_trap_t *trap = wasm_trap_new(store, &message);
    wasm_name_delete(&message);
    return trap;
}

wasm_trap_t *tn_trap_of_call(wasm_store_t *store, const tenon_error *err)
{
    wasm_trap_t *trap = store->pending;

    store->pending = NULL;
    if (trap == NULL)
        trap = tn_trap_of_text(store, err->text[0] != '\0' ? err->text : tenon_status_text(err->status));
    if (trap != NULL && !TN_RECORD(trap)->of.trap.has_frames)
        take_frames(store, &TN_RECORD(trap)->of.trap);
    return trap;
}

void tn_trap_fini(tn_trap_data *trap)
{
    wasm_name_delete(&trap->message);
    wasm_frame_vec_delete(&trap->frames);
}

void wasm_trap_message(const wasm_trap_t *trap, wasm_message_t *out)
{
    wasm_name_copy(out, &TN_RECORD_OF(trap)->of.trap.message);
}

wasm_frame_t *wasm_trap_origin(const wasm_trap_t *trap)
{
    const wasm_frame_vec_t *frames = &TN_RECORD_OF(trap)->of.trap.frames;

    return frames->size > 0 && frames->data[0] != NULL ? wasm_frame_copy(frames->data[0]) : NULL;
}

void wasm_trap_trace(const wasm_trap_t *trap, wasm_frame_vec_t *out)
{
    wasm_frame_vec_copy(out, &TN_RECORD_OF(trap)->of.trap.frames);
}
