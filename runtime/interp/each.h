/* SPDX-License-Identifier: MIT
 * EACH_<signature>(id, feature, immediates) does nothing for the signatures that the including file has not defined. No guard: each
 * file of handlers includes it after its own definitions.
 */
#ifndef EACH_FF_F
#define EACH_FF_F(id, feat, imm)
#endif
#ifndef EACH_FF_i
#define EACH_FF_i(id, feat, imm)
#endif
#ifndef EACH_F_F
#define EACH_F_F(id, feat, imm)
#endif
#ifndef EACH_F_I
#define EACH_F_I(id, feat, imm)
#endif
#ifndef EACH_F_f
#define EACH_F_f(id, feat, imm)
#endif
#ifndef EACH_F_i
#define EACH_F_i(id, feat, imm)
#endif
#ifndef EACH_F_v
#define EACH_F_v(id, feat, imm)
#endif
#ifndef EACH_IIII_II
#define EACH_IIII_II(id, feat, imm)
#endif
#ifndef EACH_II_I
#define EACH_II_I(id, feat, imm)
#endif
#ifndef EACH_II_II
#define EACH_II_II(id, feat, imm)
#endif
#ifndef EACH_II_i
#define EACH_II_i(id, feat, imm)
#endif
#ifndef EACH_I_F
#define EACH_I_F(id, feat, imm)
#endif
#ifndef EACH_I_I
#define EACH_I_I(id, feat, imm)
#endif
#ifndef EACH_I_f
#define EACH_I_f(id, feat, imm)
#endif
#ifndef EACH_I_i
#define EACH_I_i(id, feat, imm)
#endif
#ifndef EACH_I_v
#define EACH_I_v(id, feat, imm)
#endif
#ifndef EACH__
#define EACH__(id, feat, imm)
#endif
#ifndef EACH__F
#define EACH__F(id, feat, imm)
#endif
#ifndef EACH__I
#define EACH__I(id, feat, imm)
#endif
#ifndef EACH__a
#define EACH__a(id, feat, imm)
#endif
#ifndef EACH__f
#define EACH__f(id, feat, imm)
#endif
#ifndef EACH__i
#define EACH__i(id, feat, imm)
#endif
#ifndef EACH__v
#define EACH__v(id, feat, imm)
#endif
#ifndef EACH_aF_
#define EACH_aF_(id, feat, imm)
#endif
#ifndef EACH_aII_I
#define EACH_aII_I(id, feat, imm)
#endif
#ifndef EACH_aII_i
#define EACH_aII_i(id, feat, imm)
#endif
#ifndef EACH_aI_
#define EACH_aI_(id, feat, imm)
#endif
#ifndef EACH_aI_I
#define EACH_aI_I(id, feat, imm)
#endif
#ifndef EACH_a_F
#define EACH_a_F(id, feat, imm)
#endif
#ifndef EACH_a_I
#define EACH_a_I(id, feat, imm)
#endif
#ifndef EACH_a_a
#define EACH_a_a(id, feat, imm)
#endif
#ifndef EACH_a_f
#define EACH_a_f(id, feat, imm)
#endif
#ifndef EACH_a_i
#define EACH_a_i(id, feat, imm)
#endif
#ifndef EACH_a_v
#define EACH_a_v(id, feat, imm)
#endif
#ifndef EACH_af_
#define EACH_af_(id, feat, imm)
#endif
#ifndef EACH_aiI_i
#define EACH_aiI_i(id, feat, imm)
#endif
#ifndef EACH_ai_
#define EACH_ai_(id, feat, imm)
#endif
#ifndef EACH_ai_i
#define EACH_ai_i(id, feat, imm)
#endif
#ifndef EACH_aia_
#define EACH_aia_(id, feat, imm)
#endif
#ifndef EACH_aii_i
#define EACH_aii_i(id, feat, imm)
#endif
#ifndef EACH_av_
#define EACH_av_(id, feat, imm)
#endif
#ifndef EACH_av_v
#define EACH_av_v(id, feat, imm)
#endif
#ifndef EACH_custom
#define EACH_custom(id, feat, imm)
#endif
#ifndef EACH_f_F
#define EACH_f_F(id, feat, imm)
#endif
#ifndef EACH_f_I
#define EACH_f_I(id, feat, imm)
#endif
#ifndef EACH_f_f
#define EACH_f_f(id, feat, imm)
#endif
#ifndef EACH_f_i
#define EACH_f_i(id, feat, imm)
#endif
#ifndef EACH_f_v
#define EACH_f_v(id, feat, imm)
#endif
#ifndef EACH_ff_f
#define EACH_ff_f(id, feat, imm)
#endif
#ifndef EACH_ff_i
#define EACH_ff_i(id, feat, imm)
#endif
#ifndef EACH_i_F
#define EACH_i_F(id, feat, imm)
#endif
#ifndef EACH_i_I
#define EACH_i_I(id, feat, imm)
#endif
#ifndef EACH_i_f
#define EACH_i_f(id, feat, imm)
#endif
#ifndef EACH_i_i
#define EACH_i_i(id, feat, imm)
#endif
#ifndef EACH_i_v
#define EACH_i_v(id, feat, imm)
#endif
#ifndef EACH_ii_i
#define EACH_ii_i(id, feat, imm)
#endif
#ifndef EACH_vF_v
#define EACH_vF_v(id, feat, imm)
#endif
#ifndef EACH_vI_v
#define EACH_vI_v(id, feat, imm)
#endif
#ifndef EACH_v_F
#define EACH_v_F(id, feat, imm)
#endif
#ifndef EACH_v_I
#define EACH_v_I(id, feat, imm)
#endif
#ifndef EACH_v_f
#define EACH_v_f(id, feat, imm)
#endif
#ifndef EACH_v_i
#define EACH_v_i(id, feat, imm)
#endif
#ifndef EACH_v_v
#define EACH_v_v(id, feat, imm)
#endif
#ifndef EACH_vf_v
#define EACH_vf_v(id, feat, imm)
#endif
#ifndef EACH_vi_v
#define EACH_vi_v(id, feat, imm)
#endif
#ifndef EACH_vv_v
#define EACH_vv_v(id, feat, imm)
#endif
#ifndef EACH_vvv_v
#define EACH_vvv_v(id, feat, imm)
#endif
#define TN_OP(id, prefix, code, text, imm, sig, feat, width) EACH_##sig(id, feat, imm)
