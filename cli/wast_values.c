/* SPDX-License-Identifier: MIT
 * Values of converted spec scripts: from JSON, and compared with what a function gave.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/wast.h"

/* Decimal, signed or not, reduced to 64 bits. */
static uint64_t integer(const char *text)
{
    return *text == '-' ? (uint64_t)strtoll(text, NULL, 10) : strtoull(text, NULL, 10);
}

static const char *string_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static size_t lane_size(const char *lane_type)
{
    return (size_t)atoi(lane_type + 1) / 8;
}

static void vector(const json_t *json, uint8_t out[16])
{
    const json_t *lanes = json_object_get(json, "value");
    size_t size = lane_size(string_of(json, "lane_type"));

    for (size_t i = 0; i < json_array_size(lanes) && (i + 1) * size <= 16; i++) {
        uint64_t bits = integer(json_string_value(json_array_get(lanes, i)));
        memcpy(out + i * size, &bits, size);
    }
}

bool wast_value(const json_t *json, tenon_type wanted, tenon_val *out)
{
    const char *type = string_of(json, "type"), *value = string_of(json, "value");

    memset(out, 0, sizeof *out);
    out->type = wanted;
    if (strcmp(type, "v128") == 0) {
        vector(json, out->of.v128);
    } else if (strcmp(type, "i32") == 0 || strcmp(type, "f32") == 0) {
        out->of.i32 = (int32_t)integer(value);
    } else if (strcmp(type, "i64") == 0 || strcmp(type, "f64") == 0) {
        out->of.i64 = (int64_t)integer(value);
    } else if (strcmp(type, "externref") == 0 && strcmp(value, "null") != 0) {
        /* Host reference N is the word N + 1: 0 is null. */
        out->of.ref = (tenon_ref)integer(value) + 1;
    } else if (strcmp(value, "null") != 0 && strcmp(type, "nullref") != 0) {
        return false;
    }
    return true;
}

/* ---- comparison ---- */

static bool float_matches(const char *pattern, uint64_t bits, unsigned width)
{
    uint64_t exponent = width == 32 ? 0x7F800000u : 0x7FF0000000000000u;
    uint64_t quiet = width == 32 ? 0x00400000u : 0x0008000000000000u;
    uint64_t sign = (uint64_t)1 << (width - 1);

    if (strcmp(pattern, "nan:canonical") == 0)
        return (bits & ~sign) == (exponent | quiet);
    if (strcmp(pattern, "nan:arithmetic") == 0)
        return (bits & (exponent | quiet)) == (exponent | quiet);
    uint64_t mask = width == 32 ? UINT32_MAX : UINT64_MAX;
    return (integer(pattern) & mask) == (bits & mask);
}

static bool vector_matches(const json_t *json, const uint8_t bytes[16])
{
    const json_t *lanes = json_object_get(json, "value");
    const char *type = string_of(json, "lane_type");
    size_t size = lane_size(type);

    for (size_t i = 0; i < json_array_size(lanes) && (i + 1) * size <= 16; i++) {
        const char *pattern = json_string_value(json_array_get(lanes, i));
        uint64_t bits = 0, wanted = integer(pattern);
        memcpy(&bits, bytes + i * size, size);
        if (type[0] == 'f' ? !float_matches(pattern, bits, (unsigned)size * 8) : memcmp(&bits, &wanted, size) != 0)
            return false;
    }
    return true;
}

static bool reference_matches(const char *type, const char *value, const tenon_val *have)
{
    if (strncmp(type, "null", 4) == 0 || strcmp(type, "refnull") == 0 || strcmp(value, "null") == 0)
        return have->of.ref == 0;
    if (have->of.ref == 0)
        return false;
    if (strcmp(type, "externref") == 0 && *value != '\0')
        return have->type == TENON_EXTERNREF && have->of.ref == (tenon_ref)integer(value) + 1;
    if (strcmp(type, "funcref") == 0)
        return have->type == TENON_FUNCREF;
    if (strcmp(type, "externref") == 0)
        return have->type == TENON_EXTERNREF;
    return true;
}

bool wast_matches(const json_t *expected, const tenon_val *have)
{
    const char *type = string_of(expected, "type"), *value = string_of(expected, "value");

    if (strcmp(type, "either") == 0) {
        const json_t *all = json_object_get(expected, "values");
        for (size_t i = 0; i < json_array_size(all); i++)
            if (wast_matches(json_array_get(all, i), have))
                return true;
        return false;
    }
    if (strcmp(type, "i32") == 0)
        return have->type == TENON_I32 && (uint32_t)integer(value) == (uint32_t)have->of.i32;
    if (strcmp(type, "i64") == 0)
        return have->type == TENON_I64 && integer(value) == (uint64_t)have->of.i64;
    if (strcmp(type, "f32") == 0)
        return have->type == TENON_F32 && float_matches(value, (uint32_t)have->of.i32, 32);
    if (strcmp(type, "f64") == 0)
        return have->type == TENON_F64 && float_matches(value, (uint64_t)have->of.i64, 64);
    if (strcmp(type, "v128") == 0)
        return have->type == TENON_V128 && vector_matches(expected, have->of.v128);
    return have->type >= TENON_FUNCREF && reference_matches(type, value, have);
}
