/* SPDX-License-Identifier: MIT
 * Compiled code as the runtime sees it.
 */
#ifndef TN_JIT_NATIVE_H
#define TN_JIT_NATIVE_H

#include "runtime/vm/native.h"

extern const tn_native tn_jit_native;

#endif
