/* SPDX-License-Identifier: MIT
 * tenon/compiled.h -- compiled modules as files.
 *
 * A compiled file holds machine code, so it must come from somebody who is trusted like the library itself. It is
 * sealed with a key: whoever does not have the key cannot make or change a file that opens with it. Everything in it is
 * checked in memory of the process's own, so changing the file later changes nothing.
 */
#ifndef TENON_COMPILED_H
#define TENON_COMPILED_H

#include "tenon.h"

TENON_BEGIN_C

/* Secret, random. */
typedef struct tenon_key {
    uint8_t bytes[32];
} tenon_key;

/* Takes the next bytes of a file; false ends the writing. */
typedef bool (*tenon_writer)(void *context, const void *bytes, size_t size);

/* What a file is made of. */
typedef struct tenon_compiled {
    const void *image; /* as the compiler made it */
    size_t image_size;
    const void *module; /* the bytes that it was made of */
    size_t module_size;
    tenon_features features; /* that the module was checked with: it must be valid */
} tenon_compiled;

/* Writes a sealed file. TENON_LIMIT when the writer or the system's randomness fails. */
TENON_API TENON_MUST_CHECK tenon_status tenon_compiled_seal(const tenon_compiled *parts, const tenon_key *key,
                                                            tenon_writer writer, void *context);
/* Whether bytes begin like a compiled file. */
TENON_API bool tenon_is_compiled(const void *bytes, size_t size);
/* Makes a module of a file's bytes, which may go afterwards, and change meanwhile. TENON_MALFORMED, with the reason,
 * when the file is damaged, was sealed with another key, or was made for another CPU. */
TENON_API TENON_MUST_CHECK tenon_status tenon_module_new_compiled(tenon_engine *engine, const void *bytes, size_t size,
                                                                  const tenon_key *key, tenon_module **out,
                                                                  tenon_error *err);
/* The same of a file that is open for reading, which may be closed afterwards. It is read as it is needed: a module of
 * many megabytes starts like a small one, and the process keeps a descriptor as long as the module lives. Each piece
 * is read into memory of the process's own and checked there before its first use; a guest that comes upon a piece that
 * has been changed since the file was opened traps with TENON_TRAP_CODE_CHANGED. Replace files by renaming others over
 * them. Where the engine handles no signals (TENON_BOUNDS_CHECKED), or tools look at its code, all of it is read at
 * once. digest: the tenon_key_digest of the module that it must be of, or NULL. */
TENON_API TENON_MUST_CHECK tenon_status tenon_module_open_compiled(tenon_engine *engine, int descriptor,
                                                                   const tenon_key *key, const uint8_t digest[16],
                                                                   tenon_module **out, tenon_error *err);
/* A number that only somebody with the key can foresee, different for different bytes: for names of cached files. Keys
 * are for one purpose each: whoever digests more than modules puts something in front. */
TENON_API void tenon_key_digest(const tenon_key *key, const void *bytes, size_t size, uint8_t out[16]);

TENON_END_C
#endif
