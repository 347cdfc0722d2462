/* SPDX-License-Identifier: MIT
 * Cases of the test at the door: each gets a fresh folder and a guest that may use parts of it.
 *
 *   secret.txt outside/   what no guest may touch
 *   box/        3: read and write, as "/"      file.txt dir/ dir/deep.txt fifo
 *                  link_in link_out link_abs out -> .. loop_a loop_b chain_0..50 dangling self -> /proc/self/fd
 *   shelf/      4: read only, as "/shelf"      book.txt sub/
 *   purse/      5: a quota of 64 KiB, as "/purse"
 *   /dev        6: read and write, as "/dev"
 */
#ifndef TESTS_ESCAPE_DOOR_TEST_H
#define TESTS_ESCAPE_DOOR_TEST_H

#include "door.h"

enum { BOX = 3, SHELF, PURSE, DEV };
/* Error numbers and rights that the cases name. */
enum { E_ACCES = 2, E_AGAIN = 6, E_BADF = 8, E_DQUOT = 19, E_EXIST = 20, E_FAULT = 21, E_ILSEQ = 25, E_INVAL = 28,
       E_ISDIR = 31, E_LOOP = 32, E_MFILE = 33, E_NAMETOOLONG = 37, E_NOENT = 44, E_NOTDIR = 54, E_NOTSOCK = 57,
       E_NOTSUP = 58, E_PERM = 63, E_PIPE = 64, E_SPIPE = 70, E_XDEV = 75, E_NOTCAPABLE = 76 };
#define R_READ      ((uint64_t)1 << 1)
#define R_SEEK      ((uint64_t)1 << 2 | (uint64_t)1 << 5)
#define R_WRITE     ((uint64_t)1 << 6)
#define R_ALLOCATE  ((uint64_t)1 << 8)
#define R_OPEN      ((uint64_t)1 << 13)
#define R_SET_SIZE  ((uint64_t)1 << 19)
#define R_FD_SIZE   ((uint64_t)1 << 22)
#define R_FILESTAT  ((uint64_t)1 << 21)
enum { CREAT = 1, DIRECTORY = 2, EXCL = 4, TRUNC = 8, FOLLOW = 1, APPEND = 1, NONBLOCK = 4 };

typedef struct door_case {
    const char *name;
    void (*run)(door *d);
} door_case;

/* Lists of cases, each ending with a NULL name. */
extern const door_case door_path_cases[], door_right_cases[];

/* The fresh folder, and a path below it (valid until the next call). */
extern char door_folder[];
const char *door_path(const char *name);
/* Whether a file below the fresh folder holds exactly this text. */
bool door_holds(const char *name, const char *text);
/* The configuration that guests of all cases start with. */
tenon_wasi_config door_config(void);
/* A second guest in the same folder, with another configuration. */
door door_enter(const tenon_wasi_config *config, tenon_bounds bounds);
door door_enter_with(const tenon_wasi_config *config, tenon_bounds bounds, const tenon_policy *policy);

/* Notes a failure of the running case. */
void door_check(bool ok, const char *file, int line, const char *text);
#define CHECK(condition) door_check(condition, __FILE__, __LINE__, #condition)
#define CHECK_ERROR(expected, call)                                                     \
    do {                                                                                \
        uint32_t error_ = (call);                                                       \
        char text_[200];                                                                \
        snprintf(text_, sizeof text_, "%s gives %u, wanted " #expected, #call, error_); \
        door_check(error_ == (expected), __FILE__, __LINE__, text_);                    \
    } while (0)

#endif
