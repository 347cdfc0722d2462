/* SPDX-License-Identifier: MIT
 * The runner of converted spec scripts (`tenon wast`).
 */
#ifndef TENON_CLI_WAST_H
#define TENON_CLI_WAST_H

#include <jansson.h>

#include "cli/cli.h"

/* An argument of the wanted type; false when this runner cannot make it. */
bool wast_value(const json_t *json, tenon_type wanted, tenon_val *out);
/* Whether a result is what the script expects. */
bool wast_matches(const json_t *expected, const tenon_val *have);

#endif
