/* SPDX-License-Identifier: MIT
 * Fuzz target: any bytes are decoded and validated, with all features and with the standard's.
 */
#include <stdlib.h>

#include "tenon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static tenon_engine *engines[2];
    tenon_module *module;
    tenon_error err;

    for (int i = 0; i < 2; i++) {
        tenon_config config = { .size = sizeof config, .features = i == 0 ? TENON_FEATURES_ALL : 0 };
        if (engines[i] == NULL && tenon_engine_new(&config, &engines[i]) != TENON_OK)
            abort();
        tenon_status status = tenon_module_new(engines[i], data, size, &module, &err);
        if (status == TENON_OK)
            tenon_module_delete(module);
        else if (err.status != status || err.text[0] == '\0')
            abort(); /* every rejection says why */
    }
    return 0;
}
