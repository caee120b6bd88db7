/* The talk with the daemon, from INIT to STOP. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plughost/confine.h"
#include "core/plughost/fault.h"
#include "core/plughost/plughost.h"

/* ---- frames ---- */

/* Nobody is there any more, so nothing is left to be done. */
static _Noreturn void leave(void)
{
    _exit(0);
}

/* A small frame costs one system call: what came with its head is kept. */
static struct {
    char bytes[4096];
    size_t at, len;
} ahead;

static void fill(void)
{
    ssize_t n;
    do {
        n = recv(OC_WIRE_SOCKET, ahead.bytes, sizeof ahead.bytes, 0);
    } while (n < 0 && errno == EINTR);
    if (n <= 0) {
        leave();
    }
    ahead.at = 0;
    ahead.len = (size_t)n;
}

void oc_plughost_read(void *to, size_t size)
{
    char *at = to;
    while (size > 0 && (ahead.at < ahead.len || size < sizeof ahead.bytes)) {
        if (ahead.at == ahead.len) {
            fill();
        }
        const size_t left = ahead.len - ahead.at, n = size < left ? size : left;
        memcpy(at, ahead.bytes + ahead.at, n);
        ahead.at += n;
        at += n;
        size -= n;
    }
    if (size > 0 && oc_wire_read(OC_WIRE_SOCKET, at, size)) {
        leave();
    }
}

static struct oc_wire_head read_head(void)
{
    struct oc_wire_head head;
    oc_plughost_read(&head, sizeof head);
    if (head.length > OC_WIRE_MAX) {
        leave();
    }
    return head;
}

struct oc_wire_head oc_plughost_expect(uint16_t type)
{
    const struct oc_wire_head head = read_head();
    if (head.type != type) {
        leave();
    }
    return head;
}

static char *read_payload(const struct oc_wire_head *head)
{
    char *payload = oc_alloc((size_t)head->length + 1);
    oc_plughost_read(payload, head->length);
    payload[head->length] = '\0';
    return payload;
}

static json_t *read_json(uint16_t type)
{
    const struct oc_wire_head head = oc_plughost_expect(type);
    char *text = read_payload(&head);
    json_t *json = json_loadb(text, head.length, 0, NULL);
    explicit_bzero(text, head.length); /* options may hold secrets */
    explicit_bzero(ahead.bytes, ahead.at);
    free(text);
    if (!json) {
        leave();
    }
    return json;
}

void oc_plughost_send(struct oc_plughost *h, struct oc_wire_head head, const struct iovec *parts,
                      int count)
{
    pthread_mutex_lock(&h->send);
    const int code = oc_wire_send(OC_WIRE_SOCKET, head, parts, count);
    pthread_mutex_unlock(&h->send);
    if (code) {
        leave();
    }
}

static void send_buf(struct oc_plughost *h, uint16_t type, const struct oc_buf *b)
{
    const struct iovec part = {b->data, b->len};
    oc_plughost_send(h, (struct oc_wire_head){.type = type}, &part, b->len ? 1 : 0);
}

/* ---- the start ---- */

static void send_started(struct oc_plughost *h, int32_t code, const struct oc_error *err)
{
    struct oc_buf out = {0};
    oc_wire_put_result(&out, code, err, NULL);
    send_buf(h, OC_WIRE_STARTED, &out);
    oc_buf_finish(&out);
}

static void send_hello(struct oc_plughost *h, json_t *report)
{
    json_t *hello = json_object();
    oc_json_set_int(hello, "version", OC_WIRE_VERSION);
    oc_json_set_str(hello, "library_sha256", h->sha256);
    oc_json_take(hello, "description", oc_describe_entry(&h->entry));
    oc_json_take(hello, "confined", report ? report : json_null());
    struct oc_buf out = {0};
    char *text = oc_json_text(hello);
    oc_buf_adds(&out, text);
    send_buf(h, OC_WIRE_HELLO, &out);
    oc_buf_finish(&out);
    free(text);
    json_decref(hello);
}

/* Rights are given up before the first byte of the plugin is mapped. */
static int load(struct oc_plughost *h, struct oc_error *err)
{
    json_t *report = NULL;
    const char *dir = oc_json_str(h->init, "dir", "");
    const json_t *files = json_object_get(h->init, "files");
    oc_plughost_init_host(h, oc_json_str(h->init, "instance", ""), dir);
    fcntl(OC_WIRE_SOCKET, F_SETFD, FD_CLOEXEC);
    fcntl(OC_WIRE_PAGE_FD, F_SETFD, FD_CLOEXEC);
    int code = oc_confine(h->init, &report, err);
    if (!code) {
        code = oc_plughost_open(h, dir, oc_json_str(h->init, "library", ""),
                                json_is_object(files) ? files : NULL, err);
    }
    if (!code) {
        oc_fault_learn(h->entry.methods);
        send_hello(h, report);
    } else {
        json_decref(report);
    }
    return code;
}

static int bind_options(struct oc_plughost *h, struct oc_error *err)
{
    static const struct oc_option none[] = {{0}};
    const struct oc_plugin_entry *e = &h->entry;
    json_t *config = read_json(OC_WIRE_START);
    h->self = oc_calloc(1, e->instance_size ? (size_t)e->instance_size : 1);
    const int code =
        oc_bind_json_at(e->options ? e->options : none, e->options ? e->option_size : sizeof *none,
                        config, h->self, (size_t)e->instance_size, &h->arena, err);
    oc_json_wipe(config);
    return code;
}

static int start(struct oc_plughost *h, struct oc_error *err)
{
    h->init = read_json(OC_WIRE_INIT);
    int32_t code = load(h, err);
    if (!code) {
        code = bind_options(h, err);
    }
    if (!code && h->entry.start) {
        oc_fault_method("start");
        code = h->entry.start(h->self, &h->host, err);
        oc_fault_method(NULL);
    }
    send_started(h, code, err);
    return code;
}

/* ---- calls ---- */

static void run(struct oc_plughost *h, const struct oc_wire_call *call, const struct oc_method *m,
                const char *params, bool reads)
{
    const struct oc_sink sink = oc_plughost_sink(h);
    const struct oc_request request = {.struct_size = sizeof request,
                                       .params = {params, params ? call->params_len : 0},
                                       .deadline_ms = call->deadline_ms,
                                       .time_ms = call->time_ms,
                                       .cancel = (const int32_t *)(const void *)&h->page->cancel,
                                       .read = reads ? oc_plughost_pull : NULL,
                                       .read_ctx = h};
    struct oc_error err;
    oc_error_init(&err);
    oc_fault_method(m->id);
    const int32_t code = m->fn(h->self, &request, &sink, &err);
    oc_fault_method(NULL);
    oc_plughost_end(h, code, &err);
}

static void on_call(struct oc_plughost *h, const struct oc_wire_head *head)
{
    char *payload = read_payload(head);
    struct oc_wire_in in = {payload, head->length, false};
    struct oc_wire_call call;
    oc_wire_get(&in, &call, sizeof call);
    const char *id = oc_wire_text(&in, call.method_len);
    const char *params = oc_wire_text(&in, call.params_len);
    if (in.bad || !id) {
        leave();
    }
    oc_plughost_begin(h, head->id, head->flags & OC_WIRE_STREAM);
    const struct oc_method *m = oc_entry_method(&h->entry, id);
    if (m) {
        run(h, &call, m, params, head->flags & OC_WIRE_READ);
    } else {
        struct oc_error err;
        oc_error_init(&err);
        oc_error_set(&err, OC_E_UNSUPPORTED, "the plugin has no method %s", id);
        oc_plughost_end(h, OC_E_UNSUPPORTED, &err);
    }
    free(payload);
}

static void stop(struct oc_plughost *h)
{
    const struct oc_buf nothing = {0};
    if (h->entry.stop) {
        oc_fault_method("stop");
        h->entry.stop(h->self);
        oc_fault_method(NULL);
    }
    send_buf(h, OC_WIRE_STOPPED, &nothing);
}

int oc_plughost_serve(struct oc_plughost *h)
{
    struct oc_error err;
    oc_error_init(&err);
    if (start(h, &err)) {
        _exit(1);
    }
    for (;;) {
        const struct oc_wire_head head = read_head();
        if (head.type == OC_WIRE_CALL) {
            on_call(h, &head);
        } else if (head.type == OC_WIRE_STOP) {
            stop(h);
            _exit(0); /* what the plugin registered to run at the end has had its `stop` */
        } else {
            leave();
        }
    }
}
