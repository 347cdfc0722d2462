/* SPDX-License-Identifier: MIT
 * The interpreter: the portable tier, and the reference that compilers are compared with.
 */
#ifndef TN_INTERP_INTERP_H
#define TN_INTERP_INTERP_H

#include "runtime/vm/tier.h"

extern const tn_tier tn_interp_tier;

#endif
