/* SPDX-License-Identifier: MIT
 * The name section (specification 7.4.1), read on demand. It is a custom section: whatever is wrong in it means that
 * there are no names.
 */
#include "loader/module.h"

bool tn_module_custom(const tn_module *m, const char *name, tn_reader *out)
{
    for (uint32_t i = 0; i < m->custom_count; i++) {
        const tn_custom *c = &m->customs[i];
        if (c->name.size == strlen(name) && memcmp(c->name.data, name, c->name.size) == 0) {
            *out = tn_module_reader(m, c->bytes, NULL);
            return tn_module_need(m, c->bytes);
        }
    }
    return false;
}

static bool find_subsection(const tn_module *m, uint8_t wanted, tn_reader *out)
{
    tn_reader r;
    uint32_t size = 0;
    uint8_t id = 0;

    if (!tn_module_custom(m, "name", &r))
        return false;
    while (tn_read_u8(&r, &id) == TENON_OK && tn_read_u32(&r, &size) == TENON_OK && size <= tn_reader_left(&r)) {
        if (id == wanted) {
            *out = r;
            out->end = r.p + size;
            return true;
        }
        r.p += size;
    }
    return false;
}

tenon_name tn_module_own_name(const tn_module *module)
{
    tenon_name name = { "", 0 };
    tn_reader r;

    if (!find_subsection(module, 0, &r) || tn_read_name(&r, &name) != TENON_OK)
        return (tenon_name){ "", 0 };
    return name;
}

tenon_name tn_module_func_name(const tn_module *module, uint32_t func)
{
    tenon_name name;
    tn_reader r;
    uint32_t count = 0, index = 0;

    if (!find_subsection(module, 1, &r) || tn_read_u32(&r, &count) != TENON_OK)
        return (tenon_name){ "", 0 };
    for (uint32_t i = 0; i < count; i++) {
        if (tn_read_u32(&r, &index) != TENON_OK || tn_read_name(&r, &name) != TENON_OK)
            break;
        if (index == func)
            return name;
    }
    return (tenon_name){ "", 0 };
}
