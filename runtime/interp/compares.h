/* SPDX-License-Identifier: MIT
 * Comparisons, which have handlers of their own together with a branch. A negated integer comparison is another one;
 * that of a float is not, because of NaN, so those have branches of both senses.
 */
#ifndef TN_INTERP_COMPARES_H
#define TN_INTERP_COMPARES_H

#define TN_INT_COMPARES(X, P, t) \
    X(P##_EQ, t)                 \
    X(P##_NE, t)                 \
    X(P##_LT_S, t)               \
    X(P##_LT_U, t) X(P##_GT_S, t) X(P##_GT_U, t) X(P##_LE_S, t) X(P##_LE_U, t) X(P##_GE_S, t) X(P##_GE_U, t)
#define TN_FLOAT_COMPARES(X, P, t) X(P##_EQ, t) X(P##_NE, t) X(P##_LT, t) X(P##_GT, t) X(P##_LE, t) X(P##_GE, t)
/* Tests of bits: the branch is taken when a & b is not zero, or is. */
#define TN_BIT_TESTS(X) X(I32_AND, i32)

#define TN_WHEN_BRANCHES(X)      \
    TN_INT_COMPARES(X, I32, i32) \
    TN_INT_COMPARES(X, I64, i64) TN_FLOAT_COMPARES(X, F32, f32) TN_FLOAT_COMPARES(X, F64, f64) TN_BIT_TESTS(X)
#define TN_UNLESS_BRANCHES(X) TN_FLOAT_COMPARES(X, F32, f32) TN_FLOAT_COMPARES(X, F64, f64) TN_BIT_TESTS(X)

#endif
