/* SPDX-License-Identifier: MIT
 * Exact types: between the host's description and the loader's word.
 */
#ifndef TN_VM_TYPES_H
#define TN_VM_TYPES_H

#include "runtime/vm/runtime.h"
#include "tenon/refs.h"

tenon_valtype tn_exact_type(const tn_types *types, tn_valtype t);
/* False for a description that makes no sense, or is of another engine. */
bool tn_take_type(const tn_types *types, const tenon_valtype *type, tn_valtype *out) TN_MUST_CHECK;

#endif
