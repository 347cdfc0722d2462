/* SPDX-License-Identifier: MIT
 * Facts about instructions, expanded from the one list. A row whose signature letters are new needs one line here.
 */
#include "loader/opcode.h"

#include "loader/types.h"

#define SIG_FF_F                   \
    {                              \
        0, 2, 1,                   \
        {                          \
            TN_F64, TN_F64, TN_F64 \
        }                          \
    }
#define SIG_FF_i                   \
    {                              \
        0, 2, 1,                   \
        {                          \
            TN_F64, TN_F64, TN_I32 \
        }                          \
    }
#define SIG_F_F            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_F64, TN_F64 \
        }                  \
    }
#define SIG_F_I            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_F64, TN_I64 \
        }                  \
    }
#define SIG_F_f            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_F64, TN_F32 \
        }                  \
    }
#define SIG_F_i            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_F64, TN_I32 \
        }                  \
    }
#define SIG_F_v             \
    {                       \
        0, 1, 1,            \
        {                   \
            TN_F64, TN_V128 \
        }                   \
    }
#define SIG_IIII_II                                        \
    {                                                      \
        0, 4, 2,                                           \
        {                                                  \
            TN_I64, TN_I64, TN_I64, TN_I64, TN_I64, TN_I64 \
        }                                                  \
    }
#define SIG_II_I                   \
    {                              \
        0, 2, 1,                   \
        {                          \
            TN_I64, TN_I64, TN_I64 \
        }                          \
    }
#define SIG_II_II                          \
    {                                      \
        0, 2, 2,                           \
        {                                  \
            TN_I64, TN_I64, TN_I64, TN_I64 \
        }                                  \
    }
#define SIG_II_i                   \
    {                              \
        0, 2, 1,                   \
        {                          \
            TN_I64, TN_I64, TN_I32 \
        }                          \
    }
#define SIG_I_F            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_I64, TN_F64 \
        }                  \
    }
#define SIG_I_I            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_I64, TN_I64 \
        }                  \
    }
#define SIG_I_f            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_I64, TN_F32 \
        }                  \
    }
#define SIG_I_i            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_I64, TN_I32 \
        }                  \
    }
#define SIG_I_v             \
    {                       \
        0, 1, 1,            \
        {                   \
            TN_I64, TN_V128 \
        }                   \
    }
#define SIG__ { 0, 0, 0, { 0 } }
#define SIG__F     \
    {              \
        0, 0, 1,   \
        {          \
            TN_F64 \
        }          \
    }
#define SIG__I     \
    {              \
        0, 0, 1,   \
        {          \
            TN_I64 \
        }          \
    }
#define SIG__a             \
    {                      \
        0, 0, 1,           \
        {                  \
            TN_SIG_ADDRESS \
        }                  \
    }
#define SIG__f     \
    {              \
        0, 0, 1,   \
        {          \
            TN_F32 \
        }          \
    }
#define SIG__i     \
    {              \
        0, 0, 1,   \
        {          \
            TN_I32 \
        }          \
    }
#define SIG__v      \
    {               \
        0, 0, 1,    \
        {           \
            TN_V128 \
        }           \
    }
#define SIG_aF_                    \
    {                              \
        0, 2, 0,                   \
        {                          \
            TN_SIG_ADDRESS, TN_F64 \
        }                          \
    }
#define SIG_aII_I                                  \
    {                                              \
        0, 3, 1,                                   \
        {                                          \
            TN_SIG_ADDRESS, TN_I64, TN_I64, TN_I64 \
        }                                          \
    }
#define SIG_aII_i                                  \
    {                                              \
        0, 3, 1,                                   \
        {                                          \
            TN_SIG_ADDRESS, TN_I64, TN_I64, TN_I32 \
        }                                          \
    }
#define SIG_aI_                    \
    {                              \
        0, 2, 0,                   \
        {                          \
            TN_SIG_ADDRESS, TN_I64 \
        }                          \
    }
#define SIG_aI_I                           \
    {                                      \
        0, 2, 1,                           \
        {                                  \
            TN_SIG_ADDRESS, TN_I64, TN_I64 \
        }                                  \
    }
#define SIG_a_F                    \
    {                              \
        0, 1, 1,                   \
        {                          \
            TN_SIG_ADDRESS, TN_F64 \
        }                          \
    }
#define SIG_a_I                    \
    {                              \
        0, 1, 1,                   \
        {                          \
            TN_SIG_ADDRESS, TN_I64 \
        }                          \
    }
#define SIG_a_a                            \
    {                                      \
        0, 1, 1,                           \
        {                                  \
            TN_SIG_ADDRESS, TN_SIG_ADDRESS \
        }                                  \
    }
#define SIG_a_f                    \
    {                              \
        0, 1, 1,                   \
        {                          \
            TN_SIG_ADDRESS, TN_F32 \
        }                          \
    }
#define SIG_a_i                    \
    {                              \
        0, 1, 1,                   \
        {                          \
            TN_SIG_ADDRESS, TN_I32 \
        }                          \
    }
#define SIG_a_v                     \
    {                               \
        0, 1, 1,                    \
        {                           \
            TN_SIG_ADDRESS, TN_V128 \
        }                           \
    }
#define SIG_af_                    \
    {                              \
        0, 2, 0,                   \
        {                          \
            TN_SIG_ADDRESS, TN_F32 \
        }                          \
    }
#define SIG_aiI_i                                  \
    {                                              \
        0, 3, 1,                                   \
        {                                          \
            TN_SIG_ADDRESS, TN_I32, TN_I64, TN_I32 \
        }                                          \
    }
#define SIG_ai_                    \
    {                              \
        0, 2, 0,                   \
        {                          \
            TN_SIG_ADDRESS, TN_I32 \
        }                          \
    }
#define SIG_ai_i                           \
    {                                      \
        0, 2, 1,                           \
        {                                  \
            TN_SIG_ADDRESS, TN_I32, TN_I32 \
        }                                  \
    }
#define SIG_aia_                                   \
    {                                              \
        0, 3, 0,                                   \
        {                                          \
            TN_SIG_ADDRESS, TN_I32, TN_SIG_ADDRESS \
        }                                          \
    }
#define SIG_aii_i                                  \
    {                                              \
        0, 3, 1,                                   \
        {                                          \
            TN_SIG_ADDRESS, TN_I32, TN_I32, TN_I32 \
        }                                          \
    }
#define SIG_av_                     \
    {                               \
        0, 2, 0,                    \
        {                           \
            TN_SIG_ADDRESS, TN_V128 \
        }                           \
    }
#define SIG_av_v                             \
    {                                        \
        0, 2, 1,                             \
        {                                    \
            TN_SIG_ADDRESS, TN_V128, TN_V128 \
        }                                    \
    }
#define SIG_custom { .custom = 1 }
#define SIG_f_F            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_F32, TN_F64 \
        }                  \
    }
#define SIG_f_I            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_F32, TN_I64 \
        }                  \
    }
#define SIG_f_f            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_F32, TN_F32 \
        }                  \
    }
#define SIG_f_i            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_F32, TN_I32 \
        }                  \
    }
#define SIG_f_v             \
    {                       \
        0, 1, 1,            \
        {                   \
            TN_F32, TN_V128 \
        }                   \
    }
#define SIG_ff_f                   \
    {                              \
        0, 2, 1,                   \
        {                          \
            TN_F32, TN_F32, TN_F32 \
        }                          \
    }
#define SIG_ff_i                   \
    {                              \
        0, 2, 1,                   \
        {                          \
            TN_F32, TN_F32, TN_I32 \
        }                          \
    }
#define SIG_i_F            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_I32, TN_F64 \
        }                  \
    }
#define SIG_i_I            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_I32, TN_I64 \
        }                  \
    }
#define SIG_i_f            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_I32, TN_F32 \
        }                  \
    }
#define SIG_i_i            \
    {                      \
        0, 1, 1,           \
        {                  \
            TN_I32, TN_I32 \
        }                  \
    }
#define SIG_i_v             \
    {                       \
        0, 1, 1,            \
        {                   \
            TN_I32, TN_V128 \
        }                   \
    }
#define SIG_ii_i                   \
    {                              \
        0, 2, 1,                   \
        {                          \
            TN_I32, TN_I32, TN_I32 \
        }                          \
    }
#define SIG_vF_v                     \
    {                                \
        0, 2, 1,                     \
        {                            \
            TN_V128, TN_F64, TN_V128 \
        }                            \
    }
#define SIG_vI_v                     \
    {                                \
        0, 2, 1,                     \
        {                            \
            TN_V128, TN_I64, TN_V128 \
        }                            \
    }
#define SIG_v_F             \
    {                       \
        0, 1, 1,            \
        {                   \
            TN_V128, TN_F64 \
        }                   \
    }
#define SIG_v_I             \
    {                       \
        0, 1, 1,            \
        {                   \
            TN_V128, TN_I64 \
        }                   \
    }
#define SIG_v_f             \
    {                       \
        0, 1, 1,            \
        {                   \
            TN_V128, TN_F32 \
        }                   \
    }
#define SIG_v_i             \
    {                       \
        0, 1, 1,            \
        {                   \
            TN_V128, TN_I32 \
        }                   \
    }
#define SIG_v_v              \
    {                        \
        0, 1, 1,             \
        {                    \
            TN_V128, TN_V128 \
        }                    \
    }
#define SIG_vf_v                     \
    {                                \
        0, 2, 1,                     \
        {                            \
            TN_V128, TN_F32, TN_V128 \
        }                            \
    }
#define SIG_vi_v                     \
    {                                \
        0, 2, 1,                     \
        {                            \
            TN_V128, TN_I32, TN_V128 \
        }                            \
    }
#define SIG_vv_v                      \
    {                                 \
        0, 2, 1,                      \
        {                             \
            TN_V128, TN_V128, TN_V128 \
        }                             \
    }
#define SIG_vvv_v                              \
    {                                          \
        0, 3, 1,                               \
        {                                      \
            TN_V128, TN_V128, TN_V128, TN_V128 \
        }                                      \
    }

const tn_op_info tn_op_infos[TN_OP_COUNT] = {
    [TN_OP_INVALID] = { "invalid", "", { 0 }, 0, 0, TN_WIDTH_NOMEM, 0, 0 },
#define NOMEM TN_WIDTH_NOMEM
#define TN_OP(id, prefix, code, text, imm, sig, feat, width) \
    [TN_OP_##id] = { text, #sig, SIG_##sig, TN_IMM_##imm, TENON_FEATURE_##feat, width, prefix, code },
#include "loader/opcodes.def"
#undef TN_OP
};

/* Two rows that claim one encoding are an error: initializer overrides are. */
const uint16_t tn_op_at[TN_ENCODING_COUNT] = {
#define TN_OP(id, prefix, code, ...) [TN_ENCODING(prefix, code)] = TN_OP_##id,
#include "loader/opcodes.def"
#undef TN_OP
};
