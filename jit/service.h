/* SPDX-License-Identifier: MIT
 * Compiling in the background: requests of an engine's guests wait in a queue; each thread takes some that belong
 * together, has a process of its own compile them, and lets the module go on in the code. See runtime/vm/native.h.
 */
#ifndef TN_JIT_SERVICE_H
#define TN_JIT_SERVICE_H

#include "runtime/vm/native.h"

tn_service *tn_service_new(tn_mem *mem, const tenon_tiering *tiering, tenon_log log, void *log_context);
/* Ends all jobs. No module of the engine is left. */
void tn_service_delete(tn_service *service);
void tn_service_request(tn_service *service, const tn_request *request);
void tn_service_forget(tn_service *service, const tenon_module *module);
tenon_tiering_counts tn_service_counts(const tn_service *service);

#endif
