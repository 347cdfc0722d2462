/* SPDX-License-Identifier: MIT
 * WASI preview 1 inside: its numbers and structures, descriptors, and the call that a function sees.
 */
#ifndef TN_HOSTCALLS_WASI_H
#define TN_HOSTCALLS_WASI_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "tenon/wasi.h"

/* Every function of the table but those without privilege returns one of these. */
typedef uint32_t tn_wasi_errno;

/* X(id, number, host's number) */
#define TN_WASI_ERRNO_MAP(X)               \
    X(SUCCESS, 0, 0)                       \
    X(2BIG, 1, E2BIG)                      \
    X(ACCES, 2, EACCES)                    \
    X(ADDRINUSE, 3, EADDRINUSE)            \
    X(ADDRNOTAVAIL, 4, EADDRNOTAVAIL)      \
    X(AFNOSUPPORT, 5, EAFNOSUPPORT)        \
    X(AGAIN, 6, EAGAIN)                    \
    X(ALREADY, 7, EALREADY)                \
    X(BADF, 8, EBADF)                      \
    X(BADMSG, 9, EBADMSG)                  \
    X(BUSY, 10, EBUSY)                     \
    X(CANCELED, 11, ECANCELED)             \
    X(CHILD, 12, ECHILD)                   \
    X(CONNABORTED, 13, ECONNABORTED)       \
    X(CONNREFUSED, 14, ECONNREFUSED)       \
    X(CONNRESET, 15, ECONNRESET)           \
    X(DEADLK, 16, EDEADLK)                 \
    X(DESTADDRREQ, 17, EDESTADDRREQ)       \
    X(DOM, 18, EDOM)                       \
    X(DQUOT, 19, EDQUOT)                   \
    X(EXIST, 20, EEXIST)                   \
    X(FAULT, 21, EFAULT)                   \
    X(FBIG, 22, EFBIG)                     \
    X(HOSTUNREACH, 23, EHOSTUNREACH)       \
    X(IDRM, 24, EIDRM)                     \
    X(ILSEQ, 25, EILSEQ)                   \
    X(INPROGRESS, 26, EINPROGRESS)         \
    X(INTR, 27, EINTR)                     \
    X(INVAL, 28, EINVAL)                   \
    X(IO, 29, EIO)                         \
    X(ISCONN, 30, EISCONN)                 \
    X(ISDIR, 31, EISDIR)                   \
    X(LOOP, 32, ELOOP)                     \
    X(MFILE, 33, EMFILE)                   \
    X(MLINK, 34, EMLINK)                   \
    X(MSGSIZE, 35, EMSGSIZE)               \
    X(MULTIHOP, 36, EMULTIHOP)             \
    X(NAMETOOLONG, 37, ENAMETOOLONG)       \
    X(NETDOWN, 38, ENETDOWN)               \
    X(NETRESET, 39, ENETRESET)             \
    X(NETUNREACH, 40, ENETUNREACH)         \
    X(NFILE, 41, ENFILE)                   \
    X(NOBUFS, 42, ENOBUFS)                 \
    X(NODEV, 43, ENODEV)                   \
    X(NOENT, 44, ENOENT)                   \
    X(NOEXEC, 45, ENOEXEC)                 \
    X(NOLCK, 46, ENOLCK)                   \
    X(NOLINK, 47, ENOLINK)                 \
    X(NOMEM, 48, ENOMEM)                   \
    X(NOMSG, 49, ENOMSG)                   \
    X(NOPROTOOPT, 50, ENOPROTOOPT)         \
    X(NOSPC, 51, ENOSPC)                   \
    X(NOSYS, 52, ENOSYS)                   \
    X(NOTCONN, 53, ENOTCONN)               \
    X(NOTDIR, 54, ENOTDIR)                 \
    X(NOTEMPTY, 55, ENOTEMPTY)             \
    X(NOTRECOVERABLE, 56, ENOTRECOVERABLE) \
    X(NOTSOCK, 57, ENOTSOCK)               \
    X(NOTSUP, 58, EOPNOTSUPP)              \
    X(NOTTY, 59, ENOTTY)                   \
    X(NXIO, 60, ENXIO)                     \
    X(OVERFLOW, 61, EOVERFLOW)             \
    X(OWNERDEAD, 62, EOWNERDEAD)           \
    X(PERM, 63, EPERM)                     \
    X(PIPE, 64, EPIPE)                     \
    X(PROTO, 65, EPROTO)                   \
    X(PROTONOSUPPORT, 66, EPROTONOSUPPORT) \
    X(PROTOTYPE, 67, EPROTOTYPE)           \
    X(RANGE, 68, ERANGE)                   \
    X(ROFS, 69, EROFS)                     \
    X(SPIPE, 70, ESPIPE)                   \
    X(SRCH, 71, ESRCH)                     \
    X(STALE, 72, ESTALE)                   \
    X(TIMEDOUT, 73, ETIMEDOUT)             \
    X(TXTBSY, 74, ETXTBSY)                 \
    X(XDEV, 75, EXDEV)

enum {
#define X(id, number, host) TN_WASI_E##id = number,
    TN_WASI_ERRNO_MAP(X)
#undef X
        TN_WASI_ENOTCAPABLE = 76 /* no host has it */
};

/* X(id, bit) */
#define TN_WASI_RIGHT_MAP(X)       \
    X(FD_DATASYNC, 0)              \
    X(FD_READ, 1)                  \
    X(FD_SEEK, 2)                  \
    X(FD_FDSTAT_SET_FLAGS, 3)      \
    X(FD_SYNC, 4)                  \
    X(FD_TELL, 5)                  \
    X(FD_WRITE, 6)                 \
    X(FD_ADVISE, 7)                \
    X(FD_ALLOCATE, 8)              \
    X(PATH_CREATE_DIRECTORY, 9)    \
    X(PATH_CREATE_FILE, 10)        \
    X(PATH_LINK_SOURCE, 11)        \
    X(PATH_LINK_TARGET, 12)        \
    X(PATH_OPEN, 13)               \
    X(FD_READDIR, 14)              \
    X(PATH_READLINK, 15)           \
    X(PATH_RENAME_SOURCE, 16)      \
    X(PATH_RENAME_TARGET, 17)      \
    X(PATH_FILESTAT_GET, 18)       \
    X(PATH_FILESTAT_SET_SIZE, 19)  \
    X(PATH_FILESTAT_SET_TIMES, 20) \
    X(FD_FILESTAT_GET, 21)         \
    X(FD_FILESTAT_SET_SIZE, 22)    \
    X(FD_FILESTAT_SET_TIMES, 23)   \
    X(PATH_SYMLINK, 24)            \
    X(PATH_REMOVE_DIRECTORY, 25)   \
    X(PATH_UNLINK_FILE, 26)        \
    X(POLL_FD_READWRITE, 27)       \
    X(SOCK_SHUTDOWN, 28)           \
    X(SOCK_ACCEPT, 29)
enum {
    TN_WASI_RIGHT_NONE = 0,
#define X(id, bit) TN_WASI_RIGHT_##id = 1 << (bit),
    TN_WASI_RIGHT_MAP(X)
#undef X
};

typedef enum tn_wasi_filetype {
    TN_WASI_FILETYPE_UNKNOWN,
    TN_WASI_FILETYPE_BLOCK_DEVICE,
    TN_WASI_FILETYPE_CHARACTER_DEVICE,
    TN_WASI_FILETYPE_DIRECTORY,
    TN_WASI_FILETYPE_REGULAR_FILE,
    TN_WASI_FILETYPE_SOCKET_DGRAM,
    TN_WASI_FILETYPE_SOCKET_STREAM,
    TN_WASI_FILETYPE_SYMBOLIC_LINK
} tn_wasi_filetype;

enum {
    TN_WASI_FDFLAG_APPEND = 1,
    TN_WASI_FDFLAG_DSYNC = 2,
    TN_WASI_FDFLAG_NONBLOCK = 4,
    TN_WASI_FDFLAG_RSYNC = 8,
    TN_WASI_FDFLAG_SYNC = 16
};
enum { TN_WASI_OFLAG_CREAT = 1, TN_WASI_OFLAG_DIRECTORY = 2, TN_WASI_OFLAG_EXCL = 4, TN_WASI_OFLAG_TRUNC = 8 };
enum { TN_WASI_LOOKUP_SYMLINK_FOLLOW = 1 };
enum { TN_WASI_FSTFLAG_ATIM = 1, TN_WASI_FSTFLAG_ATIM_NOW = 2, TN_WASI_FSTFLAG_MTIM = 4, TN_WASI_FSTFLAG_MTIM_NOW = 8 };
enum { TN_WASI_CLOCK_REALTIME, TN_WASI_CLOCK_MONOTONIC, TN_WASI_CLOCK_PROCESS_CPUTIME, TN_WASI_CLOCK_THREAD_CPUTIME };

/* Structures as guests see them: little endian, like every host that we run on. */
typedef struct tn_wasi_fdstat {
    uint8_t filetype, pad0;
    uint16_t flags;
    uint32_t pad1;
    uint64_t base, inheriting;
} tn_wasi_fdstat;
typedef struct tn_wasi_filestat {
    uint64_t dev, ino;
    uint8_t filetype, pad[7];
    uint64_t nlink, size, atim, mtim, ctim;
} tn_wasi_filestat;
typedef struct tn_wasi_dirent {
    uint64_t next, ino;
    uint32_t namlen;
    uint8_t type, pad[3];
} tn_wasi_dirent;
typedef struct tn_wasi_iovec {
    uint32_t address, size;
} tn_wasi_iovec;

#define TN_WASI_PATH_MAX 4096

/* A path as the guest gave it, copied once: every decision and every system call uses this copy. */
typedef struct tn_wasi_path {
    char text[TN_WASI_PATH_MAX + 1]; /* ends with NUL, holds no other */
    size_t size;
} tn_wasi_path;

/* The account of what a preopened directory may grow by; shared by all descriptors below it, of several guests. */
typedef struct tn_wasi_quota {
    atomic_size_t holds;
    pthread_mutex_t lock; /* while a call that may grow something goes on */
    uint64_t used, limit; /* bytes */
} tn_wasi_quota;

/* What a guest's terminal output looks like so far: bytes of an unfinished UTF-8 sequence. */
typedef struct tn_wasi_terminal {
    uint8_t pending[4];
    uint8_t count, wanted; /* bytes there, and in all; 0: between characters */
} tn_wasi_terminal;

typedef struct tn_wasi_descriptor {
    int host;     /* -1: closed */
    bool owned;   /* closed with the guest's */
    bool charged; /* to the tenant, while it is open */
    bool is_tty;
    bool listening;
    uint8_t filetype;
    uint16_t flags;            /* as the guest set them */
    uint64_t base, inheriting; /* rights */
    char *name;                /* guest's name of a preopened directory, else NULL */
    size_t name_size;
    tn_wasi_quota *quota; /* or NULL */
    tn_wasi_terminal terminal;
} tn_wasi_descriptor;

typedef struct tn_wasi_text {
    char *bytes; /* strings, each with its NUL */
    size_t size, capacity;
    uint32_t count;
} tn_wasi_text;

struct tenon_wasi {
    tenon_tenant *tenant;
    tenon_wasi_config config;
    tenon_policy policy; /* the tenant's */
    uint64_t seed;       /* state of the generator when policy.seed is not NULL */
    tn_wasi_text arguments, variables;
    tn_wasi_descriptor *descriptors;
    size_t descriptor_count, descriptor_capacity;
    struct tn_wasi_binding *bindings; /* one per function */
    tn_wasi_path path[2];             /* of the call that runs */
    tenon_wasi_stats stats;
    bool exited;
    uint32_t exit_code;
};

/* One call of a function that needs a capability. */
typedef struct tn_wasi_call {
    tenon_caller *caller;
    tenon_wasi *wasi;
    const struct tn_wasi_row *row;
    uint64_t number; /* among the tenant's */
    tenon_memory *memory;
    tn_wasi_descriptor *descriptor; /* that the row names; valid until the table grows */
    tn_wasi_path *path[2];          /* likewise, or NULL */
} tn_wasi_call;

typedef struct tn_wasi_row {
    const char *name;
    tenon_capability capability;
    int8_t descriptor, path[2];
    uint64_t right;
    tn_wasi_errno (*call)(tn_wasi_call *call, const tenon_slot *slots); /* NULL without capability */
    tenon_entry entry;
} tn_wasi_row;

/* The context of a function on a linker. */
typedef struct tn_wasi_binding {
    tenon_wasi *wasi;
    const tn_wasi_row *row;
} tn_wasi_binding;

/* table.c */
extern const tn_wasi_row tn_wasi_rows[];
extern const size_t tn_wasi_row_count;

/* dispatch.c */
tenon_status tn_wasi_dispatch(tenon_caller *caller, tenon_slot *slots);
/* Refuses within a call: counts, audits, and gives the error number to return. */
tn_wasi_errno tn_wasi_deny(tn_wasi_call *call, tn_wasi_errno error, const char *reason);
/* After a system call ended with EINTR: whether to make it again; else the guest is about to be stopped. */
bool tn_wasi_again(const tn_wasi_call *call);

/* errors.c */
tn_wasi_errno tn_wasi_error(int host_errno);
/* The error number of a system call that failed, from errno. */
tn_wasi_errno tn_wasi_last_error(void);

/* memory.c */
bool tn_wasi_store_u32(tn_wasi_call *call, uint32_t address, uint32_t value);
bool tn_wasi_store_u64(tn_wasi_call *call, uint32_t address, uint64_t value);
void *tn_wasi_realloc(tenon_wasi *wasi, void *p, size_t old_size, size_t new_size);

/* descriptors.c */
/* NULL when number is not open. */
tn_wasi_descriptor *tn_wasi_find(tenon_wasi *wasi, uint32_t number);
/* The lowest free number from `least` on; the table owns d->host from then on if d->owned, also on failure; of d's
 * quota it takes a hold of its own. */
tn_wasi_errno tn_wasi_insert(tenon_wasi *wasi, const tn_wasi_descriptor *d, uint32_t least, uint32_t *number);
void tn_wasi_close(tenon_wasi *wasi, tn_wasi_descriptor *d);
uint8_t tn_wasi_filetype_of(const struct stat *st);
uint8_t tn_wasi_socket_type(int host);
/* Rights that make sense for an open thing of this type. */
uint64_t tn_wasi_rights_of(uint8_t filetype);
#define TN_WASI_RIGHTS_FILE_READ                                                                       \
    (TN_WASI_RIGHT_FD_READ | TN_WASI_RIGHT_FD_SEEK | TN_WASI_RIGHT_FD_TELL | TN_WASI_RIGHT_FD_ADVISE | \
     TN_WASI_RIGHT_FD_FILESTAT_GET | TN_WASI_RIGHT_POLL_FD_READWRITE | TN_WASI_RIGHT_FD_FDSTAT_SET_FLAGS)
#define TN_WASI_RIGHTS_FILE_WRITE                                                                             \
    (TN_WASI_RIGHT_FD_WRITE | TN_WASI_RIGHT_FD_DATASYNC | TN_WASI_RIGHT_FD_SYNC | TN_WASI_RIGHT_FD_ALLOCATE | \
     TN_WASI_RIGHT_FD_FILESTAT_SET_SIZE | TN_WASI_RIGHT_FD_FILESTAT_SET_TIMES)
#define TN_WASI_RIGHTS_DIRECTORY_READ                                                   \
    (TN_WASI_RIGHT_PATH_OPEN | TN_WASI_RIGHT_FD_READDIR | TN_WASI_RIGHT_PATH_READLINK | \
     TN_WASI_RIGHT_PATH_FILESTAT_GET | TN_WASI_RIGHT_FD_FILESTAT_GET | TN_WASI_RIGHT_FD_FDSTAT_SET_FLAGS)
#define TN_WASI_RIGHTS_DIRECTORY_WRITE                                                                            \
    (TN_WASI_RIGHT_PATH_CREATE_DIRECTORY | TN_WASI_RIGHT_PATH_CREATE_FILE | TN_WASI_RIGHT_PATH_LINK_SOURCE |      \
     TN_WASI_RIGHT_PATH_LINK_TARGET | TN_WASI_RIGHT_PATH_RENAME_SOURCE | TN_WASI_RIGHT_PATH_RENAME_TARGET |       \
     TN_WASI_RIGHT_PATH_FILESTAT_SET_SIZE | TN_WASI_RIGHT_PATH_FILESTAT_SET_TIMES | TN_WASI_RIGHT_PATH_SYMLINK |  \
     TN_WASI_RIGHT_PATH_REMOVE_DIRECTORY | TN_WASI_RIGHT_PATH_UNLINK_FILE | TN_WASI_RIGHT_FD_FILESTAT_SET_TIMES | \
     TN_WASI_RIGHT_FD_SYNC | TN_WASI_RIGHT_FD_DATASYNC)

/* quota.c */
/* One hold is the caller's; limit 0: there is none, and NULL. */
tenon_status tn_wasi_quota_new(tenon_tenant *tenant, uint64_t limit, tn_wasi_quota **out);
void tn_wasi_quota_hold(tn_wasi_quota *quota);
void tn_wasi_quota_drop(tenon_tenant *tenant, tn_wasi_quota *quota);
/* Around a call: what it looks up is still so when it acts. */
void tn_wasi_quota_enter(tn_wasi_quota *quota);
void tn_wasi_quota_leave(tenon_tenant *tenant, tn_wasi_quota *quota);
/* How many of `wanted` bytes may still be added. */
uint64_t tn_wasi_quota_left(const tn_wasi_quota *quota, uint64_t wanted);
/* Changes what is used by the growth of a file from old to new size. */
void tn_wasi_quota_change(tn_wasi_quota *quota, uint64_t old_size, uint64_t new_size);
/* Charges a new name; false when the quota forbids. */
bool tn_wasi_quota_add_name(tn_wasi_quota *quota);
void tn_wasi_quota_remove_name(tn_wasi_quota *quota);

/* paths.c: see there */
typedef struct tn_wasi_place {
    int parent;             /* descriptor of the directory that holds the last component */
    bool opened;            /* parent is ours to close */
    bool must_be_directory; /* the path ended with a slash */
    char name[256];         /* the last component, never "." or ".." */
} tn_wasi_place;
tn_wasi_errno tn_wasi_place_find(tn_wasi_call *call, const tn_wasi_descriptor *d, const tn_wasi_path *path,
                                 tn_wasi_place *out);
void tn_wasi_place_release(tn_wasi_place *place);
/* Opens a path below the descriptor's directory and nowhere else; a host descriptor or a negative error number. */
int tn_wasi_open_below(tn_wasi_call *call, int directory, const char *path, uint64_t flags, uint64_t mode);

/* utf8.c: bytes of the sequence that begins with lead, 0: none does; and what its second byte may be. */
uint8_t tn_wasi_utf8_sequence(uint8_t lead, uint8_t *low, uint8_t *high);
bool tn_wasi_is_utf8(const uint8_t *s, size_t size);

/* terminal.c: writes text with control characters made visible; bytes of the input consumed, or -1 with errno. */
int64_t tn_wasi_terminal_write(tn_wasi_descriptor *d, const uint8_t *bytes, size_t size);

#endif
