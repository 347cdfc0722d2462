/* SPDX-License-Identifier: MIT
 * calc [FILE]: a tiny language, and what byte code is for. Lines are definitions or expressions of numbers:
 *
 *     fib(n) = n < 2 ? n : fib(n - 1) + fib(n - 2)
 *     fib(20)
 *
 * Every expression makes a module in memory of all definitions so far, which runs at once: checked like any guest's,
 * inside its own store, and ended after a second. The compiler is one pass: it reads a line and writes a body.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tenon.h"

enum { MAX_FUNCTIONS = 100, MAX_PARAMS = 8, MAX_NAME = 31, MAX_DEPTH = 100 };

/* ---- bytes ---- */

typedef struct buffer {
    unsigned char bytes[1 << 16];
    size_t size;
} buffer;

static void put(buffer *b, const void *bytes, size_t size)
{
    if (size > sizeof b->bytes - b->size) {
        fprintf(stderr, "calc: the program is too long\n");
        exit(1);
    }
    memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
}

static void put_byte(buffer *b, unsigned byte)
{
    put(b, &(unsigned char){ (unsigned char)byte }, 1);
}

/* LEB128, as WebAssembly has its numbers. */
static void put_number(buffer *b, size_t n)
{
    for (; n >= 0x80; n >>= 7)
        put_byte(b, (n & 0x7F) | 0x80);
    put_byte(b, (unsigned)n);
}

static void put_sized(buffer *b, const buffer *inner)
{
    put_number(b, inner->size);
    put(b, inner->bytes, inner->size);
}

/* ---- the program ---- */

typedef struct function {
    char name[MAX_NAME + 1];
    char params[MAX_PARAMS][MAX_NAME + 1];
    size_t param_count;
    buffer code;
} function;

static function functions[MAX_FUNCTIONS + 1]; /* and the expression */
static size_t function_count;

/* ---- the compiler ---- */

enum {
    F64 = 0x7C,
    LOCAL_GET = 0x20,
    F64_CONST = 0x44,
    CALL = 0x10,
    IF = 0x04,
    ELSE = 0x05,
    END = 0x0B,
    F64_LT = 0x63,
    F64_GT = 0x64,
    F64_NE = 0x62,
    F64_ADD = 0xA0,
    F64_SUB = 0xA1,
    F64_MUL = 0xA2,
    F64_DIV = 0xA3,
    F64_NEG = 0x9A,
    F64_FROM_I32 = 0xB7
};

typedef struct source {
    const char *start, *at;
    const char *wrong; /* what was expected at `at` */
    function *f;
    unsigned depth;
} source;

static void fail(source *s, const char *expected)
{
    if (s->wrong == NULL)
        s->wrong = expected;
}

static bool take(source *s, char c)
{
    while (*s->at == ' ' || *s->at == '\t')
        s->at++;
    if (*s->at != c || c == '\0')
        return false;
    s->at++;
    return true;
}

static void expect(source *s, char c, const char *what)
{
    if (!take(s, c))
        fail(s, what);
}

static bool take_name(source *s, char name[MAX_NAME + 1])
{
    size_t size = 0;

    take(s, '\0');
    while (isalnum((unsigned char)s->at[size]) && (size > 0 || isalpha((unsigned char)s->at[size])) && size < MAX_NAME)
        size++;
    memcpy(name, s->at, size);
    name[size] = '\0';
    s->at += size;
    return size > 0;
}

static void expression(source *s);

static void call(source *s, const char *name)
{
    size_t count = 0, i = 0;

    do
        expression(s), count++;
    while (s->wrong == NULL && take(s, ','));
    expect(s, ')', "`)` after the arguments");
    while (i < function_count && strcmp(functions[i].name, name) != 0)
        i++;
    if (i == function_count && strcmp(s->f->name, name) != 0)
        fail(s, "the name of a function");
    else if ((i < function_count ? functions[i].param_count : s->f->param_count) != count)
        fail(s, "as many arguments as the function has");
    put_byte(&s->f->code, CALL);
    put_number(&s->f->code, i);
}

static void variable(source *s, const char *name)
{
    for (size_t i = 0; i < s->f->param_count; i++)
        if (strcmp(s->f->params[i], name) == 0) {
            put_byte(&s->f->code, LOCAL_GET);
            put_number(&s->f->code, i);
            return;
        }
    fail(s, "the name of a parameter");
}

static void operand(source *s)
{
    char name[MAX_NAME + 1], *end;

    if (++s->depth > MAX_DEPTH) {
        fail(s, "fewer levels");
    } else if (take(s, '(')) {
        expression(s);
        expect(s, ')', "`)`");
    } else if (take(s, '-')) {
        operand(s);
        put_byte(&s->f->code, F64_NEG);
    } else if (take_name(s, name)) {
        if (take(s, '('))
            call(s, name);
        else
            variable(s, name);
    } else {
        double number = strtod(s->at, &end);
        if (end == s->at)
            fail(s, "a number, a name or `(`");
        s->at = end;
        put_byte(&s->f->code, F64_CONST);
        put(&s->f->code, &number, sizeof number);
    }
    s->depth--;
}

static void product(source *s)
{
    operand(s);
    while (s->wrong == NULL) {
        unsigned op = take(s, '*') ? F64_MUL : take(s, '/') ? F64_DIV : 0;
        if (op == 0)
            return;
        operand(s);
        put_byte(&s->f->code, op);
    }
}

static void sum(source *s)
{
    product(s);
    while (s->wrong == NULL) {
        unsigned op = take(s, '+') ? F64_ADD : take(s, '-') ? F64_SUB : 0;
        if (op == 0)
            return;
        product(s);
        put_byte(&s->f->code, op);
    }
}

/* Comparisons give 1 or 0. */
static void comparison(source *s)
{
    sum(s);
    unsigned op = take(s, '<') ? F64_LT : take(s, '>') ? F64_GT : 0;
    if (op == 0)
        return;
    sum(s);
    put_byte(&s->f->code, op);
    put_byte(&s->f->code, F64_FROM_I32);
}

static void expression(source *s)
{
    const double zero = 0;

    comparison(s);
    if (s->wrong != NULL || !take(s, '?'))
        return;
    put_byte(&s->f->code, F64_CONST);
    put(&s->f->code, &zero, sizeof zero);
    put_byte(&s->f->code, F64_NE);
    put_byte(&s->f->code, IF);
    put_byte(&s->f->code, F64);
    expression(s);
    expect(s, ':', "`:`");
    put_byte(&s->f->code, ELSE);
    expression(s);
    put_byte(&s->f->code, END);
}

/* `name(a, b) =`: whether the line begins so. */
static bool head(source *s)
{
    function *f = s->f;

    if (!take_name(s, f->name) || !take(s, '('))
        return false;
    do
        if (f->param_count == MAX_PARAMS || !take_name(s, f->params[f->param_count++]))
            return false;
    while (take(s, ','));
    return take(s, ')') && take(s, '=');
}

/* ---- the module ---- */

static void put_section(buffer *m, unsigned id, const buffer *content)
{
    put_byte(m, id);
    put_sized(m, content);
}

/* A type and a body for each function; the last is exported. */
static void make_module(size_t count, buffer *m)
{
    static buffer types, indices, export, codes, body;

    m->size = types.size = indices.size = export.size = codes.size = 0;
    put(m, "\0asm\1\0\0\0", 8);
    put_number(&types, count);
    put_number(&indices, count);
    put_number(&codes, count);
    for (size_t i = 0; i < count; i++) {
        const function *f = &functions[i];
        put_byte(&types, 0x60);
        put_number(&types, f->param_count);
        for (size_t k = 0; k < f->param_count; k++)
            put_byte(&types, F64);
        put(&types, "\1\x7c", 2);
        put_number(&indices, i);
        body.size = 0;
        put_byte(&body, 0);
        put(&body, f->code.bytes, f->code.size);
        put_byte(&body, END);
        put_sized(&codes, &body);
    }
    put(&export, "\1\3run\0", 6);
    put_number(&export, count - 1);
    put_section(m, 1, &types);
    put_section(m, 3, &indices);
    put_section(m, 7, &export);
    put_section(m, 10, &codes);
}

/* ---- running it ---- */

static tenon_status run(tenon_store *store, tenon_module *module, double *result, tenon_error *err)
{
    tenon_instance *instance;
    tenon_extern what;
    tenon_val val;
    tenon_status status = tenon_instance_new(store, module, NULL, 0, &instance, err);

    if (status != TENON_OK)
        return status;
    if (!tenon_instance_export(instance, (tenon_name){ "run", 3 }, &what))
        return TENON_LINK;
    status = tenon_store_set_timeout(store, 1000000000);
    if (status == TENON_OK)
        status = tenon_func_call(what.of.func, NULL, 0, &val, 1, err);
    if (status == TENON_OK)
        *result = val.of.f64;
    return status;
}

static bool evaluate(tenon_engine *engine, tenon_tenant *tenant)
{
    static buffer module_bytes;
    tenon_store *store = NULL;
    tenon_module *module = NULL;
    tenon_error err = { .text = "" };
    double result = 0;

    make_module(function_count + 1, &module_bytes);
    tenon_status status = tenon_module_new(engine, module_bytes.bytes, module_bytes.size, &module, &err);
    if (status == TENON_OK)
        status = tenon_store_new(tenant, &store);
    if (status == TENON_OK)
        status = run(store, module, &result, &err);
    if (status == TENON_OK)
        printf("%.10g\n", result);
    else
        fprintf(stderr, "calc: %s\n", err.text[0] != '\0' ? err.text : tenon_status_text(status));
    tenon_store_delete(store);
    tenon_module_delete(module);
    return status == TENON_OK;
}

/* A definition is added, an expression evaluated. */
static bool do_line(tenon_engine *engine, tenon_tenant *tenant, const char *line)
{
    function *f = &functions[function_count];
    source s = { .start = line, .at = line, .f = f };

    if (function_count == MAX_FUNCTIONS) {
        fprintf(stderr, "calc: more than %d functions\n", MAX_FUNCTIONS);
        return false;
    }
    *f = (function){ .param_count = 0 };
    bool is_definition = head(&s);
    if (!is_definition) {
        *f = (function){ .param_count = 0 };
        s.at = line;
    }
    expression(&s);
    take(&s, '\0');
    if (s.wrong == NULL && *s.at != '\0')
        fail(&s, "an operator or the end of the line");
    if (s.wrong != NULL) {
        fprintf(stderr, "calc: expected %s at column %zu: %s\n", s.wrong, (size_t)(s.at - s.start) + 1, line);
        return false;
    }
    function_count += is_definition;
    return is_definition || evaluate(engine, tenant);
}

int main(int argc, char **argv)
{
    FILE *in = argc == 2 ? fopen(argv[1], "r") : stdin;
    tenon_engine *engine;
    tenon_tenant *tenant;
    char line[4096];
    bool ok = true;

    if (argc > 2 || in == NULL || tenon_engine_new(NULL, &engine) != TENON_OK ||
        tenon_tenant_new(engine, NULL, &tenant) != TENON_OK) {
        fprintf(stderr, "usage: calc [FILE]\n");
        return 2;
    }
    while (fgets(line, sizeof line, in) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[strspn(line, " \t")] != '\0')
            ok = do_line(engine, tenant, line) && ok;
    }
    tenon_tenant_delete(tenant);
    tenon_engine_delete(engine);
    return ok ? 0 : 1;
}
