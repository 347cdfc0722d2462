/* SPDX-License-Identifier: MIT
 * An interpreter in the interpreter: a stack machine that computes primes. */
#include "kernel.h"
enum { PUSH, LOAD, STORE, ADD, SUB, MOD, LT, JZ, JMP, INC, HALT };
static const i32 code[] = {
    /*  0 */ PUSH, 2, STORE, 0,                /* i = 2 */
    /*  4 */ LOAD, 0, PUSH, 120, LT, JZ, 39,   /* while i < 120 */
    /* 11 */ PUSH, 2, STORE, 1,                /*   j = 2 */
    /* 15 */ LOAD, 1, LOAD, 0, LT, JZ, 33,     /*   while j < i */
    /* 22 */ LOAD, 0, LOAD, 1, MOD, JZ, 35,    /*     if i % j == 0: not prime */
    /* 29 */ INC, 1, JMP, 15,                  /*     j++ */
    /* 33 */ INC, 3,                           /*   count */
    /* 35 */ INC, 0, JMP, 4,                   /*   i++ */
    /* 39 */ HALT,
};
static i32 execute(void)
{
    i32 stack[16], vars[8] = { 0 }, *sp = stack;
    const i32 *pc = code;
    for (;;) {
        switch (*pc++) {
        case PUSH:
            *sp++ = *pc++;
            break;
        case LOAD:
            *sp++ = vars[*pc++];
            break;
        case STORE:
            vars[*pc++] = *--sp;
            break;
        case ADD:
            sp--, sp[-1] += *sp;
            break;
        case SUB:
            sp--, sp[-1] -= *sp;
            break;
        case MOD:
            sp--, sp[-1] %= *sp;
            break;
        case LT:
            sp--, sp[-1] = sp[-1] < *sp;
            break;
        case JZ:
            pc = *--sp == 0 ? code + *pc : pc + 1;
            break;
        case JMP:
            pc = code + *pc;
            break;
        case INC:
            vars[*pc++]++;
            break;
        default:
            return vars[3];
        }
    }
}
RUN
{
    i32 sum = 0;
    for (int r = 0; r < n; r++)
        sum += execute();
    return sum;
}
