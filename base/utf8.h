/* SPDX-License-Identifier: MIT
 * UTF-8 as RFC 3629 and the specification (5.2.4) want it: shortest form, no surrogates, at most U+10FFFF.
 */
#ifndef TN_BASE_UTF8_H
#define TN_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether all size bytes are well-formed. */
bool tn_utf8_valid(const uint8_t *bytes, size_t size);

#endif
