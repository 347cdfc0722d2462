/* SPDX-License-Identifier: MIT
 * The four words for conditions that must hold.
 *   TN_ASSERT  proved; checked in debug builds only
 *   TN_ALWAYS, TN_NEVER  believed, and still handled in release: the value is the condition
 *   TN_CHECK   a wall of the sandbox: checked in every build, because going on would be worse than stopping
 */
#ifndef TN_BASE_ASSERT_H
#define TN_BASE_ASSERT_H

#include <assert.h>

#include "base/compiler.h"

#define TN_ASSERT(c) assert(c)
#define TN_ALWAYS(c) (assert(c), (c))
#define TN_NEVER(c)  (assert(!(c)), (c))
#define TN_CHECK(c)  (TN_LIKELY(c) ? (void)0 : __builtin_trap())

#endif
