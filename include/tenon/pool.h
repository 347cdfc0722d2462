/* SPDX-License-Identifier: MIT
 * pool.h -- stores that are ready before somebody wants them, and used again after; instances that begin where others
 * were.
 *
 * A pool has one kind of store: filled by a function of the host's with whatever guests need, once per store. Taking
 * one gives it to a tenant; giving it back brings all of it to where it was after it was filled, so that nothing of a
 * user reaches the next: memories, tables, globals, what was instantiated, resources.
 */
#ifndef TENON_POOL_H
#define TENON_POOL_H

#include "tenon.h"

TENON_BEGIN_C

typedef struct tenon_pool tenon_pool;

typedef struct tenon_pool_config {
    size_t size; /* sizeof(tenon_pool_config) */
    /* Fills a new store, in the same way each time, without leaving exceptions, objects or resources: defines host
     * functions, instantiates, calls what initializes. *out is the instance that tenon_pool_take gives. */
    tenon_status (*fill)(void *context, tenon_store *store, tenon_instance **out, tenon_error *err);
    void *context;
    size_t spare;  /* stores kept while nobody uses them; 0: as many as were ever used at once */
    uint64_t keep; /* bytes of a memory's pages that stay when a store is given back; 0: 256 KiB */
    /* For very many stores at once: memories are checked, wherever that is possible, and take no more address space
     * than they need. */
    bool dense;
} tenon_pool_config;

TENON_API TENON_MUST_CHECK tenon_status tenon_pool_new(tenon_engine *engine, const tenon_pool_config *config,
                                                       tenon_pool **out);
/* Every store has been given back. */
TENON_API void tenon_pool_delete(tenon_pool *pool);
/* A store of the tenant's, which pays for all that it holds until it is given back. It is used as any other, but not
 * deleted; stacks it has only while it is called. *instance is what fill has made. Any thread may take and give. */
TENON_API TENON_MUST_CHECK tenon_status tenon_pool_take(tenon_pool *pool, tenon_tenant *tenant, tenon_store **store,
                                                        tenon_instance **instance, tenon_error *err);
/* No call is running in it, its task is done, and linkers that were made since are gone. */
TENON_API void tenon_pool_give(tenon_pool *pool, tenon_store *store);

/* ---- snapshots -------------------------------------------------------------------------------------------------- */

/* What an instance has of its own after it was initialized, or at any later moment: memories, tables, globals, and
 * which segments it has dropped. Other instances of the module, in any store of the engine, begin there instead of
 * being initialized and started. Large memories are shared until they are written. */
typedef struct tenon_snapshot tenon_snapshot;

/* The instance does not run. What it imports is not part of it. Functions in its tables and globals must be its own or
 * imported; other references that are not null belong to their store alone: TENON_USAGE. */
TENON_API TENON_MUST_CHECK tenon_status tenon_snapshot_new(tenon_instance *instance, tenon_snapshot **out,
                                                           tenon_error *err);
/* Instances keep what they need. */
TENON_API void tenon_snapshot_delete(tenon_snapshot *snapshot);
/* imports as for tenon_instance_new, to which this is the alternative; no code of the guest's runs. Any number of
 * threads may use a snapshot. */
TENON_API TENON_MUST_CHECK tenon_status tenon_snapshot_instantiate(tenon_store *store, const tenon_snapshot *snapshot,
                                                                   const tenon_extern *imports, size_t import_count,
                                                                   tenon_instance **out, tenon_error *err);

/* Whatever the embedder wants to find again in host functions: of the present user, not of the store's contents. NULL
 * after tenon_store_new and tenon_pool_take. */
TENON_API void tenon_store_set_context(tenon_store *store, void *context);
TENON_API void *tenon_store_context(const tenon_store *store);

TENON_END_C
#endif
