/* SPDX-License-Identifier: MIT */
#include "jit/llvm/target.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>
#include <sys/utsname.h>

#include "jit/image.h"

#define V3 "+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe,+xsave"
static const tn_cpu x86_cpus[] = { { "baseline", "", 0 },
                                   { "x86-64-v3", V3, 3 },
                                   { "x86-64-v4", V3 ",+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl", 4 },
                                   { NULL, NULL, 0 } };
static const tn_cpu arm_cpus[] = { { "baseline", "", 0 }, { NULL, NULL, 0 } };

static const tn_target targets[] = {
    { .name = "x86_64",
      .triple = "x86_64-unknown-linux-gnu",
      .cpus = x86_cpus,
      /* The instructions of x86-64-v2 (2009); not its name, which LLVM also takes as advice to rotate by shld, slow on
       * many CPUs. */
      .cpu = "x86-64",
      .features = "+cx16,+sahf,+popcnt,+sse3,+ssse3,+sse4.1,+sse4.2",
      .image_cpu = TN_IMAGE_X86_64,
      .elf_machine = EM_X86_64,
      .integer_args = 5,
      .float_args = 8,
      .opaque_float = "=x,0",
      .swizzle = "llvm.x86.ssse3.pshuf.b.128",
      .average8 = "llvm.x86.sse2.pavg.b",
      .average16 = "llvm.x86.sse2.pavg.w",
      .swizzle_zeroes = 0x80,
      .frame_register = 6,
      .return_register = 16 },
    { .name = "aarch64",
      .triple = "aarch64-unknown-linux-gnu",
      .cpus = arm_cpus,
      .cpu = "generic",
      .features = "",
      .image_cpu = TN_IMAGE_AARCH64,
      .elf_machine = EM_AARCH64,
      .integer_args = 7,
      .float_args = 8,
      .opaque_float = "=w,0",
      .swizzle = "llvm.aarch64.neon.tbl1.v16i8",
      .average8 = "llvm.aarch64.neon.urhadd.v16i8",
      .average16 = "llvm.aarch64.neon.urhadd.v8i16",
      .quiets_minimum = true,
      .swizzle_zeroes = 16,
      .frame_register = 29,
      .return_register = 30 },
};

const tn_target *tn_target_find(const char *name)
{
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        if (strcmp(targets[i].name, name) == 0)
            return &targets[i];
    return NULL;
}

const tn_cpu *tn_target_cpu(const tn_target *target, const char *name)
{
    for (const tn_cpu *c = target->cpus; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

const tn_target *tn_target_host(void)
{
    struct utsname name;

    return uname(&name) == 0 ? tn_target_find(name.machine) : NULL;
}
