/* SPDX-License-Identifier: MIT
 * Runs a fuzz target on files and on simple mutations of them, for compilers without libFuzzer and for every test run.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of each file; fewer for a target whose runs are long. */
#ifndef MUTATIONS
#define MUTATIONS 3000
#endif

static uint32_t state = 1;
static uint32_t next(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

static void mutate(uint8_t *bytes, size_t size)
{
    static const uint8_t edges[] = { 0x00, 0x01, 0x7F, 0x80, 0xFF, 0x0B, 0x20, 0x41 };

    for (uint32_t n = next() % 3 + 1; n > 0 && size > 8; n--) {
        uint8_t *at = &bytes[8 + next() % (size - 8)];
        *at = next() % 2 ? edges[next() % sizeof edges] : (uint8_t)next();
    }
}

int main(int argc, char **argv)
{
    static uint8_t bytes[1 << 16];

    for (int i = 1; i < argc; i++) {
        FILE *in = fopen(argv[i], "rb");
        if (in == NULL) {
            perror(argv[i]);
            return 1;
        }
        size_t size = fread(bytes, 1, sizeof bytes, in);
        fclose(in);
        LLVMFuzzerTestOneInput(bytes, size);
        for (int k = 0; k < MUTATIONS; k++) {
            /* An exact copy, so that a sanitizer sees reads beyond the end. */
            uint8_t *copy = malloc(size);
            if (copy == NULL)
                return 1;
            memcpy(copy, bytes, size);
            mutate(copy, size);
            LLVMFuzzerTestOneInput(copy, size);
            free(copy);
        }
    }
    printf("%d inputs, %d mutations each\n", argc - 1, MUTATIONS);
    return 0;
}
