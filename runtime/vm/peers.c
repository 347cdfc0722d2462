/* SPDX-License-Identifier: MIT
 * Rules of who may be reached.
 */
#include "runtime/vm/peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };

static bool has_prefix(const tn_address *address, const tn_address *network, unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;

    if (memcmp(address->bytes, network->bytes, bytes) != 0)
        return false;
    return rest == 0 || ((address->bytes[bytes] ^ network->bytes[bytes]) >> (8 - rest)) == 0;
}

static bool parse_address(const char *text, tn_address *out, bool *is_v4)
{
    *is_v4 = inet_pton(AF_INET, text, out->bytes + 12) == 1;
    if (*is_v4)
        memcpy(out->bytes, mapped, sizeof mapped);
    return *is_v4 || inet_pton(AF_INET6, text, out->bytes) == 1;
}

/* "/8" of an IPv4 address is "/104" of a mapped one. */
static bool parse_bits(const char *text, bool is_v4, uint8_t *out)
{
    char *end;
    unsigned long bits = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || bits > (is_v4 ? 32 : 128))
        return false;
    *out = (uint8_t)(bits + (is_v4 ? 96 : 0));
    return true;
}

/* Bits behind the network's must be 0: "10.1.0.0/8" was meant otherwise. */
static bool is_network(const tn_peer *peer)
{
    for (unsigned bit = peer->bits; bit < 128; bit++)
        if (peer->network.bytes[bit / 8] >> (7 - bit % 8) & 1)
            return false;
    return true;
}

/* Letters, digits, hyphens and dots (RFC 1123, 2.1), and underscores, which names of services have. */
static bool is_host_name(const char *text)
{
    bool has_label = false;

    for (; *text != '\0'; text++) {
        bool letter = (*text >= 'a' && *text <= 'z') || (*text >= '0' && *text <= '9') || *text == '-' || *text == '_';
        if (!letter && (*text != '.' || !has_label))
            return false;
        has_label = letter;
    }
    return true;
}

/* Lower case, without the dot that says that a name is whole. */
static bool normalize(const char *text, char *out, size_t room)
{
    size_t size = strlen(text);

    if (size > 0 && text[size - 1] == '.')
        size--;
    if (size >= room)
        return false;
    for (size_t i = 0; i < size; i++)
        out[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
    out[size] = '\0';
    return true;
}

static bool parse_name(const char *text, tn_peer *out)
{
    out->is_name = true;
    out->below = text[0] == '*';
    if (strcmp(text, "*") == 0)
        return true;
    if (out->below && text[1] != '.')
        return false;
    return normalize(out->below ? text + 2 : text, out->name, sizeof out->name) && out->name[0] != '\0' &&
           is_host_name(out->name);
}

bool tn_peer_parse(const tenon_peer *rule, tn_peer *out)
{
    char text[64];
    const char *slash = strchr(rule->host, '/');
    size_t size = slash != NULL ? (size_t)(slash - rule->host) : strlen(rule->host);
    bool is_v4;

    *out = (tn_peer){ .first_port = rule->first_port, .last_port = rule->last_port, .bits = 128 };
    if (rule->first_port == 0 && rule->last_port == 0)
        out->last_port = UINT16_MAX;
    if (out->first_port > out->last_port)
        return false;
    if (size < sizeof text) {
        memcpy(text, rule->host, size);
        text[size] = '\0';
        if (parse_address(text, &out->network, &is_v4))
            return (slash == NULL || parse_bits(slash + 1, is_v4, &out->bits)) && is_network(out);
    }
    return slash == NULL && parse_name(rule->host, out);
}

static bool has_port(const tn_peer *peer, uint16_t port)
{
    return port >= peer->first_port && port <= peer->last_port;
}

bool tn_peer_has_address(const tn_peer *peer, const tn_address *address, uint16_t port)
{
    return !peer->is_name && has_port(peer, port) && has_prefix(address, &peer->network, peer->bits);
}

/* What every resolver takes for an address: "127.1", "0x7f000001". */
static bool ends_in_number(const char *name)
{
    const char *dot = strrchr(name, '.'), *label = dot != NULL ? dot + 1 : name;

    return strncmp(label, "0x", 2) == 0 || strspn(label, "0123456789") == strlen(label);
}

bool tn_peer_has_name(const tn_peer *peer, const char *name, uint16_t port)
{
    char text[256];
    size_t size, suffix = strlen(peer->name);

    if (!peer->is_name || !has_port(peer, port) || !normalize(name, text, sizeof text) || !is_host_name(text) ||
        ends_in_number(text))
        return false;
    size = strlen(text);
    if (!peer->below)
        return strcmp(text, peer->name) == 0;
    return suffix == 0 || (size > suffix + 1 && text[size - suffix - 1] == '.' &&
                           memcmp(text + size - suffix, peer->name, suffix) == 0);
}

bool tn_address_of(const struct sockaddr *from, tn_address *out, uint16_t *port)
{
    if (from->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, from, sizeof v4);
        memcpy(out->bytes, mapped, sizeof mapped);
        memcpy(out->bytes + 12, &v4.sin_addr, 4);
        *port = ntohs(v4.sin_port);
        return true;
    }
    if (from->sa_family != AF_INET6)
        return false;
    struct sockaddr_in6 v6;
    memcpy(&v6, from, sizeof v6);
    memcpy(out->bytes, &v6.sin6_addr, 16);
    *port = ntohs(v6.sin6_port);
    return true;
}

/* Networks with a purpose of their own (IANA's registries, RFC 6890), and those whose addresses hold another of IPv4,
 * which might be one of them. */
bool tn_address_is_global(const tn_address *address)
{
    static const char *const special[] = { "0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",
                                           "169.254.0.0/16", "172.16.0.0/12",  "192.0.0.0/24",  "192.0.2.0/24",
                                           "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
                                           "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",   "::/96",
                                           "64:ff9b::/96",   "64:ff9b:1::/48", "100::/64",      "2001::/23",
                                           "2001:db8::/32",  "2002::/16",      "fc00::/7",      "fe80::/10",
                                           "fec0::/10",      "ff00::/8" };

    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        tn_peer network;
        if (tn_peer_parse(&(tenon_peer){ .host = special[i] }, &network) && tn_peer_has_address(&network, address, 1))
            return false;
    }
    return true;
}
