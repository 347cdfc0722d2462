/* SPDX-License-Identifier: MIT
 * A state machine that splits text into words, numbers and signs. */
#include "kernel.h"
static char text[2048];
enum state { START, WORD, NUMBER, FRACTION, STRING, ESCAPE, COMMENT };
RUN
{
    static const char pattern[] = "alpha 12.5 \"a\\\"b\" beta7 # note\n x=3; y = 44.01 * foo(bar) \n";
    i32 words = 0, numbers = 0, strings = 0, signs = 0;
    for (int i = 0; i < 2048; i++)
        text[i] = pattern[i % (int)(sizeof pattern - 1)];
    for (int r = 0; r < n; r++) {
        enum state s = START;
        for (int i = 0; i < 2048; i++) {
            char c = text[i];
            switch (s) {
            case START:
            start:
                if ((c >= 'a' && c <= 'z') || c == '_')
                    s = WORD;
                else if (c >= '0' && c <= '9')
                    s = NUMBER;
                else if (c == '"')
                    s = STRING;
                else if (c == '#')
                    s = COMMENT;
                else if (c != ' ' && c != '\n')
                    signs++;
                break;
            case WORD:
                if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
                    words++;
                    s = START;
                    goto start;
                }
                break;
            case NUMBER:
                if (c == '.')
                    s = FRACTION;
                else if (c < '0' || c > '9') {
                    numbers++;
                    s = START;
                    goto start;
                }
                break;
            case FRACTION:
                if (c < '0' || c > '9') {
                    numbers += 2;
                    s = START;
                    goto start;
                }
                break;
            case STRING:
                if (c == '\\')
                    s = ESCAPE;
                else if (c == '"')
                    strings++, s = START;
                break;
            case ESCAPE:
                s = STRING;
                break;
            case COMMENT:
                if (c == '\n')
                    s = START;
                break;
            }
        }
    }
    return words + numbers * 3 + strings * 5 + signs * 7;
}
