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
#define TN_IMAGE_VERSION 5
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
    TN_PART_VERSIONS, /* tn_image_version, by code */
    TN_PART_FACTS,    /* tn_image_fact */
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

/* Where a loop begins that rests on a check ahead of it, and what that has established, so that somebody can prove the
 * loop again: facts from `fact` on, first of the loop, then of each group of accesses that are a constant distance
 * apart. No access of a group lies below `begin`, or ends beyond `end`, in any round. */
enum {
    TN_FACT_BASE,   /* of the memory: an address */
    TN_FACT_SIZE,   /* of the memory, which no end exceeds */
    TN_FACT_ROUNDS, /* of the loop */
    TN_FACTS_OF_LOOP
};
enum {
    TN_FACT_POINTER, /* base and the first address of the first round */
    TN_FACT_BEGIN,   /* offsets in the memory, of the whole trip */
    TN_FACT_END,
    TN_FACT_STEP,   /* bytes from round to round */
    TN_FACT_REACH,  /* bytes from a round's first address to the end of its last access */
    TN_FACT_STORES, /* whether some access writes: then the group is apart from all others */
    TN_FACTS_OF_GROUP
};
typedef struct tn_image_version {
    uint32_t code, fact, fact_count;
} tn_image_version;

typedef enum tn_fact_kind {
    TN_FACT_IN_REGISTER, /* reg */
    TN_FACT_ADDRESS,     /* reg + value */
    TN_FACT_IN_MEMORY,   /* at reg + value */
    TN_FACT_CONSTANT     /* value */
} tn_fact_kind;

/* Where something is; registers have DWARF's numbers. */
typedef struct tn_image_fact {
    uint8_t kind, reg, size; /* size: bytes */
    uint8_t reserved[5];
    int64_t value;
} tn_image_fact;

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
    uint32_t metered;        /* 1: it burns fuel */
} tn_image_header;

#endif
