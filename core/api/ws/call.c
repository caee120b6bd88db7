/* Calls of operations over the connection: call, row, progress, result, cancel. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/api/operation.h"
#include "core/api/ws/hub.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"

#define ID_MAX         64  /* bytes of an id that is a string */
#define PROGRESS_EVERY 100 /* ms between two reports of one call */

struct oc_ws_call {
    struct oc_ws_client *client; /* NULL: nobody waits any more */
    struct oc_ws_call *next;
    struct oc_call *call; /* NULL while it begins, and once it is over */
    json_t *id, *warnings;
    int64_t told_progress;
    bool over;
    uint64_t until; /* its rows have left when so many bytes have */
    bool lost;      /* of its rows some were dropped: it is given up */
};

/* ---- answers ---- */

static json_t *frame_of(const struct oc_ws_call *k, const char *type)
{
    json_t *o = json_object();
    oc_json_set_str(o, "type", type);
    json_object_set(o, "id", k->id);
    return o;
}

static void on_row(void *ctx, const json_t *row)
{
    struct oc_ws_call *k = ctx;
    if (!k->client || k->lost) {
        return;
    }
    json_t *o = frame_of(k, "row");
    json_object_set(o, "data", (json_t *)(uintptr_t)row);
    k->until = UINT64_MAX; /* what does not fit is dropped with all that waits */
    oc_ws_push_json(k->client, OC_WS_TOPICS, o);
    const struct oc_socket *s = k->client ? k->client->socket : NULL;
    k->until = s ? oc_socket_sent(s) + oc_socket_pending(s) : 0;
}

static void on_progress(void *ctx, double fraction, const char *text)
{
    struct oc_ws_call *k = ctx;
    const int64_t now = oc_time_mono();
    if (!k->client || (k->told_progress && now - k->told_progress < PROGRESS_EVERY)) {
        return;
    }
    json_t *o = frame_of(k, "progress");
    k->told_progress = now;
    if (fraction >= 0) {
        oc_json_set_num(o, "fraction", fraction);
    } else {
        oc_json_take(o, "fraction", json_null());
    }
    oc_json_set_str(o, "text", text);
    oc_ws_push_json(k->client, OC_WS_TOPICS, o);
}

static void on_warning(void *ctx, const char *text)
{
    struct oc_ws_call *k = ctx;
    if (json_array_size(k->warnings) < 100) {
        json_array_append_new(k->warnings, json_string(text));
    }
}

static json_t *error_json(int code, const char *message, const char *hint, const json_t *details)
{
    json_t *error = json_object();
    oc_json_set_str(error, "code", oc_error_name(code));
    oc_json_set_str(error, "message", message);
    oc_json_set_str(error, "hint", hint);
    if (details) {
        json_object_set(error, "details", (json_t *)(uintptr_t)details);
    }
    return error;
}

static void send_result(struct oc_ws_call *k, int code, const json_t *result, json_t *error)
{
    json_t *o = frame_of(k, "result");
    oc_json_set_bool(o, "ok", code == OC_OK);
    oc_json_take(o, "data",
                 code == OC_OK && result ? json_incref((json_t *)(uintptr_t)result) : json_null());
    json_object_set(o, "warnings", k->warnings);
    oc_json_take(o, "error", error ? error : json_null());
    oc_ws_answer(k->client, o);
}

/* ---- the list of a client ---- */

static void unlink_call(struct oc_ws_call *k)
{
    for (struct oc_ws_call **at = &k->client->calls; *at; at = &(*at)->next) {
        if (*at == k) {
            *at = k->next;
            k->client->call_count--;
            return;
        }
    }
}

static void free_call(struct oc_ws_call *k)
{
    json_decref(k->id);
    json_decref(k->warnings);
    free(k);
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct oc_ws_call *k = ctx;
    const bool begun = k->call != NULL;
    if (k->client && k->lost) {
        send_result(k, OC_E_RETRY, NULL,
                    error_json(OC_E_RETRY, "rows were lost: the client reads too slowly",
                               "Ask for less at once, or read faster.", NULL));
    } else if (k->client) {
        send_result(k, code, result,
                    code == OC_OK ? NULL : error_json(code, err->message, err->hint, result));
    }
    if (k->client) {
        unlink_call(k);
    }
    k->client = NULL;
    k->over = true;
    k->call = NULL;
    if (begun) {
        free_call(k);
    } /* else oc_ws_call_begin is still at it */
}

/* ---- begin, cancel ---- */

static struct oc_ws_call *find(const struct oc_ws_client *c, const json_t *id)
{
    struct oc_ws_call *k = c->calls;
    while (k && !json_equal(k->id, id)) {
        k = k->next;
    }
    return k;
}

/* NULL when the call may begin, else what is wrong with it. */
static const char *refuse(const struct oc_ws_client *c, const json_t *id, const char *op,
                          const json_t *params, int *code)
{
    const struct oc_op *known = oc_ops_find(c->hub->api->env->ops, op);
    *code = OC_E_RETRY;
    if (!oc_ws_within_rate(c, "call")) {
        return OC_WS_TOO_OFTEN;
    }
    *code = OC_E_CONFIG;
    if (!json_is_integer(id) &&
        !(json_is_string(id) && json_string_length(id) > 0 && json_string_length(id) <= ID_MAX)) {
        return "expected `id`, a whole number or a short string";
    }
    if (find(c, id)) {
        return "a call with this id is running";
    }
    if (params && !json_is_object(params) && !json_is_null(params)) {
        return "expected `params`, an object";
    }
    *code = OC_E_NOT_FOUND;
    if (!known || known->flags & (OC_OP_INTERNAL | OC_OP_PRIVATE)) {
        return "there is no such operation here";
    }
    *code = OC_E_DENIED;
    if (!oc_api_op_may_ask(known, params, c->who.role)) {
        oc_socket_refused(c->socket, "role", "call", op);
        return "files of the host are named by admins only";
    }
    *code = OC_E_RETRY;
    if (c->call_count >= OC_WS_CALLS_MAX) {
        return "too many calls at once";
    }
    return c->hub->stopping ? "the host is stopping" : NULL;
}

void oc_ws_call_begin(struct oc_ws_client *c, const json_t *id, const char *op,
                      const json_t *params)
{
    int code;
    struct oc_ws_call *k = oc_calloc(1, sizeof *k);
    k->client = c;
    k->id = id ? json_incref((json_t *)(uintptr_t)id) : json_null();
    k->warnings = json_array();
    const char *wrong = refuse(c, id, op, params, &code);
    if (wrong) {
        send_result(k, code, NULL, error_json(code, wrong, "", NULL));
        free_call(k);
        return;
    }
    k->next = c->calls;
    c->calls = k;
    c->call_count++;
    const struct oc_call_request req = {
        .op = op,
        .params = json_is_object(params) ? json_incref((json_t *)(uintptr_t)params) : NULL,
        .actor = {.name = c->who.actor[0] ? c->who.actor : "anonymous", .role = c->who.role},
        .on_row = on_row,
        .on_progress = on_progress,
        .on_warning = on_warning,
        .on_done = on_done,
        .ctx = k};
    struct oc_access *access = c->hub->api->access;
    oc_access_asking(access, &(struct oc_refusal){.peer = oc_socket_peer(c->socket),
                                                  .actor = req.actor.name,
                                                  .method = "call",
                                                  .path = op});
    struct oc_call *call = oc_ops_call(c->hub->api->env->ops, &req);
    oc_access_asking(access, NULL);
    if (k->over) {
        free_call(k);
    } else {
        k->call = call;
    }
}

void oc_ws_call_cancel(struct oc_ws_client *c, const json_t *id)
{
    struct oc_ws_call *k = find(c, id);
    if (k && k->call) {
        oc_call_cancel(k->call);
    }
}

/* They are given up from the loop, not from below their own feet. */
void oc_ws_calls_lost(struct oc_ws_client *c)
{
    const uint64_t sent = c->socket ? oc_socket_sent(c->socket) : UINT64_MAX;
    for (struct oc_ws_call *k = c->calls; k; k = k->next) {
        k->lost = k->lost || k->until > sent;
    }
}

void oc_ws_calls_tick(struct oc_ws_client *c)
{
    struct oc_ws_call *k = c->calls;
    while (k && !(k->lost && k->call)) {
        k = k->next;
    }
    if (k) {
        oc_call_cancel(k->call); /* one a second: the list may be another after it */
    }
}

void oc_ws_calls_leave(struct oc_ws_client *c)
{
    while (c->calls) {
        struct oc_ws_call *k = c->calls;
        c->calls = k->next;
        c->call_count--;
        k->client = NULL;
        if (k->call) {
            oc_call_cancel(k->call);
        }
    }
}
