/* SPDX-License-Identifier: MIT
 * What a tenant may do, and who writes it down.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "runtime/vm/peers.h"
#include "runtime/vm/runtime.h"

const char *tenon_capability_text(tenon_capability capability)
{
    static const char *const texts[] = {
#define X(id, text) text,
        TENON_CAPABILITY_MAP(X)
#undef X
    };
    if (capability >= TENON_CAPABILITY_OWN && capability <= TENON_CAPABILITY_LAST)
        return "own";
    return capability < TENON_CAPABILITY_COUNT ? texts[capability] : "unknown";
}

/* ---- setting it ---- */

static tenon_status take_peers(tenon_tenant *tenant, const tenon_policy *policy, tenon_error *err)
{
    tn_mem *mem = &tenant->engine->mem;
    size_t count = policy->peer_count;
    tn_peer *peers = count > 0 ? tn_alloc_zeroed(mem, count * sizeof *peers) : NULL;

    if (count > 0 && peers == NULL)
        return tn_fail_plain(err, TENON_NOMEM, "out of memory for a policy");
    for (size_t i = 0; i < count; i++)
        if (!tn_peer_parse(&policy->peers[i], &peers[i])) {
            tn_free(mem, peers, count * sizeof *peers);
            return tn_fail_plain(err, TENON_USAGE, "peer `%.100s`, ports %u to %u: not an address, a network or a name",
                                 policy->peers[i].host, (unsigned)policy->peers[i].first_port,
                                 (unsigned)policy->peers[i].last_port);
        }
    tn_policy_fini(tenant);
    tenant->peers = peers;
    tenant->peer_count = count;
    return TENON_OK;
}

void tn_policy_init(tenon_tenant *tenant)
{
    tenant->policy.size = sizeof tenant->policy;
    atomic_init(&tenant->capabilities, TENON_CAPABILITIES_ALL);
}

void tn_policy_fini(tenon_tenant *tenant)
{
    tn_free(&tenant->engine->mem, tenant->peers, tenant->peer_count * sizeof *tenant->peers);
}

tenon_status tenon_tenant_set_policy(tenon_tenant *tenant, const tenon_policy *policy, tenon_error *err)
{
    tn_error_clear(err);
    if (policy->size != sizeof *policy)
        return tn_fail_plain(err, TENON_USAGE, "the policy has another size than the library's");
    tn_os_mutex_lock(&tenant->stores_lock);
    bool is_used = tenant->stores != NULL;
    tn_os_mutex_unlock(&tenant->stores_lock);
    if (is_used)
        return tn_fail_plain(err, TENON_USAGE, "the tenant has stores already");
    TN_TRY(take_peers(tenant, policy, err));
    tenant->policy = *policy;
    tenant->policy.peers = NULL;
    tenant->policy.peer_count = 0;
    if (policy->seed != NULL) {
        tenant->seed = *policy->seed;
        tenant->policy.seed = &tenant->seed;
    }
    tenon_tenant_set_capabilities(tenant, policy->capabilities);
    return TENON_OK;
}

tenon_policy tenon_tenant_policy(const tenon_tenant *tenant)
{
    tenon_policy policy = tenant->policy;

    policy.capabilities = atomic_load(&tenant->capabilities);
    return policy;
}

void tenon_tenant_set_capabilities(tenon_tenant *tenant, tenon_capabilities capabilities)
{
    atomic_store(&tenant->capabilities, capabilities | TENON_CAPABILITY_BIT(TENON_CAPABILITY_NONE));
}

/* ---- asking it ---- */

bool tenon_tenant_allows(const tenon_tenant *tenant, tenon_capability capability)
{
    return (unsigned)capability <= TENON_CAPABILITY_LAST && (atomic_load(&tenant->capabilities) >> capability & 1) != 0;
}

uint64_t tenon_tenant_number_call(tenon_tenant *tenant)
{
    return atomic_fetch_add(&tenant->calls, 1) + 1;
}

void tenon_tenant_audit(tenon_tenant *tenant, const tenon_record *record)
{
    const tenon_policy *policy = &tenant->policy;

    if (policy->audit != NULL && (!record->allowed || policy->audit_all))
        policy->audit(policy->audit_context, tenant, record);
}

tenon_status tn_permit(tenon_func *func)
{
    tenon_tenant *tenant = func->store->tenant;
    tenon_record record = { .number = tenon_tenant_number_call(tenant),
                            .store = func->store,
                            .capability = func->capability,
                            .allowed = tenon_tenant_allows(tenant, func->capability),
                            .descriptor = TENON_NO_DESCRIPTOR };

    if (!record.allowed)
        record.reason = "the capability was not granted";
    tenon_tenant_audit(tenant, &record);
    return record.allowed ? TENON_OK : TENON_DENIED;
}

/* ---- who may be reached ---- */

static bool has_address_rule(const tenon_tenant *tenant, const tn_address *address, uint16_t port)
{
    for (size_t i = 0; i < tenant->peer_count; i++)
        if (tn_peer_has_address(&tenant->peers[i], address, port))
            return true;
    return false;
}

static bool has_name_rule(const tenon_tenant *tenant, const char *name, uint16_t port)
{
    for (size_t i = 0; i < tenant->peer_count; i++)
        if (tn_peer_has_name(&tenant->peers[i], name, port))
            return true;
    return false;
}

/* NULL, or why not. */
static const char *refusal(const tenon_tenant *tenant, const char *name, uint16_t port, const tn_address *address)
{
    if (!tenon_tenant_allows(tenant, TENON_CAPABILITY_CONNECT))
        return "the capability was not granted";
    if (address != NULL && has_address_rule(tenant, address, port))
        return NULL;
    if (name == NULL)
        return "the address is not among the peers";
    if (!has_name_rule(tenant, name, port))
        return "the name is not among the peers";
    if (address != NULL && !tn_address_is_global(address))
        return "the name leads to an address of the host or its networks";
    return NULL;
}

bool tenon_tenant_may_connect(tenon_tenant *tenant, tenon_store *store, const char *name, uint16_t port,
                              const struct sockaddr *address)
{
    char text[320], numeric[INET6_ADDRSTRLEN] = "";
    tn_address a;
    bool known = address == NULL || tn_address_of(address, &a, &port);
    const char *reason = !known || (name == NULL && address == NULL)
                             ? "the address is of no family that is known"
                             : refusal(tenant, name, port, address != NULL ? &a : NULL);

    if (address != NULL && known)
        (void)inet_ntop(AF_INET6, a.bytes, numeric, sizeof numeric);
    int size = snprintf(text, sizeof text, "%.255s%s%s:%u", name != NULL ? name : "",
                        name != NULL && numeric[0] != '\0' ? "@" : "", numeric, (unsigned)port);
    const tenon_record record = { .number = tenon_tenant_number_call(tenant),
                                  .store = store,
                                  .capability = TENON_CAPABILITY_CONNECT,
                                  .allowed = reason == NULL,
                                  .reason = reason,
                                  .descriptor = TENON_NO_DESCRIPTOR,
                                  .peer = { text, (size_t)size } };
    tenon_tenant_audit(tenant, &record);
    return record.allowed;
}
