/* SPDX-License-Identifier: MIT
 * Who may be reached: rules of addresses and of names. What comes in was written by the embedder (rules) or by a guest
 * (names); nothing here resolves a name or opens a socket.
 */
#ifndef TN_VM_PEERS_H
#define TN_VM_PEERS_H

#include "base/mem.h"
#include "tenon/policy.h"

/* An address as 16 bytes; those of IPv4 are mapped into IPv6 (RFC 4291, 2.5.5.2). */
typedef struct tn_address {
    uint8_t bytes[16];
} tn_address;

typedef struct tn_peer {
    uint16_t first_port, last_port;
    bool is_name;
    bool below; /* the name was "*.name", or "*" when it is empty */
    uint8_t bits;
    tn_address network;
    char name[256]; /* lower case, without a dot at the end */
} tn_peer;

/* False when the rule is not understood. */
bool tn_peer_parse(const tenon_peer *rule, tn_peer *out) TN_MUST_CHECK;
bool tn_peer_has_address(const tn_peer *peer, const tn_address *address, uint16_t port);
bool tn_peer_has_name(const tn_peer *peer, const char *name, uint16_t port);
/* False for families other than IPv4 and IPv6. */
bool tn_address_of(const struct sockaddr *from, tn_address *out, uint16_t *port) TN_MUST_CHECK;
/* Whether it is the address of anybody: not of this host, its networks, or a group. */
bool tn_address_is_global(const tn_address *address);

#endif
