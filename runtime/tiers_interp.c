/* SPDX-License-Identifier: MIT
 * The tiers of a build for a CPU that has no compiled code.
 */
#include "runtime/interp/interp.h"
#include "runtime/vm/native.h"

const tn_tier *const tn_tiers[] = { &tn_interp_tier, NULL };
const tn_native *const tn_native_code = NULL;
