/* SPDX-License-Identifier: MIT
 * `tenon explore`: a module's instructions beside the machine code that they became, as text or as a page of HTML.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/compile.h"
#include "cli/command.h"
#include "loader/disasm.h"
#include "loader/types.h"

enum { OUTPUT, HTML, FUNCTION, LEVEL, CPU, TARGET, CHECKED, HARDENED, ALL_FEATURES };
static const cli_option option_list[] = {
    [OUTPUT] = { "o", "FILE", "Write there instead of the standard output; a name that ends with .html gives a page." },
    [HTML] = { "html", NULL, "Write one page of HTML, where what belongs together lights up." },
    [FUNCTION] = { "functions", "LIST", "These functions alone, by index: 0,3-5." },
    [LEVEL] = { "O", "LEVEL", "How much to optimize, 0 to 3 (default 2)." },
    [CPU] = { "cpu", "NAME", "Instructions that may be used, as for `tenon compile`." },
    [TARGET] = { "target", "CPU", "For another kind of machine: x86_64, aarch64." },
    [CHECKED] = { "checked", NULL, "Code that compares every access with the memory's size." },
    [HARDENED] = { "hardened", NULL, "Code without loops whose accesses rest on a check ahead of them." },
    [ALL_FEATURES] = { "all-features", NULL, "Admit proposals that may still change (custom page sizes)." },
    { NULL, NULL, NULL },
};

typedef struct request {
    const char *path, *output;
    bool html;
    cli_compile_options options;
} request;

/* A line of machine code. */
typedef struct code_line {
    uint32_t offset;  /* of its instruction in the module, or UINT32_MAX */
    unsigned long at; /* in the code */
    const char *text;
} code_line;

typedef struct page {
    FILE *out;
    bool html;
    const tn_module *module;
} page;

/* ---- text ---- */

static void put_text(const page *p, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (p->html && (text[i] == '<' || text[i] == '&'))
            fputs(text[i] == '<' ? "&lt;" : "&amp;", p->out);
        else
            fputc(text[i], p->out);
}

/* Writes an instruction of the module with what `show` writes for it. */
static void put_insn(const page *p, const tn_insn *in)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);

    if (memory == NULL)
        return;
    tn_print_insn(memory, p->module, in);
    fclose(memory);
    put_text(p, text, size);
    free(text);
}

/* ---- a function ---- */

static void begin_function(const page *p, uint32_t own)
{
    uint32_t func = p->module->imported_funcs + own;
    tenon_name name = tn_module_func_name(p->module, func);

    fputs(p->html ? "<h2>" : "\n", p->out);
    fprintf(p->out, "function %u ", (unsigned)func);
    put_text(p, name.data, name.size);
    fputc(' ', p->out);
    tn_print_type(p->out, tn_module_func_type(p->module, func));
    fputs(p->html ? "</h2>\n<div class=f><pre>" : "\n", p->out);
}

/* Text: each instruction of the module, and below it the machine code that it became, wherever that lies. */
static void show_insn(const page *p, const tn_insn *in, unsigned depth, const code_line *lines, size_t count)
{
    if (p->html) {
        fprintf(p->out, "<span data-o=%u>%06x %*s", (unsigned)in->offset, (unsigned)in->offset, (int)(2 * depth), "");
        put_insn(p, in);
        fputs("</span>\n", p->out);
        return;
    }
    fprintf(p->out, "%06x %*s", (unsigned)in->offset, (int)(2 * depth), "");
    put_insn(p, in);
    fputc('\n', p->out);
    for (size_t i = 0; i < count; i++)
        if (lines[i].offset == in->offset)
            fprintf(p->out, "%40s%5lx  %s\n", "", lines[i].at, lines[i].text);
}

static void show_code(const page *p, const code_line *lines, size_t count)
{
    fputs("</pre><pre>", p->out);
    for (size_t i = 0; i < count; i++) {
        if (lines[i].offset != UINT32_MAX)
            fprintf(p->out, "<span data-o=%u>", (unsigned)lines[i].offset);
        else
            fputs("<span>", p->out);
        fprintf(p->out, "%5lx  ", lines[i].at);
        put_text(p, lines[i].text, strlen(lines[i].text));
        fputs("</span>\n", p->out);
    }
    fputs("</pre></div>\n", p->out);
}

static tenon_status show_function(const page *p, uint32_t own, const code_line *lines, size_t count)
{
    tn_reader r = tn_module_reader(p->module, p->module->bodies[own], NULL);
    uint32_t locals = 0;
    unsigned depth = 1;
    tn_insn in = { .op = TN_OP_INVALID };

    begin_function(p, own);
    for (size_t i = 0; i < count && !p->html; i++)
        if (lines[i].offset == UINT32_MAX || lines[i].offset < p->module->bodies[own].offset + 1)
            fprintf(p->out, "%40s%5lx  %s\n", "", lines[i].at, lines[i].text);
    TN_TRY(tn_skip_locals(&r, &locals));
    while (tn_reader_left(&r) > 0) {
        TN_TRY(tn_insn_read(&r, &in));
        depth -= (in.op == TN_OP_END || in.op == TN_OP_ELSE) && depth > 0;
        show_insn(p, &in, depth, lines, count);
        depth += in.op == TN_OP_ELSE || in.op == TN_OP_BLOCK || in.op == TN_OP_LOOP || in.op == TN_OP_IF ||
                 in.op == TN_OP_TRY_TABLE;
    }
    if (p->html)
        show_code(p, lines, count);
    return TENON_OK;
}

/* ---- the compiler's listing ---- */

/* Reads the lines of one function from *text on; false at the end. Lines end with NUL afterwards. */
static bool take_line(char **text, char **line)
{
    char *end = strchr(*text, '\n');

    if (end == NULL)
        return false;
    *end = '\0';
    *line = *text;
    *text = end + 1;
    return true;
}

static bool parse_code(char *line, code_line *out)
{
    char *p = strchr(line + 2, ' '), *end;

    if (p == NULL)
        return false;
    out->at = strtoul(line + 2, NULL, 16);
    out->offset = p[1] == '-' ? UINT32_MAX : (uint32_t)strtoul(p + 1, &end, 10);
    p = strchr(p + 1, ' ');
    out->text = p != NULL ? p + 1 : "";
    return p != NULL;
}

/* Functions come in the order of their code; gates between them belong to nobody. */
static tenon_status show_all(const page *p, char *text, size_t size)
{
    code_line *lines = calloc(size / 8 + 1, sizeof *lines);
    uint32_t own = UINT32_MAX;
    size_t count = 0;
    char *line;
    tenon_status status = lines != NULL ? TENON_OK : TENON_NOMEM;

    for (bool more = true; more && status == TENON_OK;) {
        more = take_line(&text, &line);
        if (more && line[0] == 'i') {
            count += own != UINT32_MAX && parse_code(line, &lines[count]);
            continue;
        }
        if (own < p->module->body_count)
            status = show_function(p, own, lines, count);
        own = more && line[0] == 'f' ? (uint32_t)strtoul(line + 2, NULL, 10) : UINT32_MAX;
        count = 0;
    }
    free(lines);
    return status;
}

/* ---- the page ---- */

static const char style[] =
    "<style>body{font:14px sans-serif;margin:1em}h2{font-size:16px}pre{margin:0;font:12px/1.4 monospace}"
    ".f{display:grid;grid-template-columns:1fr 1fr;gap:1em}.f pre{overflow:auto;max-height:90vh}"
    "span.on{background:#fe8}@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}span.on{background:#653}"
    "}"
    "</style>\n";
static const char script[] =
    "<script>document.querySelectorAll('.f').forEach(f=>f.addEventListener('mouseover',e=>{const "
    "s=e.target.closest('span');"
    "f.querySelectorAll('.on').forEach(x=>x.classList.remove('on'));if(!s||!s.dataset.o)return;"
    "const all=f.querySelectorAll('[data-o=\"'+s.dataset.o+'\"]');all.forEach(x=>x.classList.add('on'));"
    "for(const x of all)if(x.parentNode!==s.parentNode){x.scrollIntoView({block:'nearest'});break}}))</script>\n";

static int write_page(const request *r, const tn_module *m, char *text, size_t size)
{
    page p = { .out = r->output != NULL ? fopen(r->output, "we") : stdout, .html = r->html, .module = m };

    if (p.out == NULL) {
        fprintf(stderr, "tenon: %s: %s\n", r->output, strerror(errno));
        return CLI_FAILED;
    }
    if (r->html) {
        fputs("<!DOCTYPE html>\n<meta charset=utf-8>\n<title>", p.out);
        put_text(&p, r->path, strlen(r->path));
        fprintf(p.out, "</title>\n%s", style);
    }
    tenon_status status = show_all(&p, text, size);
    if (r->html)
        fputs(script, p.out);
    bool ok = (r->output == NULL ? fflush(p.out) : fclose(p.out)) == 0 && status == TENON_OK;
    return ok ? CLI_OK : CLI_FAILED;
}

static int explore(const request *r, const cli_file *file)
{
    tenon_features features = r->options.features != 0 ? r->options.features : tenon_features_default();
    cli_file listing;
    tenon_error err;
    tn_module module;
    tn_mem mem;
    int code = CLI_FAILED;

    tn_mem_init(&mem, NULL);
    tn_types *types = tn_types_new(&mem);
    if (types == NULL)
        return CLI_FAILED;
    tn_error_clear(&err);
    tenon_status status = tn_module_load(&module, &mem, types, features, file->bytes, file->size, 0, &err);
    if (status == TENON_OK) {
        if (cli_compile(file->bytes, file->size, &r->options, &listing)) {
            char *text = malloc(listing.size + 1);
            if (text != NULL) {
                memcpy(text, listing.bytes, listing.size);
                text[listing.size] = '\0';
                code = write_page(r, &module, text, listing.size);
            }
            free(text);
            cli_release_file(&listing);
        }
        tn_module_fini(&module);
    } else {
        code = cli_report(r->path, &err, status);
    }
    tn_types_delete(types);
    return code;
}

/* ---- the command ---- */

static bool take_option(request *r, int option, const char *value)
{
    switch (option) {
    case CLI_ARGUMENT:
        r->path = r->path == NULL ? value : "";
        return r->path[0] != '\0';
    case OUTPUT:
        r->output = value;
        r->html |= strlen(value) > 5 && strcmp(value + strlen(value) - 5, ".html") == 0;
        return true;
    case HTML:
        return r->html = true;
    case FUNCTION:
        r->options.functions = value;
        return true;
    case LEVEL:
        r->options.level = (unsigned)(value[0] - '0');
        return r->options.level <= 3 && value[1] == '\0';
    case CPU:
        r->options.cpu = value;
        return true;
    case TARGET:
        r->options.target = value;
        return true;
    case CHECKED:
        r->options.bounds = TENON_BOUNDS_CHECKED;
        return true;
    case HARDENED:
        return r->options.hardened = true;
    default:
        r->options.features = TENON_FEATURES_ALL;
        return true;
    }
}

static int run(const cli_command *command, int argc, char **argv)
{
    request r = { .options = { .level = 2, .listing = true } };
    cli_file file;
    cli_parser p;

    cli_parser_init(&p, command, argc, argv);
    for (int option; (option = cli_next(&p)) != CLI_END;) {
        if (option == CLI_HELP || option == CLI_WRONG)
            return option == CLI_HELP ? CLI_OK : CLI_USAGE;
        if (!take_option(&r, option, p.value))
            return cli_complain(command, "wrong argument `%s`; see --help", p.value);
    }
    if (r.path == NULL) {
        cli_print_help(stderr, command);
        return CLI_USAGE;
    }
    if (!cli_read_file(r.path, &file))
        return CLI_LOAD;
    int code = explore(&r, &file);
    cli_release_file(&file);
    return code;
}

const cli_command cli_explore_command = {
    .name = "explore",
    .summary = "show a module beside its machine code",
    .arguments = "FILE.wasm",
    .description =
        "Compiles a module and shows each instruction with the machine code that it became: as text, or as a "
        "page of HTML with both side by side.",
    .lists = (const char *const[]){ "Examples",
                                    "tenon explore --functions 3 program.wasm\n"
                                    "tenon explore -O3 --cpu x86-64-v3 -o program.html program.wasm",
                                    "Exit code",
                                    "0, or 3 when the module is not valid, 2 for wrong usage, 1 otherwise.", NULL },
    .options = option_list,
    .run = run,
};
