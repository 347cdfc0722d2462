/* SPDX-License-Identifier: MIT
 * What a guest writes to a terminal. A terminal obeys escape sequences: they can retitle windows, fill the keyboard
 * buffer, hide text. So control characters other than newline, tab, return and backspace come out as pictures of
 * themselves (U+2400 and on), and so do the C1 controls and whatever is not UTF-8 (as U+FFFD).
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "hostcalls/wasi.h"

#define BATCH 1024 /* bytes of input; each becomes at most three */

typedef struct output {
    uint8_t bytes[3 * (BATCH + 4)];
    size_t size;
} output;

static void put(output *out, const char *bytes, size_t size)
{
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
}

static void put_replacement(output *out)
{
    put(out, "\xEF\xBF\xBD", 3);
}

static void put_ascii(output *out, uint8_t byte)
{
    const char picture[3] = { (char)0xE2, (char)0x90, (char)(byte == 0x7F ? 0xA1 : 0x80 + byte) };

    if ((byte >= 0x20 && byte != 0x7F) || (byte != '\0' && strchr("\n\t\r\b", byte) != NULL))
        put(out, (const char *)&byte, 1);
    else
        put(out, picture, 3);
}

static void put_sequence(output *out, tn_wasi_terminal *t)
{
    if (t->pending[0] == 0xC2 && t->pending[1] < 0xA0)
        put_replacement(out); /* C1 */
    else
        put(out, (const char *)t->pending, t->count);
    t->count = t->wanted = 0;
}

static void filter(tn_wasi_terminal *t, uint8_t byte, output *out)
{
    uint8_t low = 0x80, high = 0xBF;

    if (t->wanted > 0) {
        if (t->count == 1)
            tn_wasi_utf8_sequence(t->pending[0], &low, &high);
        if (byte >= low && byte <= high) {
            t->pending[t->count++] = byte;
            if (t->count == t->wanted)
                put_sequence(out, t);
            return;
        }
        put_replacement(out);
        t->count = t->wanted = 0;
    }
    if (byte < 0x80) {
        put_ascii(out, byte);
        return;
    }
    t->wanted = tn_wasi_utf8_sequence(byte, &low, &high);
    if (t->wanted == 0)
        put_replacement(out);
    else
        t->pending[t->count++] = byte;
}

/* All of it or an error: half a batch cannot be told to the guest in its own bytes. */
static bool write_all(const tn_wasi_descriptor *d, const output *out)
{
    for (size_t done = 0; done < out->size;) {
        ssize_t n = write(d->host, out->bytes + done, out->size - done);
        if (n > 0)
            done += (size_t)n;
        else if (n < 0 && (done == 0 || errno != EINTR))
            return done > 0;
    }
    return true;
}

int64_t tn_wasi_terminal_write(tn_wasi_descriptor *d, const uint8_t *bytes, size_t size)
{
    size_t done = 0;

    while (done < size) {
        output out = { .size = 0 };
        tn_wasi_terminal before = d->terminal;
        size_t n = size - done < BATCH ? size - done : BATCH;
        for (size_t i = 0; i < n; i++)
            filter(&d->terminal, bytes[done + i], &out);
        if (!write_all(d, &out)) {
            d->terminal = before;
            return done > 0 ? (int64_t)done : -1;
        }
        done += n;
    }
    return (int64_t)done;
}
