/* SPDX-License-Identifier: MIT
 * The tiers that this build of the library has, the default first. Leaving one out means linking another file here.
 */
#include "jit/native.h"
#include "runtime/interp/interp.h"

const tn_tier *const tn_tiers[] = { &tn_interp_tier, NULL };
const tn_native *const tn_native_code = &tn_jit_native;
