/* SPDX-License-Identifier: MIT
 * `tenon inspect`: what is in a module.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/command.h"
#include "loader/disasm.h"

static const char *const section_names[] = { "custom", "type",  "import",  "function", "table", "memory",     "global",
                                             "export", "start", "element", "code",     "data",  "data count", "tag" };

/* The type of a thing in an index space, as text in a buffer that grows. */
static char *type_text(const tn_module *m, tenon_kind kind, uint32_t index)
{
    char *text = NULL, part[48];
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    switch (kind) {
    case TENON_KIND_FUNC:
        tn_print_type(out, tn_module_func_type(m, index));
        break;
    case TENON_KIND_TAG:
        tn_print_type(out, tn_types_get(m->registry, m->tags[index]));
        break;
    case TENON_KIND_GLOBAL:
        fprintf(out, "%s%s", m->globals[index].type.is_mutable ? "mut " : "",
                tn_valtype_text(m->globals[index].type.type, part, sizeof part));
        break;
    case TENON_KIND_MEMORY:
    case TENON_KIND_TABLE: {
        const tn_limits *l = kind == TENON_KIND_MEMORY ? &m->memories[index] : &m->tables[index].type.limits;
        fprintf(out, "%s%" PRIu64, l->is64 ? "i64 " : "", l->min);
        if (l->has_max)
            fprintf(out, "..%" PRIu64, l->max);
        if (l->shared)
            fputs(" shared", out);
        if (kind == TENON_KIND_TABLE)
            fprintf(out, " %s", tn_valtype_text(m->tables[index].type.type, part, sizeof part));
        else if (l->page_log2 != 16)
            fprintf(out, " pagesize=%u", 1u << l->page_log2);
        break;
    }
    }
    fclose(out);
    return text;
}

static void print_names(const tn_module *m)
{
    tenon_name name = tn_module_own_name(m);

    if (name.size > 0)
        printf("name: %.*s\n", (int)name.size, name.data);
    printf("sections:\n");
    for (uint32_t i = 0, custom = 0; i < m->section_count; i++) {
        const tn_section *s = &m->sections[i];
        printf("  %-12s 0x%08" PRIx32 " %10" PRIu32 " bytes", section_names[s->id], s->bytes.offset, s->bytes.size);
        if (s->id == 0) {
            tenon_name own = m->customs[custom++].name;
            printf("  %.*s", (int)own.size, own.data);
        }
        putchar('\n');
    }
}

static void print_text(const tn_module *m)
{
    print_names(m);
    printf("types: %u\nimports: %u\n", (unsigned)m->type_count, (unsigned)m->import_count);
    for (uint32_t i = 0; i < m->import_count; i++) {
        const tn_import *im = &m->imports[i];
        char *type = type_text(m, im->kind, im->index);
        printf("  %-8s %.*s.%.*s %s\n", tenon_kind_text(im->kind), (int)im->module.size, im->module.data,
               (int)im->name.size, im->name.data, type != NULL ? type : "");
        free(type);
    }
    printf("exports: %u\n", (unsigned)m->export_count);
    for (uint32_t i = 0; i < m->export_count; i++) {
        const tn_export *e = &m->exports[i];
        char *type = type_text(m, e->kind, e->index);
        printf("  %-8s %.*s %s\n", tenon_kind_text(e->kind), (int)e->name.size, e->name.data, type != NULL ? type : "");
        free(type);
    }
    uint64_t code = 0, data = 0;
    for (uint32_t i = 0; i < m->body_count; i++)
        code += m->bodies[i].size;
    for (uint32_t i = 0; i < m->data_count && m->datas != NULL; i++)
        data += m->datas[i].bytes.size;
    printf("functions: %u (%" PRIu64 " bytes of code)\n", (unsigned)m->body_count, code);
    printf("memories: %u, tables: %u, globals: %u, tags: %u\n", (unsigned)m->memory_count, (unsigned)m->table_count,
           (unsigned)m->global_count, (unsigned)m->tag_count);
    printf("data segments: %u (%" PRIu64 " bytes), element segments: %u\n", (unsigned)m->data_count, data,
           (unsigned)m->elem_count);
    if (m->start != TENON_NO_INDEX)
        printf("start: function %u\n", (unsigned)m->start);
}

static json_t *name_json(tenon_name name)
{
    return json_stringn_nocheck(name.data, name.size);
}

static json_t *things_json(const tn_module *m, bool imports)
{
    json_t *list = json_array();
    uint32_t count = imports ? m->import_count : m->export_count;

    for (uint32_t i = 0; i < count; i++) {
        tenon_kind kind = imports ? m->imports[i].kind : m->exports[i].kind;
        char *type = type_text(m, kind, imports ? m->imports[i].index : m->exports[i].index);
        json_t *o = json_object();
        if (imports)
            json_object_set_new(o, "module", name_json(m->imports[i].module));
        json_object_set_new(o, "name", name_json(imports ? m->imports[i].name : m->exports[i].name));
        json_object_set_new(o, "kind", json_string(tenon_kind_text(kind)));
        json_object_set_new(o, "type", json_string(type != NULL ? type : ""));
        json_array_append_new(list, o);
        free(type);
    }
    return list;
}

static void print_json(const tn_module *m)
{
    json_t *o = json_object(), *sections = json_array();

    for (uint32_t i = 0, custom = 0; i < m->section_count; i++) {
        const tn_section *s = &m->sections[i];
        json_t *section = json_pack("{s:s, s:i, s:i}", "kind", section_names[s->id], "offset", (int)s->bytes.offset,
                                    "size", (int)s->bytes.size);
        if (s->id == 0)
            json_object_set_new(section, "name", name_json(m->customs[custom++].name));
        json_array_append_new(sections, section);
    }
    json_object_set_new(o, "name", name_json(tn_module_own_name(m)));
    json_object_set_new(o, "size", json_integer((json_int_t)m->size));
    json_object_set_new(o, "sections", sections);
    json_object_set_new(o, "imports", things_json(m, true));
    json_object_set_new(o, "exports", things_json(m, false));
    json_object_set_new(o, "types", json_integer(m->type_count));
    json_object_set_new(o, "functions", json_integer(m->body_count));
    json_object_set_new(o, "memories", json_integer(m->memory_count));
    json_object_set_new(o, "tables", json_integer(m->table_count));
    json_object_set_new(o, "globals", json_integer(m->global_count));
    json_object_set_new(o, "tags", json_integer(m->tag_count));
    json_dumpf(o, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(o);
}

typedef struct inspect_options {
    tenon_features features;
    bool json, disassemble;
    const char *function;
} inspect_options;

static int disassemble(const tn_module *m, const inspect_options *o)
{
    tenon_val index;

    if (o->function == NULL) {
        for (uint32_t i = 0; i < m->body_count; i++)
            if (tn_print_function(stdout, m, i) != TENON_OK)
                return CLI_FAILED;
        return CLI_OK;
    }
    if (!cli_parse_value(o->function, TENON_I32, &index) || (uint32_t)index.of.i32 < m->imported_funcs ||
        (uint32_t)index.of.i32 >= m->func_count) {
        fprintf(stderr, "tenon inspect: `%s` is not the index of a function with code (%u to %u)\n", o->function,
                (unsigned)m->imported_funcs, (unsigned)m->func_count - 1);
        return CLI_USAGE;
    }
    return tn_print_function(stdout, m, (uint32_t)index.of.i32 - m->imported_funcs) == TENON_OK ? CLI_OK : CLI_FAILED;
}

static int inspect(const char *path, const cli_file *file, const inspect_options *o)
{
    tenon_error err;
    tn_module m;
    tn_mem mem;
    int code = CLI_OK;

    tn_mem_init(&mem, NULL);
    tn_types *types = tn_types_new(&mem);
    if (types == NULL)
        return CLI_FAILED;
    tn_error_clear(&err);
    tenon_status status = tn_module_load(&m, &mem, types, o->features, file->bytes, file->size, 0, &err);
    if (status != TENON_OK) {
        code = cli_report(path, &err, status);
    } else {
        if (o->disassemble)
            code = disassemble(&m, o);
        else if (o->json)
            print_json(&m);
        else
            print_text(&m);
        tn_module_fini(&m);
    }
    tn_types_delete(types);
    return code;
}

enum { DISASSEMBLE, JSON, ALL_FEATURES };
static const cli_option options[] = {
    [DISASSEMBLE] = { "disassemble", "[=INDEX]", "List the instructions of every function, or of one." },
    [JSON] = { "json", NULL, "Print one JSON object." },
    [ALL_FEATURES] = { "all-features", NULL, "Admit proposals that may still change (custom page sizes)." },
    { NULL, NULL, NULL },
};

static int run(const cli_command *command, int argc, char **argv)
{
    inspect_options o = { .features = tenon_features_default() };
    const char *path = NULL;
    cli_file file;
    cli_parser p;

    cli_parser_init(&p, command, argc, argv);
    for (int option; (option = cli_next(&p)) != CLI_END;) {
        if (option == CLI_HELP || option == CLI_WRONG)
            return option == CLI_HELP ? CLI_OK : CLI_USAGE;
        if (option == DISASSEMBLE) {
            o.disassemble = true;
            o.function = p.value;
        } else if (option == JSON) {
            o.json = true;
        } else if (option == ALL_FEATURES) {
            o.features = TENON_FEATURES_ALL;
        } else if (path != NULL) {
            return cli_complain(command, "one file at a time");
        } else {
            path = p.value;
        }
    }
    if (path == NULL) {
        cli_print_help(stderr, command);
        return CLI_USAGE;
    }
    if (!cli_read_file(path, &file))
        return CLI_LOAD;
    int code = inspect(path, &file, &o);
    cli_release_file(&file);
    return code;
}

const cli_command cli_inspect_command = {
    .name = "inspect",
    .summary = "show what is in a module",
    .arguments = "FILE.wasm",
    .description = "Shows what is in a module: counts, imports, exports, memories, custom sections.",
    .lists = (const char *const[]){ "Exit code", "0, 3 when the file is no valid module, 2 for wrong usage.", NULL },
    .options = options,
    .run = run,
};
