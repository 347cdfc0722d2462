/* SPDX-License-Identifier: MIT
 * An image: the machine code of a module, position-independent, as the compiler makes it and the runtime maps it. It
 * holds no address and no id of an engine: what differs between processes is reached through the vmctx.
 *
 *     header | tables | padding | code | padding | read-only data
 *
 * Code and data begin at multiples of TN_IMAGE_PAGE. Offsets in tables count from the start of the code. All numbers
 * are little-endian, as the CPUs are that have a compiler.
 */
#ifndef TN_JIT_IMAGE_H
#define TN_JIT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TN_IMAGE_MAGIC   "\0tenon\r\n"
#define TN_IMAGE_VERSION 3
#define TN_IMAGE_PAGE    65536

/* What code was made for; all of it must fit the machine and the instance that runs it. */
typedef enum tn_image_cpu { TN_IMAGE_X86_64 = 1, TN_IMAGE_AARCH64 } tn_image_cpu;

/* In this order in the image. */
typedef enum tn_image_part_id {
    TN_PART_FUNCTIONS, /* tn_image_function by own function */
    TN_PART_GATES,     /* tn_image_gate by type of the module */
    TN_PART_BODIES,    /* tn_image_body by own function, or none: of a part of the module */
    TN_PART_LOOPS,     /* tn_image_loop */
    TN_PART_SAVES,     /* tn_image_save, by code */
    TN_PART_RULES,  /* tn_image_rule; a save names the first of its own, TN_FRAME_ADDRESS; the last is TN_NO_REGISTER */
    TN_PART_PADS,   /* tn_image_pad, by code */
    TN_PART_PLACES, /* tn_image_place, by code */
    TN_PART_COUNT
} tn_image_part_id;

typedef struct tn_image_part {
    uint32_t offset, count; /* bytes from the start of the image; items */
} tn_image_part;

typedef struct tn_image_function {
    uint32_t code; /* offset plus one; 0: not compiled */
    uint32_t type; /* index in the module: whose gates fit */
} tn_image_function;

/* Ways into functions of a type, for those who have arguments in slots. 0: the image has none. */
typedef struct tn_image_gate {
    uint32_t packed;  /* offset plus one. C: void (vmctx, slots, code): calls code and leaves its results in slots */
    uint32_t reenter; /* tail-calls code with arguments from the buffer; see tn_builtins */
} tn_image_gate;

/* From here on to the next place, code belongs to the instruction at this byte of the module; TN_NO_PLACE: to none. */
#define TN_NO_PLACE UINT32_MAX
typedef struct tn_image_place {
    uint32_t code, offset;
} tn_image_place;

/* From here on, registers of the caller are saved as the rules say. */
typedef struct tn_image_save {
    uint32_t code, rule;
} tn_image_save;

/* A register (DWARF's number) saved at so many bytes from the canonical frame address; first how far that is from where
 * the frame pointer points. */
#define TN_FRAME_ADDRESS 0xFE
#define TN_NO_REGISTER   0xFF
typedef struct tn_image_rule {
    uint8_t reg;
    int8_t reserved[3];
    int32_t at;
} tn_image_rule;

/* An exception that comes out of a call in [code, end) is caught at `pad`. */
typedef struct tn_image_pad {
    uint32_t code, end, pad;
} tn_image_pad;

/* A way into a function at the head of a loop, numbered in the order of their heads. C: void (vmctx, slots, unused):
 * takes the function's locals and then its operands from slots, and leaves its results there. */
typedef struct tn_image_loop {
    uint32_t own, loop, code;
} tn_image_loop;

/* Where the module has the body: whoever loads the module need not look for it. */
typedef struct tn_image_body {
    uint32_t offset, size;
} tn_image_body;

typedef struct tn_image_header {
    char magic[8];
    uint32_t version;
    uint32_t cpu; /* tn_image_cpu */
    uint64_t size;
    uint32_t code, code_size, data, data_size; /* bytes from the start of the image */
    tn_image_part parts[TN_PART_COUNT];
    uint32_t function_count; /* own functions of the module */
    uint32_t bounds;         /* tenon_bounds of memory 0 */
    uint32_t level;          /* of the CPU: 0 is what every one has; x86-64: 3 and 4 for v3 and v4 */
    uint32_t reserved;
} tn_image_header;

#endif
