/* SPDX-License-Identifier: MIT
 * The list of instructions: every row is found by its encoding, the rows that the interpreter serves exist, and the
 * custom ones have rules.
 */
#include "unit.h"

#include "loader/insn.h"
#include "runtime/interp/handlers.h"

static void rows_are_found(void **state)
{
    (void)state;
    for (int op = 1; op < TN_OP_COUNT; op++) {
        const tn_op_info *info = &tn_op_infos[op];
        assert_int_equal(tn_op_at[TN_ENCODING(info->prefix, info->code)], op);
        assert_int_equal(info->sig.custom, strcmp(info->sig_text, "custom") == 0);
        assert_true(info->width == TN_WIDTH_NOMEM || info->width <= 4);
    }
    assert_int_equal(TN_OP_COUNT - 1, 499 + 67 + 4);
}

/* Signatures served by nobody would reach a trap instead of a handler. */
static void every_signature_has_handlers(void **state)
{
    (void)state;
    for (int op = 1; op < TN_OP_COUNT; op++) {
        const tn_op_info *info = &tn_op_infos[op];
        bool constant = info->imm >= TN_IMM_I32 && info->imm <= TN_IMM_V128;
        bool test = op == TN_OP_I32_EQZ || op == TN_OP_I64_EQZ || op == TN_OP_NOP;
        if (info->sig.custom || constant)
            continue;
        int served = (tn_binary_rows[op] != NULL) + (tn_unary_rows[op] != NULL) + (tn_load_rows[op] != NULL) +
                     (tn_store_rows[op] != NULL) + (tn_plain_rows[op] != NULL) + (tn_slow_ops[op] != NULL);
        if (served != 1 && !test)
            print_message("%s is served %d times\n", info->text, served);
        assert_true(served == 1 || test);
        if (tn_load_rows[op] != NULL)
            assert_non_null(tn_far_loads[op]);
        if (tn_store_rows[op] != NULL)
            assert_non_null(tn_far_stores[op]);
    }
}

static void unknown_encodings_are_refused(void **state)
{
    static const char *const bad[] = { "\x06", "\x27", "\xC5", "\xFB\x1F", "\xFC\x12", "\xFD\x9A\x01", "\xFE\x04", "\xFF" };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const uint8_t *bytes = (const uint8_t *)bad[i];
        tn_reader r = { .start = bytes, .p = bytes, .end = bytes + strlen(bad[i]) };
        tn_insn in;
        assert_int_equal(tn_insn_read(&r, &in), TENON_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(rows_are_found), cmocka_unit_test(every_signature_has_handlers),
                                        cmocka_unit_test(unknown_encodings_are_refused) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
