/* SPDX-License-Identifier: MIT
 * A server whose pages are made by plugins of several tenants, on one thread of libuv:
 *
 *     plugins PORT FOLDER          FOLDER/acme/hello.wasm answers /acme/hello; FOLDER/acme/filter.wasm is asked first
 *
 * Files are looked at again with each request, so a new version takes over with the next one, while requests that have
 * begun end in the old. Each tenant has a budget of memory and time; whatever a plugin does, crashes, loops or eats,
 * the answer is a status of HTTP, and others do not notice.
 *
 * A handler exports memory, alloc(size) and handle(path, length, body, length), which returns the status; it imports
 * http.respond(text, length) and http.sleep(milliseconds). A filter exports memory, alloc and filter(path, length),
 * which returns 0 or the status to refuse with.
 */
#include <ctype.h>
#include <http_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tenon/pool.h"
#include "tenon/uv.h"

enum { MAX_PATH_SIZE = 200, MAX_BODY = 1 << 20, MAX_RESPONSE = 1 << 20, MAX_TENANTS = 64, MAX_PLUGINS = 256 };
#define TIME_LIMIT   UINT64_C(200000000) /* nanoseconds that a request may take, queueing excepted */
#define MEMORY_LIMIT ((uint64_t)16 << 20)

/* A version of a file. The list holds the newest; requests hold those that they use. */
typedef struct plugin {
    char name[MAX_PATH_SIZE]; /* tenant/route */
    struct timespec time;
    off_t size;
    int holds;
    tenon_module *module;
    tenon_pool *pool;
} plugin;

typedef struct tenant {
    char name[MAX_PATH_SIZE];
    tenon_tenant *account;
} tenant;

typedef struct buffer {
    char *bytes;
    size_t size, room;
} buffer;

typedef struct connection {
    uv_tcp_t socket;
    http_parser parser;
    uv_write_t write;
    char path[MAX_PATH_SIZE];
    buffer body, response, message;
    bool too_long, closing, keeps;
    tenon_task *task;
    int status;
    char failure[300];
} connection;

static const char *folder;
static uv_loop_t loop;
static tenon_engine *engine;
static tenon_uv guests;
static plugin *plugins[MAX_PLUGINS];
static tenant tenants[MAX_TENANTS];
static size_t plugin_count, tenant_count, connection_count;
static bool stopping;

static bool append(buffer *b, const void *bytes, size_t size)
{
    if (b->room - b->size < size) {
        size_t room = (b->size + size) * 2;
        char *grown = realloc(b->bytes, room);
        if (grown == NULL)
            return false;
        b->bytes = grown;
        b->room = room;
    }
    if (size > 0)
        memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
    return true;
}

static void fail(connection *c, int status, const char *text)
{
    c->status = status;
    snprintf(c->failure, sizeof c->failure, "%s", text);
}

/* ---- what plugins may do ---- */

static tenon_status respond(tenon_caller *caller, tenon_slot *slots)
{
    connection *c = tenon_store_context(tenon_caller_store(caller));
    void *text;

    if (!tenon_memory_range(tenon_caller_memory(caller), slots[0].u32, slots[1].u32, 1, &text))
        return TENON_TRAP;
    if (slots[1].u32 > MAX_RESPONSE - c->response.size)
        return TENON_LIMIT;
    return append(&c->response, text, slots[1].u32) ? TENON_OK : TENON_NOMEM;
}

typedef struct nap {
    uv_timer_t timer;
    tenon_answer *answer;
} nap;

static void free_nap(uv_handle_t *handle)
{
    free(handle->data);
}

static void end_nap(void *context)
{
    nap *n = context;

    tenon_answer_send(n->answer, TENON_OK, NULL, 0);
    uv_close((uv_handle_t *)&n->timer, free_nap);
}

static void on_timer(uv_timer_t *timer)
{
    end_nap(timer->data);
}

static tenon_status fall_asleep(tenon_caller *caller, tenon_slot *slots)
{
    nap *n = calloc(1, sizeof *n);

    if (n == NULL)
        return TENON_NOMEM;
    tenon_status status = tenon_caller_suspend(caller, &n->answer);
    if (status != TENON_OK) {
        free(n);
        return status;
    }
    uv_timer_init(&loop, &n->timer);
    n->timer.data = n;
    uv_timer_start(&n->timer, on_timer, slots[0].u32, 0);
    tenon_answer_on_cancel(n->answer, end_nap, n);
    return TENON_SUSPENDED;
}

static const tenon_type two_i32[] = { TENON_I32, TENON_I32 };
static const tenon_entry respond_entry = { respond, NULL, 2, 0, two_i32, NULL };
static const tenon_entry sleep_entry = { fall_asleep, NULL, 1, 0, two_i32, NULL };

/* ---- plugins ---- */

static tenon_status define(tenon_linker *linker, const char *name, const tenon_entry *entry)
{
    tenon_extern e = { .kind = TENON_KIND_FUNC };
    tenon_status status = tenon_func_new_entry(tenon_linker_store(linker), entry, NULL, &e.of.func);

    if (status != TENON_OK)
        return status;
    return tenon_linker_define(linker, (tenon_name){ "http", 4 }, (tenon_name){ name, strlen(name) }, e);
}

static tenon_status fill(void *context, tenon_store *store, tenon_instance **out, tenon_error *err)
{
    const plugin *p = context;
    tenon_linker *linker;
    tenon_status status = tenon_linker_new(store, &linker);

    if (status != TENON_OK)
        return status;
    if ((status = define(linker, "respond", &respond_entry)) == TENON_OK &&
        (status = define(linker, "sleep", &sleep_entry)) == TENON_OK)
        status = tenon_linker_instantiate(linker, p->module, out, err);
    tenon_linker_delete(linker);
    return status;
}

static void give_plugin(plugin *p)
{
    if (p == NULL || --p->holds > 0)
        return;
    tenon_pool_delete(p->pool);
    tenon_module_delete(p->module);
    free(p);
}

static tenon_status load_module(const char *path, size_t size, tenon_module **out, tenon_error *err)
{
    uint8_t *bytes = malloc(size + 1);
    FILE *in = fopen(path, "rb");
    tenon_status status = TENON_NOMEM;

    if (bytes != NULL && in != NULL)
        status = tenon_module_new(engine, bytes, fread(bytes, 1, size, in), out, err);
    if (in != NULL)
        fclose(in);
    free(bytes);
    return status;
}

static plugin *load_plugin(const char *name, const char *path, const struct stat *info, tenon_error *err)
{
    plugin *p = calloc(1, sizeof *p);
    const tenon_pool_config config = { .size = sizeof config, .fill = fill, .context = p, .spare = 8 };

    if (p == NULL)
        return NULL;
    snprintf(p->name, sizeof p->name, "%s", name);
    p->time = info->st_mtim;
    p->size = info->st_size;
    p->holds = 1;
    if (load_module(path, (size_t)info->st_size, &p->module, err) == TENON_OK &&
        tenon_pool_new(engine, &config, &p->pool) == TENON_OK)
        return p;
    give_plugin(p);
    return NULL;
}

/* The newest version, held; NULL: there is none, or err says what is wrong with it. */
static plugin *take_plugin(const char *name, tenon_error *err)
{
    char path[1024];
    struct stat info;
    plugin **place = plugins;

    snprintf(path, sizeof path, "%s/%s.wasm", folder, name);
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return NULL;
    while (place < plugins + plugin_count && strcmp((*place)->name, name) != 0)
        place++;
    bool known = place < plugins + plugin_count;
    if (!known || memcmp(&(*place)->time, &info.st_mtim, sizeof info.st_mtim) != 0 || (*place)->size != info.st_size) {
        plugin *p = plugin_count < MAX_PLUGINS || known ? load_plugin(name, path, &info, err) : NULL;
        if (p == NULL)
            return NULL;
        if (known)
            give_plugin(*place);
        plugin_count += !known;
        *place = p;
    }
    (*place)->holds++;
    return *place;
}

static tenon_tenant *find_tenant(const char *name, size_t size)
{
    const tenon_limits limits = { .size = sizeof limits, .memory_bytes = MEMORY_LIMIT, .instances = 64 };
    tenant *t = tenants;

    while (t < tenants + tenant_count && (strlen(t->name) != size || memcmp(t->name, name, size) != 0))
        t++;
    if (t < tenants + tenant_count)
        return t->account;
    if (tenant_count == MAX_TENANTS || tenon_tenant_new(engine, &limits, &t->account) != TENON_OK)
        return NULL;
    snprintf(t->name, sizeof t->name, "%.*s", (int)size, name);
    tenant_count++;
    return t->account;
}

/* ---- a request, as a task ---- */

/* What a guest did wrong, as HTTP says it. */
static void blame(connection *c, tenon_status status, const tenon_error *err)
{
    bool late = status == TENON_TRAP && err->trap == TENON_TRAP_INTERRUPTED;

    fail(c,
         late                    ? 504
         : status == TENON_LIMIT ? 507
                                 : 500,
         late                   ? "the plugin took too long"
         : err->text[0] != '\0' ? err->text
                                : tenon_status_text(status));
}

static tenon_status call(tenon_instance *instance, const char *name, const int32_t *args, size_t count, int32_t *result,
                         tenon_error *err)
{
    tenon_val values[4], out;
    tenon_extern e;

    if (!tenon_instance_export(instance, (tenon_name){ name, strlen(name) }, &e) || e.kind != TENON_KIND_FUNC)
        return TENON_LINK;
    for (size_t i = 0; i < count; i++)
        values[i] = (tenon_val){ .type = TENON_I32, .of.i32 = args[i] };
    tenon_status status = tenon_func_call(e.of.func, values, count, &out, 1, err);
    if (status == TENON_OK)
        *result = out.of.i32;
    return status;
}

/* Puts bytes where the guest's own allocator says: an address that is believed only as far as it is inside. */
static tenon_status put(tenon_instance *instance, const void *bytes, size_t size, int32_t out[2], tenon_error *err)
{
    tenon_extern e;

    if (!tenon_instance_export(instance, (tenon_name){ "memory", 6 }, &e) || e.kind != TENON_KIND_MEMORY)
        return TENON_LINK;
    out[1] = (int32_t)size;
    tenon_status status = call(instance, "alloc", &out[1], 1, &out[0], err);
    if (status == TENON_OK && !tenon_memory_write(e.of.memory, (uint32_t)out[0], bytes, size))
        status = TENON_TRAP;
    return status;
}

static tenon_status ask(connection *c, tenon_instance *instance, const char *export, int32_t *result, tenon_error *err)
{
    bool filters = strcmp(export, "filter") == 0;
    int32_t args[4];
    tenon_status status = put(instance, c->path, strlen(c->path), args, err);

    if (status == TENON_OK && !filters)
        status = put(instance, c->body.bytes, c->body.size, args + 2, err);
    return status != TENON_OK ? status : call(instance, export, args, filters ? 2 : 4, result, err);
}

/* Whether it went well; else the connection knows. */
static bool run_plugin(connection *c, plugin *p, tenon_tenant *account, const char *export, int32_t *result)
{
    tenon_error err = { .status = TENON_OK };
    tenon_store *store;
    tenon_instance *instance;
    tenon_status status = tenon_pool_take(p->pool, account, &store, &instance, &err);

    if (status == TENON_OK) {
        tenon_store_set_context(store, c);
        status = ask(c, instance, export, result, &err);
        tenon_pool_give(p->pool, store);
    }
    if (status != TENON_OK)
        blame(c, status, &err);
    return status == TENON_OK;
}

static tenon_status serve(void *context)
{
    connection *c = context;
    size_t tenant_size = strcspn(c->path + 1, "/");
    tenon_tenant *account = find_tenant(c->path + 1, tenant_size);
    char name[MAX_PATH_SIZE + 16];
    tenon_error err = { .status = TENON_OK };
    int32_t verdict = 0;
    plugin *handler = take_plugin(c->path + 1, &err);

    snprintf(name, sizeof name, "%.*s/filter", (int)tenant_size, c->path + 1);
    plugin *filter = handler != NULL ? take_plugin(name, &err) : NULL;
    if (account == NULL || err.status != TENON_OK)
        fail(c, 502, err.status != TENON_OK ? err.text : "there are too many tenants");
    else if (handler == NULL)
        fail(c, 404, "there is no such plugin");
    else if (filter == NULL || run_plugin(c, filter, account, "filter", &verdict)) {
        if (verdict != 0)
            fail(c, verdict, "the filter refuses");
        else if (run_plugin(c, handler, account, "handle", &verdict))
            c->status = verdict;
    }
    give_plugin(filter);
    give_plugin(handler);
    return TENON_OK;
}

/* ---- connections ---- */

static void free_connection(uv_handle_t *handle)
{
    connection *c = handle->data;

    free(c->body.bytes);
    free(c->response.bytes);
    free(c->message.bytes);
    free(c);
    if (--connection_count == 0 && stopping)
        tenon_uv_close(&guests);
}

/* A request that runs is given up first, and the connection goes with its end. */
static void close_connection(connection *c)
{
    c->closing = true;
    if (c->task != NULL)
        tenon_task_cancel(c->task);
    else if (!uv_is_closing((uv_handle_t *)&c->socket))
        uv_close((uv_handle_t *)&c->socket, free_connection);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *piece);
static void on_piece(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    static char piece[65536];

    (void)handle;
    (void)suggested;
    *out = uv_buf_init(piece, sizeof piece);
}

static void on_written(uv_write_t *write, int error)
{
    connection *c = write->data;

    if (error != 0 || !c->keeps) {
        close_connection(c);
        return;
    }
    c->body.size = c->response.size = c->message.size = 0;
    c->failure[0] = '\0';
    http_parser_pause(&c->parser, 0);
    uv_read_start((uv_stream_t *)&c->socket, on_piece, on_read);
}

static void send_response(connection *c)
{
    bool failed = c->failure[0] != '\0';
    const char *text = failed ? c->failure : c->response.bytes;
    size_t size = failed ? strlen(text) : c->response.size;
    int status = c->status >= 200 && c->status <= 599 ? c->status : 500;
    char head[256];
    int head_size =
        snprintf(head, sizeof head,
                 "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: %s\r\n\r\n", status,
                 http_status_str((enum http_status)status), size + failed, c->keeps ? "keep-alive" : "close");

    if (!append(&c->message, head, (size_t)head_size) || !append(&c->message, text, size) ||
        (failed && !append(&c->message, "\n", 1))) {
        close_connection(c);
        return;
    }
    uv_buf_t message = uv_buf_init(c->message.bytes, (unsigned)c->message.size);
    c->write.data = c;
    if (uv_write(&c->write, (uv_stream_t *)&c->socket, &message, 1, on_written) != 0)
        close_connection(c);
}

static void on_done(void *context, tenon_task *task)
{
    connection *c = context;

    tenon_task_delete(task);
    c->task = NULL;
    if (c->closing)
        close_connection(c);
    else
        send_response(c);
}

static bool is_path(const char *path)
{
    size_t slashes = 0;

    for (const char *p = path; *p != '\0'; p++) {
        slashes += *p == '/';
        if (!isalnum((unsigned char)*p) && *p != '-' && *p != '_' && (*p != '/' || p[1] == '/' || p[1] == '\0'))
            return false;
    }
    return path[0] == '/' && slashes == 2;
}

static int on_url(http_parser *parser, const char *at, size_t size)
{
    connection *c = parser->data;
    size_t have = strlen(c->path);

    c->too_long = c->too_long || size >= sizeof c->path - have;
    if (!c->too_long) {
        memcpy(c->path + have, at, size);
        c->path[have + size] = '\0';
    }
    return 0;
}

static int on_body(http_parser *parser, const char *at, size_t size)
{
    connection *c = parser->data;

    c->too_long = c->too_long || size > MAX_BODY - c->body.size || !append(&c->body, at, size);
    return 0;
}

static int on_begin(http_parser *parser)
{
    connection *c = parser->data;

    c->path[0] = '\0';
    c->too_long = false;
    return 0;
}

static int on_complete(http_parser *parser)
{
    connection *c = parser->data;
    const tenon_task_config config = { .size = sizeof config, .time_limit = TIME_LIMIT, .done = on_done, .context = c };

    c->keeps = http_should_keep_alive(parser) && !c->too_long;
    http_parser_pause(parser, 1);
    uv_read_stop((uv_stream_t *)&c->socket);
    tenon_tenant *account =
        is_path(c->path) && !c->too_long ? find_tenant(c->path + 1, strcspn(c->path + 1, "/")) : NULL;
    if (c->too_long)
        fail(c, 413, "the request is too long");
    else if (account == NULL)
        fail(c, 404, "there is no such plugin");
    else if (tenon_task_run(guests.scheduler, account, serve, c, &config, &c->task) == TENON_OK)
        return 0;
    else
        fail(c, 503, "there is no memory left");
    send_response(c);
    return 0;
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *piece)
{
    static const http_parser_settings settings = {
        .on_message_begin = on_begin, .on_url = on_url, .on_body = on_body, .on_message_complete = on_complete
    };
    connection *c = stream->data;

    if (size < 0) {
        close_connection(c);
        return;
    }
    size_t parsed = http_parser_execute(&c->parser, &settings, piece->base, (size_t)size);
    enum http_errno problem = HTTP_PARSER_ERRNO(&c->parser);
    if (problem != HPE_OK && problem != HPE_PAUSED)
        close_connection(c);
    else if (parsed + (problem == HPE_PAUSED) < (size_t)size)
        c->keeps = false; /* more requests in one piece: the answer says that they were not read */
}

static void on_connection(uv_stream_t *server, int error)
{
    connection *c = error == 0 ? calloc(1, sizeof *c) : NULL;

    if (c == NULL)
        return;
    connection_count++;
    http_parser_init(&c->parser, HTTP_REQUEST);
    c->parser.data = c;
    uv_tcp_init(&loop, &c->socket);
    c->socket.data = c;
    if (uv_accept(server, (uv_stream_t *)&c->socket) != 0 ||
        uv_read_start((uv_stream_t *)&c->socket, on_piece, on_read) != 0)
        close_connection(c);
}

/* ---- the server ---- */

static void stop_handle(uv_handle_t *handle, void *server)
{
    if (handle == server || handle->type == UV_SIGNAL)
        uv_close(handle, NULL);
    else if (handle->type == UV_TCP)
        close_connection(handle->data);
}

/* The loop ends when the last request has. */
static void stop(uv_signal_t *signal, int number)
{
    (void)number;
    stopping = true;
    uv_walk(&loop, stop_handle, signal->data);
    if (connection_count == 0)
        tenon_uv_close(&guests);
}

static int listen_at(uv_tcp_t *server, int port)
{
    struct sockaddr_in address;
    struct sockaddr_storage bound;
    int length = sizeof bound;

    uv_ip4_addr("127.0.0.1", port, &address);
    uv_tcp_init(&loop, server);
    uv_tcp_bind(server, (const struct sockaddr *)&address, 0);
    int error = uv_listen((uv_stream_t *)server, 128, on_connection);
    if (error != 0) {
        fprintf(stderr, "plugins: port %d: %s\n", port, uv_strerror(error));
        return error;
    }
    uv_tcp_getsockname(server, (struct sockaddr *)&bound, &length);
    printf("http://127.0.0.1:%d/\n", ntohs(((struct sockaddr_in *)&bound)->sin_port));
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    uv_tcp_t server;
    uv_signal_t terminate;

    if (argc != 3) {
        fputs("usage: plugins PORT FOLDER\n", stderr);
        return 2;
    }
    folder = argv[2];
    uv_loop_init(&loop);
    if (tenon_engine_new(NULL, &engine) != TENON_OK || tenon_uv_open(&guests, &loop, engine, 0) != TENON_OK) {
        fputs("plugins: out of memory\n", stderr);
        return 1;
    }
    if (listen_at(&server, atoi(argv[1])) != 0)
        return 1;
    uv_signal_init(&loop, &terminate);
    terminate.data = &server;
    uv_signal_start(&terminate, stop, SIGTERM);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < plugin_count; i++)
        give_plugin(plugins[i]);
    for (size_t i = 0; i < tenant_count; i++)
        tenon_tenant_delete(tenants[i].account);
    tenon_engine_delete(engine);
    return uv_loop_close(&loop);
}
