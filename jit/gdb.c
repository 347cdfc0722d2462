/* SPDX-License-Identifier: MIT
 * GDB's JIT interface (GDB manual, "JIT Interface"): an object file in memory for each image, with a symbol for each
 * function and, when the module has DWARF line tables, the source line of each instruction. GDB puts a breakpoint on a
 * function of a fixed name and reads a list of a fixed name; both are one per process by that contract.
 */
#include <elf.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "jit/tools.h"
#include "loader/dwarf.h"

/* ---- the contract with GDB ---- */

enum { JIT_NOTHING, JIT_REGISTER, JIT_UNREGISTER };

typedef struct code_entry {
    struct code_entry *next, *previous;
    const char *file;
    uint64_t size;
} code_entry;

typedef struct descriptor {
    uint32_t version, action;
    code_entry *relevant, *first;
} descriptor;

__attribute__((used)) static descriptor __jit_debug_descriptor = { .version = 1 };
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((noinline, used)) static void __jit_debug_register_code(void)
{
    __asm__ volatile("" ::: "memory");
}

static void tell(code_entry *entry, uint32_t action)
{
    __jit_debug_descriptor.relevant = entry;
    __jit_debug_descriptor.action = action;
    __jit_debug_register_code();
}

/* ---- the object file ---- */

typedef struct bytes {
    uint8_t *items;
    size_t count, room;
    bool failed;
} bytes;

static void put(bytes *b, const void *items, size_t count)
{
    if (b->count + count > b->room && !b->failed) {
        size_t room = (b->count + count) * 2 + 256;
        uint8_t *more = realloc(b->items, room);
        b->failed = more == NULL;
        b->items = more != NULL ? more : b->items;
        b->room = more != NULL ? room : b->room;
    }
    if (b->failed || count == 0)
        return;
    memcpy(b->items + b->count, items, count);
    b->count += count;
}

static void put_u8(bytes *b, unsigned n)
{
    const uint8_t byte = (uint8_t)n;

    put(b, &byte, 1);
}

static void put_number(bytes *b, uint64_t n, size_t size)
{
    put(b, &n, size);
}

static void put_uleb(bytes *b, uint64_t n)
{
    do {
        put_u8(b, (n & 0x7F) | (n > 0x7F ? 0x80u : 0));
        n >>= 7;
    } while (n != 0);
}

static void put_sleb(bytes *b, int64_t n)
{
    bool more = true;

    while (more) {
        unsigned byte = n & 0x7F;
        n >>= 7;
        more = !((n == 0 && !(byte & 0x40)) || (n == -1 && (byte & 0x40)));
        put_u8(b, byte | (more ? 0x80u : 0));
    }
}

static void put_text(bytes *b, const char *text)
{
    put(b, text, strlen(text) + 1);
}

/* Numbers of a line program that are used here (DWARF 4, section 6.2.5). */
enum { LNS_COPY = 1, LNS_ADVANCE_LINE = 3, LNS_SET_FILE = 4, LNE_END = 1, LNE_SET_ADDRESS = 2 };

typedef struct lines {
    bytes program, files;
    tenon_name names[64]; /* of files, in their order */
    unsigned file_count;
    uint32_t line;
} lines;

static unsigned file_number(lines *l, tenon_name name)
{
    for (unsigned i = 0; i < l->file_count; i++)
        if (l->names[i].size == name.size && memcmp(l->names[i].data, name.data, name.size) == 0)
            return i + 1;
    if (l->file_count == 64)
        return 64;
    l->names[l->file_count++] = name;
    put(&l->files, name.data, name.size);
    put(&l->files, "\0\0\0", 4);
    return l->file_count;
}

static void put_address(bytes *b, uintptr_t address)
{
    put_u8(b, 0);
    put_uleb(b, 1 + sizeof address);
    put_u8(b, LNE_SET_ADDRESS);
    put_number(b, address, sizeof address);
}

static void add_line(lines *l, const tn_image *image, const tn_image_place *place)
{
    tn_source_line at;

    if (place->offset == TN_NO_PLACE || !tn_module_source_line(image->module, place->offset, &at))
        return;
    put_address(&l->program, (uintptr_t)image->code + place->code);
    put_u8(&l->program, LNS_SET_FILE);
    put_uleb(&l->program, file_number(l, at.file));
    put_u8(&l->program, LNS_ADVANCE_LINE);
    put_sleb(&l->program, (int64_t)at.line - l->line);
    put_u8(&l->program, LNS_COPY);
    l->line = at.line;
}

static void put_line_section(bytes *out, const tn_image *image)
{
    static const uint8_t lengths[12] = { 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1 };
    lines l = { .line = 1 };
    uint32_t count;
    const tn_image_place *places = tn_image_table(image, TN_PART_PLACES, &count);

    for (uint32_t i = 0; i < count; i++)
        add_line(&l, image, &places[i]);
    put_address(&l.program, (uintptr_t)image->code + image->header->code_size);
    put_u8(&l.program, 0);
    put_uleb(&l.program, 1);
    put_u8(&l.program, LNE_END);
    /* minimum length, operations, is_stmt, line base and range, opcode base, its lengths, no folders, files, end */
    size_t header = 6 + sizeof lengths + 1 + l.files.count + 1;
    put_number(out, 2 + 4 + header + l.program.count, 4);
    put_number(out, 4, 2);
    put_number(out, header, 4);
    put(out, "\x01\x01\x01\xfb\x0e\x0d", 6);
    put(out, lengths, sizeof lengths);
    put_u8(out, 0);
    put(out, l.files.items, l.files.count);
    put_u8(out, 0);
    put(out, l.program.items, l.program.count);
    out->failed |= l.program.failed || l.files.failed;
    free(l.program.items);
    free(l.files.items);
}

/* A compilation unit with a name, its code and its line table: DW_TAG_compile_unit; name, low_pc, high_pc, stmt_list.
 */
static void put_unit(bytes *info, bytes *abbreviations, const tn_image *image)
{
    put(abbreviations, "\x01\x11\x00\x03\x08\x11\x01\x12\x07\x10\x17\x00\x00\x00", 14);
    put_number(info, 2 + 4 + 1 + 1 + sizeof "wasm" + 8 + 8 + 4, 4);
    put_number(info, 4, 2);
    put_number(info, 0, 4);
    put_u8(info, 8);
    put_uleb(info, 1);
    put_text(info, "wasm");
    put_number(info, (uintptr_t)image->code, 8);
    put_number(info, image->header->code_size, 8);
    put_number(info, 0, 4);
}

enum { TEXT = 1, SYMBOLS, STRINGS, NAMES, ABBREVIATIONS, INFO, LINES, SECTIONS };

static void put_symbols(bytes *symbols, bytes *strings, const tn_image *image)
{
    size_t count;
    tn_code_symbol *list = tn_image_symbols(image, &count);
    Elf64_Sym s = { 0 };

    put(symbols, &s, sizeof s);
    put_u8(strings, 0);
    for (size_t i = 0; list != NULL && i < count; i++) {
        s = (Elf64_Sym){ .st_name = (Elf64_Word)strings->count,
                         .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                         .st_shndx = TEXT,
                         .st_value = list[i].at,
                         .st_size = list[i].size };
        put(symbols, &s, sizeof s);
        put_text(strings, list[i].name);
    }
    free(list);
}

/* Header, sections, their table; NULL when memory is out. */
static code_entry *make_file(const tn_image *image)
{
    static const char *const names[SECTIONS] = { "",          ".text",         ".symtab",     ".strtab",
                                                 ".shstrtab", ".debug_abbrev", ".debug_info", ".debug_line" };
    bytes parts[SECTIONS] = { { .items = NULL } }, file = { .items = NULL };
    Elf64_Shdr table[SECTIONS] = { { 0 } };
    Elf64_Ehdr h = { .e_ident = { 0x7F, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
                     .e_type = ET_REL,
                     .e_machine = TN_STUBS_CPU == TN_IMAGE_X86_64 ? EM_X86_64 : EM_AARCH64,
                     .e_version = EV_CURRENT,
                     .e_ehsize = sizeof h,
                     .e_shentsize = sizeof *table,
                     .e_shnum = SECTIONS,
                     .e_shstrndx = NAMES };

    put_symbols(&parts[SYMBOLS], &parts[STRINGS], image);
    put_unit(&parts[INFO], &parts[ABBREVIATIONS], image);
    put_line_section(&parts[LINES], image);
    for (int i = 0; i < SECTIONS; i++) {
        table[i].sh_name = (Elf64_Word)parts[NAMES].count;
        put_text(&parts[NAMES], names[i]);
    }
    put(&file, &h, sizeof h);
    for (int i = 1; i < SECTIONS; i++) {
        table[i].sh_type = i == SYMBOLS ? SHT_SYMTAB : i == STRINGS || i == NAMES ? SHT_STRTAB : SHT_PROGBITS;
        table[i].sh_addralign = 1;
        table[i].sh_offset = file.count;
        table[i].sh_size = parts[i].count;
        put(&file, parts[i].items, parts[i].count);
        file.failed |= parts[i].failed;
        free(parts[i].items);
    }
    table[TEXT] = (Elf64_Shdr){ .sh_name = table[TEXT].sh_name,
                                .sh_type = SHT_NOBITS,
                                .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                                .sh_addr = (uintptr_t)image->code,
                                .sh_size = image->header->code_size,
                                .sh_addralign = 16 };
    table[SYMBOLS].sh_link = STRINGS;
    table[SYMBOLS].sh_info = 1;
    table[SYMBOLS].sh_entsize = sizeof(Elf64_Sym);
    h.e_shoff = file.count;
    put(&file, table, sizeof table);
    code_entry *entry = calloc(1, sizeof *entry);
    if (file.failed || entry == NULL) {
        free(file.items);
        free(entry);
        return NULL;
    }
    memcpy(file.items, &h, sizeof h);
    *entry = (code_entry){ .file = (const char *)file.items, .size = file.count };
    return entry;
}

/* ---- coming and going ---- */

void tn_gdb_announce(tn_image *image)
{
    code_entry *entry = make_file(image);

    if (entry == NULL)
        return;
    pthread_mutex_lock(&list_lock);
    entry->next = __jit_debug_descriptor.first;
    if (entry->next != NULL)
        entry->next->previous = entry;
    __jit_debug_descriptor.first = entry;
    tell(entry, JIT_REGISTER);
    pthread_mutex_unlock(&list_lock);
    image->gdb = entry;
}

void tn_gdb_forget(tn_image *image)
{
    code_entry *entry = image->gdb;

    if (entry == NULL)
        return;
    pthread_mutex_lock(&list_lock);
    if (entry->previous != NULL)
        entry->previous->next = entry->next;
    else
        __jit_debug_descriptor.first = entry->next;
    if (entry->next != NULL)
        entry->next->previous = entry->previous;
    tell(entry, JIT_UNREGISTER);
    pthread_mutex_unlock(&list_lock);
    free((void *)(uintptr_t)entry->file);
    free(entry);
    image->gdb = NULL;
}
