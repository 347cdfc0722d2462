/* SPDX-License-Identifier: MIT
 * The CPUs that images can be made for. Nothing else in the compiler knows a CPU by name.
 */
#ifndef TN_LLVM_TARGET_H
#define TN_LLVM_TARGET_H

#include <stdbool.h>
#include <stdint.h>

/* A choice of --cpu. */
typedef struct tn_cpu {
    const char *name, *features; /* LLVM's, besides the target's own */
    uint32_t level;              /* see tn_image_header */
} tn_cpu;

typedef struct tn_target {
    const char *name, *triple;
    const tn_cpu *cpus;         /* ends with a NULL name; the first is the default */
    const char *cpu, *features; /* what every machine of the kind that images run on has */
    uint32_t image_cpu;         /* tn_image_cpu */
    uint16_t elf_machine;
    unsigned integer_args, float_args; /* registers that arguments travel in, vmctx apart */
    const char *opaque_float;          /* constraint of an inline assembly that hides a float or vector */
    const char *swizzle;               /* intrinsic of a byte shuffle */
    const char *average8, *average16;  /* of the rounded average of lanes */
    bool quiets_minimum;               /* llvm.minimum and maximum make a signalling NaN quiet */
    uint8_t swizzle_zeroes;            /* an index from here on gives zero; 0x80: only those with the highest bit */
    uint8_t frame_register, return_register; /* DWARF's numbers */
} tn_target;

/* By name, such as "x86_64"; NULL when there is none. */
const tn_target *tn_target_find(const char *name);
/* NULL: the target has no such choice. */
const tn_cpu *tn_target_cpu(const tn_target *target, const char *name);
/* The machine that this runs on, or NULL. */
const tn_target *tn_target_host(void);

#endif
