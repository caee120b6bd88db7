/* The control protocol: operations over a framed unix socket. SPDX-License-Identifier: MIT */
#include "core/daemon/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/daemon/peer.h"

#define CALLS_MAX 64 /* of one client at once */

struct client;

struct running {
    struct client *client; /* NULL when the client has gone */
    struct running *next;
    json_int_t id;
    struct oc_call *call;
    json_t *warnings;
    bool starting, cancelled, over;
};

struct client {
    struct oc_control *control;
    struct oc_stream *stream;
    struct client *next, *prev;
    struct running *calls;
    size_t count;
    char actor[64];
    enum oc_role role;
    bool plugin; /* or a program that one has started: nothing is done for it */
    bool closed;
};

struct oc_control {
    struct oc_loop *loop;
    struct oc_ops *ops;
    struct oc_listener *listener;
    struct client *clients;
    oc_loop_fn gone;
    void *ctx;
};

/* ---- answers ---- */

/* Takes the frame. OC_E_PERMANENT when it is longer than a reply may be; a client that has gone is no error. */
static int send_json(struct client *client, json_t *frame)
{
    int code = OC_OK;
    if (client && !client->closed) {
        struct oc_buf text = {0};
        oc_json_put(&text, frame);
        code = oc_stream_send(client->stream, text.data, text.len);
        oc_buf_finish(&text);
    }
    json_decref(frame);
    return code;
}

static json_t *frame_for(json_int_t id)
{
    json_t *frame = json_object();
    json_object_set_new(frame, "id", json_integer(id));
    return frame;
}

static json_t *end_frame(json_int_t id, const json_t *result, const json_t *warnings,
                         const struct oc_error *err)
{
    json_t *frame = frame_for(id);
    oc_json_set_bool(frame, "ok", err == NULL);
    json_object_set_new(frame, "data",
                        result && !err ? json_incref((json_t *)result) : json_null());
    json_object_set_new(frame, "warnings",
                        warnings ? json_incref((json_t *)warnings) : json_array());
    json_t *error = json_null();
    if (err) {
        error = json_object();
        oc_json_set_str(error, "code", oc_error_name(err->code));
        oc_json_set_str(error, "message", err->message);
        oc_json_set_str(error, "hint", err->hint);
        if (result) {
            json_object_set(error, "details", (json_t *)result);
        }
    }
    json_object_set_new(frame, "error", error);
    return frame;
}

/* Whoever waits for an end gets one, even when the answer does not fit. */
static void send_end(struct client *client, json_int_t id, const json_t *result,
                     const json_t *warnings, const struct oc_error *err)
{
    if (send_json(client, end_frame(id, result, warnings, err)) == OC_E_PERMANENT) {
        struct oc_error too_long;
        oc_error_init(&too_long);
        oc_error_set(&too_long, OC_E_PERMANENT, "the answer is larger than %u MB",
                     OC_REPLY_MAX >> 20);
        oc_error_hint(&too_long,
                      "Ask for less: one service, a narrower selector, a shorter time or a limit.");
        send_json(client, end_frame(id, NULL, NULL, &too_long));
    }
}

static void on_warning(void *ctx, const char *text)
{
    struct running *r = ctx;
    json_array_append_new(r->warnings, json_string(text));
}

static void on_row(void *ctx, const json_t *row)
{
    struct running *r = ctx;
    json_t *frame = frame_for(r->id);
    json_object_set(frame, "row", (json_t *)row);
    if (send_json(r->client, frame) == OC_E_PERMANENT) {
        on_warning(r, "a row is too long to be sent and is left out");
    }
}

static void on_progress(void *ctx, double fraction, const char *text)
{
    struct running *r = ctx;
    json_t *frame = frame_for(r->id);
    json_object_set_new(frame, "progress",
                        json_pack("{s:f,s:s}", "fraction", fraction, "text", text));
    send_json(r->client, frame);
}

static void running_free(struct running *r)
{
    json_decref(r->warnings);
    free(r);
}

static void unlink_running(struct running *r)
{
    for (struct running **at = r->client ? &r->client->calls : NULL; at && *at; at = &(*at)->next) {
        if (*at == r) {
            *at = r->next;
            r->client->count--;
            return;
        }
    }
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct running *r = ctx;
    send_end(r->client, r->id, result, r->warnings, code == OC_OK ? NULL : err);
    unlink_running(r);
    r->over = true;
    if (!r->starting) {
        running_free(r);
    }
}

/* ---- requests ---- */

static void complain(struct client *client, json_int_t id, int code, const char *message)
{
    struct oc_error err;
    oc_error_init(&err);
    oc_error_set(&err, code, "%s", message);
    send_end(client, id, NULL, NULL, &err);
}

/* A call that ends may end another one, so each step begins at the head again. */
static void cancel_all(struct client *client)
{
    struct running *r = client->calls;
    while (r) {
        if (r->cancelled || !r->call) {
            r = r->next;
        } else {
            r->cancelled = true;
            oc_call_cancel(r->call);
            r = client->calls;
        }
    }
}

static void cancel(struct client *client, json_int_t id)
{
    for (struct running *r = client->calls; r; r = r->next) {
        if (r->id == id && r->call) {
            oc_call_cancel(r->call);
            return;
        }
    }
}

static void start(struct client *client, json_int_t id, json_t *frame)
{
    json_t *params = json_object_get(frame, "params");
    struct running *r = oc_calloc(1, sizeof *r);
    r->client = client;
    r->id = id;
    r->next = client->calls;
    r->warnings = json_array();
    r->starting = true;
    client->calls = r;
    client->count++;
    struct oc_call_request req = {.op = json_string_value(json_object_get(frame, "op")),
                                  .params = params ? json_incref(params) : NULL,
                                  .actor = {.name = client->actor, .role = client->role},
                                  .on_row = on_row,
                                  .on_progress = on_progress,
                                  .on_warning = on_warning,
                                  .on_done = on_done,
                                  .ctx = r};
    r->call = oc_ops_call(client->control->ops, &req);
    r->starting = false;
    if (r->over) {
        running_free(r);
    }
}

/* What works on files may block for seconds: in the daemon that everybody waits for, it is refused. */
static bool is_private(const struct client *client, const char *name)
{
    const struct oc_op *op = oc_ops_find(client->control->ops, name);
    return client->control->listener && op && op->flags & OC_OP_PRIVATE;
}

static bool in_use(const struct client *client, json_int_t id)
{
    const struct running *r = client->calls;
    while (r && r->id != id) {
        r = r->next;
    }
    return r != NULL;
}

static void on_frame(void *ctx, struct oc_stream *s, const char *data, size_t len)
{
    struct client *client = ctx;
    struct oc_error err;
    oc_error_init(&err);
    (void)s;
    json_t *frame = oc_json_parse_request(data, len, &err);
    json_int_t id = json_integer_value(json_object_get(frame, "id"));
    const json_t *params = json_object_get(frame, "params");
    if (!frame) {
        complain(client, 0, OC_E_CONFIG, err.message);
    } else if (client->plugin) {
        complain(client, id, OC_E_DENIED,
                 "a plugin calls operations through its host, with the permission op:call");
    } else if (json_is_true(json_object_get(frame, "cancel"))) {
        cancel(client, id);
    } else if (!json_is_string(json_object_get(frame, "op")) || id <= 0 ||
               (params && !json_is_object(params))) {
        complain(client, id, OC_E_CONFIG,
                 "expected {\"id\": number > 0, \"op\": string, \"params\": object}");
    } else if (client->count >= CALLS_MAX || in_use(client, id)) {
        complain(client, id, OC_E_RETRY, "this id is in use, or too many calls are running");
    } else if (is_private(client, json_string_value(json_object_get(frame, "op")))) {
        complain(
            client, id, OC_E_UNSUPPORTED,
            "this operation works on files and runs in a private daemon: use the command line");
    } else {
        start(client, id, frame);
    }
    json_decref(frame);
}

/* ---- clients ---- */

static void on_close(void *ctx, struct oc_stream *s)
{
    struct client *client = ctx;
    struct oc_control *c = client->control;
    (void)s;
    client->closed = true;
    while (client->calls) {
        struct running *r = client->calls;
        client->calls = r->next;
        struct oc_call *call = r->call;
        r->client = NULL;
        if (call) {
            oc_call_cancel(call);
        }
    }
    if (client->prev) {
        client->prev->next = client->next;
    } else if (c) {
        c->clients = client->next;
    }
    if (client->next) {
        client->next->prev = client->prev;
    }
    free(client);
    if (c && !c->clients && !c->listener && c->gone) {
        c->gone(c->ctx);
    }
}

static const struct oc_stream_handler handler = {.on_frame = on_frame, .on_close = on_close};

/* The socket lies in a folder of mode 0700, so a peer is its owner or root: both may do everything. */
static void add_client(void *ctx, struct oc_stream *s)
{
    struct oc_control *c = ctx;
    struct client *client = oc_calloc(1, sizeof *client);
    pid_t pid = 0;
    uid_t uid = (uid_t)-1;
    oc_stream_peer(s, &pid, &uid);
    snprintf(client->actor, sizeof client->actor, "cli:uid=%d", (int)uid);
    client->plugin = oc_peer_is_plugin(pid);
    client->role = uid == 0 || uid == geteuid() ? OC_ROLE_ADMIN : OC_ROLE_VIEWER;
    client->control = c;
    client->stream = s;
    client->next = c->clients;
    if (c->clients) {
        c->clients->prev = client;
    }
    c->clients = client;
    oc_stream_handle(s, &handler, client);
}

struct oc_control *oc_control_create(struct oc_loop *loop, struct oc_ops *ops, const char *path,
                                     int fd, oc_loop_fn gone, void *ctx, struct oc_error *err)
{
    struct oc_control *c = oc_calloc(1, sizeof *c);
    c->loop = loop;
    c->ops = ops;
    c->gone = gone;
    c->ctx = ctx;
    if (path) {
        c->listener = oc_listener_create(loop, path, add_client, c, err);
        if (!c->listener) {
            free(c);
            return NULL;
        }
    } else {
        struct oc_stream *s = oc_stream_adopt(loop, fd);
        if (!s) {
            oc_error_set(err, OC_E_CONFIG, "descriptor %d is not a socket", fd);
            free(c);
            return NULL;
        }
        add_client(c, s);
    }
    return c;
}

void oc_control_close(struct oc_control *c)
{
    if (!c) {
        return;
    }
    oc_listener_destroy(c->listener);
    c->listener = NULL;
    c->gone = NULL;
    for (struct client *client = c->clients; client; client = client->next) {
        cancel_all(client);
        oc_stream_close(client->stream);
    }
}

void oc_control_destroy(struct oc_control *c)
{
    if (!c) {
        return;
    }
    oc_listener_destroy(c->listener);
    for (struct client *client = c->clients; client; client = client->next) {
        client->control = NULL;
        oc_stream_abort(client->stream); /* a peer that does not read may not keep us */
    }
    free(c);
}
