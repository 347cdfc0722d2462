/* SPDX-License-Identifier: MIT
 * policy.h -- what the guests of a tenant may do of the outside, and what is written down of it.
 *
 * A capability is a kind of access. A host function that needs one is refused before it is called when the tenant lacks
 * it; what single guests are given (tenon/wasi.h) is always within what their tenant has. Records of refused calls, or
 * of all, go to the tenant's audit trail.
 */
#ifndef TENON_POLICY_H
#define TENON_POLICY_H

#include "tenon.h"

TENON_BEGIN_C

struct sockaddr;

/* X(id, text): kinds of access to the outside. */
#define TENON_CAPABILITY_MAP(X)                                                         \
    X(NONE, "none")               /* nothing of the outside is touched: always there */ \
    X(DESCRIPTORS, "descriptors") /* to use what is open: read, write, seek, stat */    \
    X(FILES, "files")             /* to use names below preopened directories */        \
    X(SOCKETS, "sockets")         /* accept, receive, send on preopened listeners */    \
    X(CLOCKS, "clocks")           /* to read clocks */                                  \
    X(RANDOM, "random")           /* random bytes */                                    \
    X(WAIT, "wait")               /* to sleep and wait for descriptors */               \
    X(SIGNALS, "signals")         /* proc_raise, which can only end the guest itself */ \
    X(CONNECT, "connect")         /* to reach peers that the policy names */

typedef enum tenon_capability {
#define X(id, text) TENON_CAPABILITY_##id,
    TENON_CAPABILITY_MAP(X)
#undef X
        TENON_CAPABILITY_COUNT,
    TENON_CAPABILITY_OWN = 32, /* this and those up to LAST are the embedder's, for its own host functions */
    TENON_CAPABILITY_LAST = 63
} tenon_capability;
TENON_API const char *tenon_capability_text(tenon_capability capability);

/* A set of capabilities: bit TENON_CAPABILITY_x of the word. */
typedef uint64_t tenon_capabilities;
#define TENON_CAPABILITIES_ALL           (~(tenon_capabilities)0)
#define TENON_CAPABILITY_BIT(capability) ((tenon_capabilities)1 << (capability))

/* Makes calls of a host function need a capability, besides being imported. No guest of the store runs meanwhile.
 * TENON_USAGE for a guest's function. */
TENON_API TENON_MUST_CHECK tenon_status tenon_func_set_capability(tenon_func *func, tenon_capability capability);

#define TENON_NO_DESCRIPTOR UINT32_MAX

/* One call that needs a capability, reported before it is made; or one that was refused, before or within it. */
typedef struct tenon_record {
    uint64_t number;      /* of the call among the tenant's, from 1 */
    tenon_store *store;   /* of the guest; NULL: it is not known */
    const char *function; /* NULL: a host function without a name */
    tenon_capability capability;
    bool allowed;
    const char *reason;  /* why not, or NULL */
    uint32_t descriptor; /* the guest's number, or TENON_NO_DESCRIPTOR */
    tenon_name path[2];  /* as the guest wrote them; data NULL when there is none */
    tenon_name peer;     /* likewise: whom it wants to reach */
} tenon_record;

/* Whom guests may reach: an address or a network ("192.0.2.1", "10.0.0.0/8", "2001:db8::/32"), a name
 * ("example.org"), all names below one ("*.example.org"), or any name ("*"); on ports from first to last, 0 to 0: any.
 */
typedef struct tenon_peer {
    const char *host;
    uint16_t first_port, last_port;
} tenon_peer;

typedef struct tenon_policy {
    size_t size;                     /* sizeof(tenon_policy) */
    tenon_capabilities capabilities; /* that guests of the tenant may have at most */
    bool end_on_denial;              /* a denial ends the guest with TENON_DENIED instead of an error number */
    uint64_t clock_resolution;       /* nanoseconds: times are multiples of it; 0: as fine as the system has them */
    const uint64_t *seed;    /* random bytes are made from it, the same each time and no secret; NULL: the kernel's */
    const tenon_peer *peers; /* copied, as the seed is */
    size_t peer_count;
    bool audit_all; /* audit gets every call that needs a capability, not only those that are refused */
    /* Called by the threads that run guests, maybe several at once; it may not use the guests' stores. Or NULL. */
    void (*audit)(void *context, tenon_tenant *tenant, const tenon_record *record);
    void *audit_context;
} tenon_policy;

/* Before the tenant has a store; TENON_USAGE otherwise, and when a peer is not understood. Without a policy a tenant
 * has all capabilities, no peers and no trail. */
TENON_API TENON_MUST_CHECK tenon_status tenon_tenant_set_policy(tenon_tenant *tenant, const tenon_policy *policy,
                                                                tenon_error *err);
/* What it was given, without its peers and with the capabilities of now. */
TENON_API tenon_policy tenon_tenant_policy(const tenon_tenant *tenant);
/* Grants and takes away, from any thread at any time: holds for every call that begins afterwards. */
TENON_API void tenon_tenant_set_capabilities(tenon_tenant *tenant, tenon_capabilities capabilities);

/* ---- for host functions that decide themselves ------------------------------------------------------------------ */

TENON_API bool tenon_tenant_allows(const tenon_tenant *tenant, tenon_capability capability);
/* Numbers a call that needs a capability, for its records. */
TENON_API uint64_t tenon_tenant_number_call(tenon_tenant *tenant);
/* Hands the record to whoever audits, if it is one that is wanted. */
TENON_API void tenon_tenant_audit(tenon_tenant *tenant, const tenon_record *record);
/* Whether guests may connect there; audited. Asked with the name before it is resolved (address NULL), and with name
 * and address before connecting: a name must not lead to the host itself or into its networks, unless the address is
 * allowed too. name NULL: the guest has named an address. Port in the address's order, when there is one; else port. */
TENON_API TENON_MUST_CHECK bool tenon_tenant_may_connect(tenon_tenant *tenant, tenon_store *store, const char *name,
                                                         uint16_t port, const struct sockaddr *address);

TENON_END_C
#endif
