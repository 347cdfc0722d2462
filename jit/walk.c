/* SPDX-License-Identifier: MIT
 * Walks over frames of compiled code: by frame pointers for backtraces; for exceptions with the registers that each
 * frame has saved, to where a landing pad goes on.
 */
#include <string.h>

#include "jit/code.h"

/* The last row of a table at or before an offset into the code, which rows begin with. Of a big table only as much is
 * touched as the search needs. */
static const void *find_row(const tn_image *image, tn_image_part_id id, uint32_t code)
{
    uint32_t low = 0, high = image->header->parts[id].count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const uint32_t *at = tn_image_row(image, id, middle);
        if (at == NULL)
            return NULL;
        if (*at <= code)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? NULL : tn_image_row(image, id, low - 1);
}

static uint32_t place_of(const tn_image *image, uint32_t code)
{
    const tn_image_place *row = find_row(image, TN_PART_PLACES, code);

    return row != NULL ? row->offset : TN_NO_PLACE;
}

/* The own function whose body has this byte of the module. */
static bool function_of(const tn_module *m, uint32_t offset, uint32_t *out)
{
    uint32_t low = 0, high = m->body_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (m->bodies[middle].offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || offset - m->bodies[low - 1].offset >= m->bodies[low - 1].size)
        return false;
    *out = m->imported_funcs + low - 1;
    return true;
}

/* ---- frames ---- */

/* A frame record: the caller's frame pointer and the return address. */
static void step_out(uintptr_t *pc, uintptr_t *fp)
{
    uintptr_t record[2];

    memcpy(record, (const void *)*fp, sizeof record);
    *fp = record[0];
    *pc = record[1];
}

size_t tn_code_walk(uintptr_t pc, uintptr_t fp, tn_location *out, size_t room)
{
    const tn_image *image;
    size_t count = 0;
    bool is_caller = false;

    while (count < room && (image = tn_code_find(pc - is_caller)) != NULL) {
        uint32_t function, offset = place_of(image, (uint32_t)(pc - is_caller - (uintptr_t)image->code));
        if (offset != TN_NO_PLACE && function_of(image->module, offset, &function))
            out[count++] = (tn_location){ image->module, function, offset, NULL };
        step_out(&pc, &fp);
        is_caller = true;
    }
    return count;
}

void tn_code_exit_place(const tn_segment *segment, uintptr_t *pc, uintptr_t *fp)
{
    const tn_saved *saved = segment->exit;

    *fp = saved->regs[TN_SAVED_COUNT - 2];
    *pc = saved->regs[TN_SAVED_COUNT - 1];
}

/* ---- exceptions ---- */

static const tn_image_pad *pad_of(const tn_image *image, uint32_t code)
{
    const tn_image_pad *row = find_row(image, TN_PART_PADS, code);

    return row != NULL && code < row->end ? row : NULL;
}

static uint64_t *saved_register(tn_saved *saved, uint8_t reg)
{
    for (int i = 0; i < TN_SAVED_COUNT; i++)
        if (tn_saved_registers[i] == reg)
            return &saved->regs[i];
    return NULL;
}

/* The registers as the caller of a frame had them; gives the stack pointer that it had, 0 when nobody knows. */
static uintptr_t restore_registers(const tn_image *image, uint32_t code, uintptr_t fp, tn_saved *saved)
{
    uint32_t rule_count;
    const tn_image_rule *rules = tn_image_table(image, TN_PART_RULES, &rule_count);
    const tn_image_save *row = find_row(image, TN_PART_SAVES, code);

    if (row == NULL || row->rule >= rule_count || rules[row->rule].reg != TN_FRAME_ADDRESS)
        return 0;
    uintptr_t cfa = fp + (uintptr_t)(intptr_t)rules[row->rule].at;
    for (uint32_t i = row->rule + 1; i < rule_count && rules[i].reg != TN_NO_REGISTER; i++) {
        uint64_t *reg = saved_register(saved, rules[i].reg);
        if (reg != NULL)
            memcpy(reg, (const void *)(cfa + (uintptr_t)(intptr_t)rules[i].at), sizeof *reg);
    }
    return cfa;
}

void *tn_code_find_landing(tn_segment *segment, uint64_t exception)
{
    static _Thread_local tn_landing landing;
    tn_saved now = *(const tn_saved *)segment->exit;
    uintptr_t sp = (uintptr_t)segment->exit + sizeof now;
    const tn_image *image;

    for (;;) {
        uintptr_t fp = now.regs[TN_SAVED_COUNT - 2], pc = now.regs[TN_SAVED_COUNT - 1];
        /* A call that does not return may be the last instruction there is. */
        image = tn_code_find(pc - 1);
        if (image == NULL)
            return NULL;
        uint32_t code = (uint32_t)(pc - 1 - (uintptr_t)image->code);
        const tn_image_pad *pad = pad_of(image, code);
        if (pad != NULL) {
            now.regs[TN_SAVED_COUNT - 1] = (uintptr_t)image->code + pad->pad;
            landing = (tn_landing){ .saved = now, .sp = sp, .exception = exception };
            return &landing;
        }
        sp = restore_registers(image, code, fp, &now);
        if (sp == 0)
            return NULL;
        memcpy(&now.regs[TN_SAVED_COUNT - 2], (const void *)fp, 2 * sizeof(uintptr_t));
    }
}
