/* SPDX-License-Identifier: MIT
 * An image as a listing, for people: each function's instructions with the byte of the module that each belongs to.
 *
 *     f OWN                     a function begins
 *     g NAME                    a gate begins
 *     i CODE OFFSET TEXT        an instruction at CODE; OFFSET in the module, or -
 */
#include "jit/llvm/listing.h"

#include <llvm-c/Disassembler.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct start {
    uint32_t at;
    char line[32];
} start;

typedef struct listing {
    FILE *out;
    const tn_image_header *header;
    const uint8_t *code;
    const tn_image_place *places;
    uint32_t place_count;
    LLVMDisasmContextRef disassembler;
} listing;

static const void *table(const tn_image_header *h, tn_image_part_id id, uint32_t *count)
{
    *count = h->parts[id].count;
    return (const uint8_t *)h + h->parts[id].offset;
}

static int by_place(const void *a, const void *b)
{
    const start *x = a, *y = b;

    return (x->at > y->at) - (x->at < y->at);
}

static start *find_starts(const tn_image_header *h, size_t *count)
{
    uint32_t functions, gates;
    const tn_image_function *f = table(h, TN_PART_FUNCTIONS, &functions);
    const tn_image_gate *g = table(h, TN_PART_GATES, &gates);
    start *list = calloc((size_t)functions + 2 * (size_t)gates + 1, sizeof *list);

    *count = 0;
    for (uint32_t i = 0; list != NULL && i < functions; i++)
        if (f[i].code != 0) {
            list[*count].at = f[i].code - 1;
            snprintf(list[(*count)++].line, sizeof list->line, "f %u", (unsigned)i);
        }
    for (uint32_t i = 0; list != NULL && i < gates; i++)
        for (int k = 0; k < 2; k++)
            if ((k == 0 ? g[i].packed : g[i].reenter) != 0) {
                list[*count].at = (k == 0 ? g[i].packed : g[i].reenter) - 1;
                snprintf(list[(*count)++].line, sizeof list->line, "g %s of type %u", k == 0 ? "entry" : "reentry",
                         (unsigned)i);
            }
    if (list != NULL)
        qsort(list, *count, sizeof *list, by_place);
    return list;
}

static void print_offset(const listing *l, uint32_t at)
{
    uint32_t low = 0, high = l->place_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (l->places[middle].code <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || l->places[low - 1].offset == TN_NO_PLACE)
        fputs("- ", l->out);
    else
        fprintf(l->out, "%u ", (unsigned)l->places[low - 1].offset);
}

static void print_code(const listing *l, uint32_t at, uint32_t end)
{
    char text[256];

    while (at < end) {
        uint8_t bytes[16] = { 0 };
        size_t left = end - at < sizeof bytes ? end - at : sizeof bytes;
        memcpy(bytes, l->code + at, left);
        size_t size = LLVMDisasmInstruction(l->disassembler, bytes, left, at, text, sizeof text);
        if (size == 0) {
            snprintf(text, sizeof text, ".byte 0x%02x", bytes[0]);
            size = 1;
        }
        const char *p = text;
        while (*p == '\t' || *p == ' ')
            p++;
        fprintf(l->out, "i %x ", (unsigned)at);
        print_offset(l, at);
        for (; *p != '\0'; p++)
            fputc(*p == '\t' ? ' ' : *p, l->out);
        fputc('\n', l->out);
        at += (uint32_t)size;
    }
}

tenon_status tn_write_listing(const tn_job *job, const tn_object *image, FILE *out)
{
    listing l = { .out = out, .header = (const void *)image->bytes };
    size_t count;
    start *starts = find_starts(l.header, &count);

    l.code = image->bytes + l.header->code;
    l.places = table(l.header, TN_PART_PLACES, &l.place_count);
    l.disassembler = LLVMCreateDisasmCPUFeatures(job->target->triple, job->target->cpu, "", NULL, 0, NULL, NULL);
    if (starts == NULL || l.disassembler == NULL) {
        free(starts);
        return TENON_NOMEM;
    }
    LLVMSetDisasmOptions(l.disassembler, LLVMDisassembler_Option_AsmPrinterVariant);
    for (size_t i = 0; i < count; i++) {
        uint32_t end = i + 1 < count ? starts[i + 1].at : l.header->code_size;
        if (i + 1 < count && starts[i].at == starts[i + 1].at)
            continue;
        fprintf(out, "%s\n", starts[i].line);
        print_code(&l, starts[i].at, end);
    }
    LLVMDisasmDispose(l.disassembler);
    free(starts);
    return TENON_OK;
}
