/* SPDX-License-Identifier: MIT
 * The image of a module, made by the compiler that was built, with all features on. Needs _GNU_SOURCE.
 */
#ifndef TESTS_SUPPORT_COMPILE_H
#define TESTS_SUPPORT_COMPILE_H

#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tenon.h"

static inline uint8_t *compile_with(const char *compiler, const char *option, const uint8_t *bytes, size_t size,
                                    size_t *image_size)
{
    int in = memfd_create("in", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC), state = -1;
    char *const words[] = { (char *)(uintptr_t) "tenon-llvm", (char *)(uintptr_t) "0", (char *)(uintptr_t) "1",
                            (char *)(uintptr_t) "--features=0x7fffffff", (char *)(uintptr_t)option, NULL };
    posix_spawn_file_actions_t files;
    struct stat info;
    uint8_t *image = NULL;
    pid_t child;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    if (write(in, bytes, size) == (ssize_t)size && posix_spawn(&child, compiler, &files, NULL, words, NULL) == 0 &&
        waitpid(child, &state, 0) == child && state == 0 && fstat(out, &info) == 0) {
        *image_size = (size_t)info.st_size;
        image = malloc(*image_size);
        if (image != NULL && pread(out, image, *image_size, 0) != (ssize_t)*image_size) {
            free(image);
            image = NULL;
        }
    }
    posix_spawn_file_actions_destroy(&files);
    close(in);
    close(out);
    return image;
}

/* To be freed; NULL when the compiler failed. */
static inline uint8_t *compile_module(const char *compiler, const uint8_t *bytes, size_t size, size_t *image_size)
{
    return compile_with(compiler, NULL, bytes, size, image_size);
}
/* The same with code that burns fuel. */
static inline uint8_t *compile_metered_module(const char *compiler, const uint8_t *bytes, size_t size,
                                              size_t *image_size)
{
    return compile_with(compiler, "--metered", bytes, size, image_size);
}

/* Compiles a module and gives it its code; bytes of the image, 0 when that failed. */
static inline size_t add_compiled(const char *compiler, tenon_module *module, const uint8_t *bytes, size_t size)
{
    size_t image_size;
    uint8_t *image = compile_module(compiler, bytes, size, &image_size);
    bool added = image != NULL && tenon_module_add_code(module, image, image_size, NULL) == TENON_OK;

    free(image);
    return added ? image_size : 0;
}

#endif
