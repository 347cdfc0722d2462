/* SPDX-License-Identifier: MIT
 * The preprocessor's part of TENON_ENTRY: applies a macro to each name of a parenthesized list, with its position.
 */
#ifndef TENON_EACH_H
#define TENON_EACH_H

#define TENON_TYPE_i32               TENON_I32
#define TENON_TYPE_i64               TENON_I64
#define TENON_TYPE_f32               TENON_F32
#define TENON_TYPE_f64               TENON_F64
#define TENON_SLOT_(n, t)            , slots[n].t
#define TENON_NEXT_TYPE_(n, t)       , TENON_TYPE_##t
#define TENON_UNPACK_(...)           __VA_ARGS__
#define TENON_CAT_(a, b)             a##b
#define TENON_PASTE_(a, b)           TENON_CAT_(a, b)
#define TENON_PICK_(a, b, c, d, e, f, g, h, i, n, ...) n
#define TENON_COUNT_(...)            TENON_PICK_(__VA_ARGS__, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define TENON_EACH_(m, list)         TENON_EACH_OF_(m, TENON_UNPACK_ list)
#define TENON_EACH_OF_(m, ...)       TENON_PASTE_(TENON_EACH_, TENON_COUNT_(__VA_ARGS__))(m, __VA_ARGS__)
#define TENON_EACH_1(m, a) m(0, a)
#define TENON_EACH_2(m, a, b) m(0, a) m(1, b)
#define TENON_EACH_3(m, a, b, c) m(0, a) m(1, b) m(2, c)
#define TENON_EACH_4(m, a, b, c, d) m(0, a) m(1, b) m(2, c) m(3, d)
#define TENON_EACH_5(m, a, b, c, d, e) m(0, a) m(1, b) m(2, c) m(3, d) m(4, e)
#define TENON_EACH_6(m, a, b, c, d, e, f) m(0, a) m(1, b) m(2, c) m(3, d) m(4, e) m(5, f)
#define TENON_EACH_7(m, a, b, c, d, e, f, g) m(0, a) m(1, b) m(2, c) m(3, d) m(4, e) m(5, f) m(6, g)
#define TENON_EACH_8(m, a, b, c, d, e, f, g, h) m(0, a) m(1, b) m(2, c) m(3, d) m(4, e) m(5, f) m(6, g) m(7, h)
#define TENON_EACH_9(m, a, b, c, d, e, f, g, h, i) m(0, a) m(1, b) m(2, c) m(3, d) m(4, e) m(5, f) m(6, g) m(7, h) m(8, i)

#endif
