/* POST and GET /api/v1/<operation>. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/api/operation.h"
#include "core/api/ops/accept.h"
#include "core/api/ops/rest.h"
#include "core/api/query.h"
#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/jsonschema.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/bind.h"

#define NAME_MAX_LEN 128

/* A request that waits for its call, at the longest until it becomes a job. */
struct waiting {
    struct waiting *next, *prev;
    struct oc_rest *rest;
    struct oc_http_request *request;
    struct oc_job *job;
    struct oc_job_watch *watch;
    struct oc_timer *limit;
};

unsigned oc_rest_status(int code)
{
    switch (code) {
    case OC_E_RETRY:
    case OC_E_TIMEOUT:
    case OC_E_AUTH: /* of a service that we asked: our client's own credentials are good */
    case OC_E_NETWORK:
    case OC_E_CRASHED:
        return 424;
    case OC_E_CONFIG:
    case OC_E_UNSUPPORTED:
    case OC_E_PERMANENT:
    case OC_E_VERIFY:
        return 422;
    default:
        return oc_http_status(code);
    }
}

/* ---- which operation ---- */

/* "alert/ack" -> "alert.ack"; false when it cannot be one. */
static bool name_of(const char *path, char name[NAME_MAX_LEN])
{
    size_t len = strlen(path);
    if (len == 0 || len >= NAME_MAX_LEN || strchr(path, '.')) {
        return false;
    }
    for (size_t i = 0; i <= len; i++) {
        name[i] = path[i] == '/' ? '.' : path[i];
    }
    return true;
}

/* The nearest operation as a path; owned by the caller, NULL when none is near. */
static char *nearest(struct oc_ops *ops, const char *name)
{
    json_t *all = oc_ops_json(ops, false), *op;
    OC_VEC(const char *) names = {0};
    size_t i;
    json_array_foreach(all, i, op)
    {
        const char *known = oc_json_str(op, "name", "");
        if (oc_api_op_is_shown(oc_ops_find(ops, known))) {
            OC_VEC_PUSH(&names, known);
        }
    }
    const char *near = oc_nearest(name, names.items, names.count);
    char *path = near ? oc_asprintf("Did you mean /api/v1/%s?", near) : NULL;
    for (char *c = path ? path + strlen("Did you mean /api/v1/") : NULL; c && *c; c++) {
        *c = *c == '.' ? '/' : *c;
    }
    OC_VEC_FINISH(&names);
    json_decref(all);
    return path;
}

static void send_unknown(struct oc_rest *rest, struct oc_http_request *r, const char *name,
                         const struct oc_op *op)
{
    char *hint = op ? oc_strdup("It works on files: only the command line has it.")
                    : nearest(rest->api->env->ops, name);
    oc_http_send_errorf(r, 404, OC_E_NOT_FOUND, hint ? hint : "/api/docs lists the operations.",
                        op ? "%.*s is not served here" : "no operation is named %.*s", 100, name);
    free(hint);
}

/* NULL: it has been answered. */
static const struct oc_op *operation_of(struct oc_rest *rest, struct oc_http_request *r)
{
    char name[NAME_MAX_LEN];
    const char *path = oc_http_param(r, 0);
    const struct oc_op *op = name_of(path, name) ? oc_ops_find(rest->api->env->ops, name) : NULL;
    if (op && oc_api_op_is_shown(op)) {
        return op;
    }
    bool secret = op && op->flags & OC_OP_INTERNAL;
    send_unknown(rest, r, op && !secret ? op->name : path, secret ? NULL : op);
    return NULL;
}

static void refuse_method(struct oc_http_request *r, const struct oc_op *op)
{
    bool reads = oc_api_op_reads(op);
    oc_http_set(r, "Allow", reads ? "GET, HEAD, POST, OPTIONS" : "POST, OPTIONS");
    if (strcmp(oc_http_method(r), "OPTIONS") == 0) {
        oc_http_send_empty(r, 204);
        return;
    }
    oc_http_send_errorf(r, 405, OC_E_UNSUPPORTED, "Send it with POST.", "%s is not asked with %s",
                        op->name, oc_http_method(r));
}

void oc_rest_other(struct oc_http_request *r, void *rest)
{
    const struct oc_op *op = operation_of(rest, r);
    if (op) {
        refuse_method(r, op);
    }
}

/* ---- with which parameters ---- */

struct pairs {
    OC_VEC(struct oc_query_pair) list;
};

static void take_pair(void *ctx, const char *name, const char *value)
{
    struct pairs *p = ctx;
    if (p->list.count <= OC_QUERY_PAIRS_MAX) {
        const struct oc_query_pair pair = {oc_strdup(name), oc_strdup(value)};
        OC_VEC_PUSH(&p->list, pair);
    }
}

static json_t *query_params(const struct oc_http_request *r, const struct oc_option *table,
                            struct oc_error *err)
{
    struct pairs pairs = {{0}};
    oc_http_query_each(r, take_pair, &pairs);
    json_t *params = oc_query_params(table, pairs.list.items, pairs.list.count, err);
    for (size_t i = 0; i < pairs.list.count; i++) {
        free((void *)(uintptr_t)pairs.list.items[i].name);
        free((void *)(uintptr_t)pairs.list.items[i].value);
    }
    OC_VEC_FINISH(&pairs.list);
    return params;
}

static json_t *body_params(struct oc_http_request *r, struct oc_error *err)
{
    struct oc_view body = oc_http_body(r);
    json_t *params = body.len ? oc_json_parse_request(body.ptr, body.len, err) : json_object();
    if (params && !json_is_object(params)) {
        oc_error_set(err, OC_E_CONFIG, "the body has to be a JSON object of parameters");
        json_decref(params);
        return NULL;
    }
    return params;
}

/* A POST names its parameters in the body alone: what stands in its query would be lost. */
static bool sound_post(struct oc_http_request *r)
{
    const char *type = oc_http_header(r, "Content-Type");
    size_t len = type ? strcspn(type, "; \t") : 0;
    if (oc_http_body(r).len &&
        !(len == strlen(OC_HTTP_TYPE_JSON) && strncasecmp(type, OC_HTTP_TYPE_JSON, len) == 0)) {
        oc_http_send_errorf(r, 415, OC_E_UNSUPPORTED, "Send Content-Type: application/json.",
                            "the body is not announced as JSON");
        return false;
    }
    if (strchr(oc_http_target(r), '?')) {
        oc_http_send_errorf(r, 400, OC_E_CONFIG, "Put them into the body, as a JSON object.",
                            "a POST takes no parameters in its query");
        return false;
    }
    return true;
}

/* Holds the parameters to the document: what is not as it says is refused (400), also where the table would read it loosely
 * as a command line does. What is well formed and still means nothing here is for the operation to say (422). */
static int check_params(const struct oc_op *op, const json_t *params, struct oc_error *err)
{
    static const struct oc_option none[] = {{0}};
    const struct oc_option *table = op->params ? op->params : none;
    json_t *schema = oc_options_schema(table, sizeof *table);
    int rc = oc_jsonschema_check(schema, params, "parameters", err);
    if (rc != OC_OK) { /* the binder says it better, if it minds, too */
        struct oc_arena arena = {0};
        struct oc_error better;
        oc_error_init(&better);
        void *target = oc_arena_alloc(&arena, op->params_size ? op->params_size : 1);
        if (oc_bind_json(table, params, target, op->params_size, &arena, &better) != OC_OK) {
            *err = better;
        }
        oc_arena_finish(&arena);
    }
    json_decref(schema);
    return rc;
}

/* ---- the answer ---- */

static void send_answer(struct oc_http_request *r, const struct oc_job *job, unsigned status)
{
    size_t len;
    const char *text = oc_job_answer(job, &len);
    oc_http_send(r, status, OC_HTTP_TYPE_JSON, oc_memdup(text, len ? len : 1), len);
}

static void send_busy(struct oc_http_request *r)
{
    oc_http_set(r, "Retry-After", "10");
    oc_http_send_errorf(r, 429, OC_E_RETRY, "Wait for some to end, or cancel them.",
                        "%d jobs of one client, or %d of all, run already", OC_JOBS_OF_ONE_MAX,
                        OC_JOBS_RUNNING_MAX);
}

/* Releases the job when there is no room for it. */
static void send_job(struct oc_http_request *r, struct oc_job *job)
{
    if (!oc_job_keep(job)) {
        oc_job_release(job);
        send_busy(r);
        return;
    }
    char *location = oc_asprintf("/api/v1/jobs/%s", oc_job_id(job));
    json_t *o = json_object();
    oc_http_set(r, "Location", location);
    oc_json_set_bool(o, "ok", true);
    oc_json_take(o, "data", oc_job_json(job));
    oc_json_take(o, "warnings", json_array());
    oc_http_send_json(r, 202, o);
    free(location);
}

/* ---- waiting ---- */

static void waiting_free(struct waiting *w)
{
    if (w->prev) {
        w->prev->next = w->next;
    } else {
        w->rest->waiting = w->next;
    }
    if (w->next) {
        w->next->prev = w->prev;
    }
    oc_timer_destroy(w->limit);
    free(w);
}

static void waiting_event(void *ctx, const struct oc_job_event *event)
{
    struct waiting *w = ctx;
    if (event->type != OC_JOB_DONE) {
        return;
    }
    struct oc_job *job = w->job;
    send_answer(w->request, job, oc_rest_status(oc_job_code(job)));
    oc_job_unwatch(w->watch);
    waiting_free(w);
    oc_job_release(job);
}

static void waiting_late(void *ctx)
{
    struct waiting *w = ctx;
    struct oc_http_request *r = w->request;
    struct oc_job *job = w->job;
    oc_job_unwatch(w->watch);
    waiting_free(w);
    send_job(r, job);
}

static void waiting_gone(void *ctx)
{
    struct waiting *w = ctx;
    struct oc_job *job = w->job;
    oc_job_unwatch(w->watch);
    waiting_free(w);
    oc_job_release(job);
}

static void wait_for(struct oc_rest *rest, struct oc_http_request *r, struct oc_job *job,
                     int64_t wait_ms)
{
    struct waiting *w = oc_calloc(1, sizeof *w);
    w->rest = rest;
    w->request = r;
    w->job = job;
    w->watch = oc_job_watch(job, waiting_event, w);
    w->limit = oc_timer_create(rest->api->env->loop, waiting_late, w);
    w->next = rest->waiting;
    if (rest->waiting) {
        rest->waiting->prev = w;
    }
    rest->waiting = w;
    oc_timer_start(w->limit, wait_ms, 0);
    oc_http_on_gone(r, waiting_gone, w);
}

void oc_rest_end_waiting(struct oc_rest *rest)
{
    while (rest->waiting) {
        struct waiting *w = rest->waiting;
        struct oc_http_request *r = w->request;
        waiting_gone(w);
        oc_http_send_errorf(r, 503, OC_E_RETRY, "Ask again when it is back.",
                            "the host is stopping");
    }
}

/* ---- calling ---- */

/* Takes params. */
static void begin(struct oc_rest *rest, struct oc_http_request *r, const struct oc_op *op,
                  json_t *params)
{
    struct oc_actor actor = oc_api_actor(r);
    struct oc_wish wish = oc_wish_read(oc_http_header(r, "Accept"), oc_http_header(r, "Prefer"));
    bool streams = op->flags & OC_OP_STREAMS;
    oc_access_asking(rest->api->access, &(struct oc_refusal){.peer = oc_http_peer(r),
                                                             .actor = actor.name,
                                                             .method = oc_http_method(r),
                                                             .path = op->name});
    struct oc_job *job = oc_job_start(rest->jobs, op->name, params, &actor);
    oc_access_asking(rest->api->access, NULL);
    if (oc_job_is_done(job) && (oc_job_code(job) != OC_OK || !wish.events)) {
        send_answer(r, job, oc_rest_status(oc_job_code(job)));
        oc_job_release(job);
    } else if (wish.events) {
        oc_sse_open(rest, r, job, 0, true);
    } else if (streams || wish.async) {
        send_job(r, job);
    } else {
        wait_for(rest, r, job, wish.wait_ms > 0 ? wish.wait_ms : rest->api->options.job_after_ms);
    }
}

static void refuse_files(struct oc_rest *rest, struct oc_http_request *r)
{
    oc_access_refused(rest->api->access, &(struct oc_refusal){.reason = "role",
                                                              .peer = oc_http_peer(r),
                                                              .actor = oc_http_who(r)->actor,
                                                              .method = oc_http_method(r),
                                                              .path = oc_http_path(r)});
    oc_http_send_errorf(r, 403, OC_E_DENIED, "Ask without it, or as an admin.",
                        "files of the host are named by admins only");
}

static void handle(struct oc_rest *rest, struct oc_http_request *r, bool get)
{
    struct oc_error err;
    oc_error_init(&err);
    const struct oc_op *op = operation_of(rest, r);
    if (op && get && !oc_api_op_reads(op)) {
        refuse_method(r, op);
        return;
    }
    if (!op || (!get && !sound_post(r))) {
        return;
    }
    if (rest->leaving) {
        oc_http_send_errorf(r, 503, OC_E_RETRY, NULL, "the host is stopping");
        return;
    }
    if (oc_api_actor(r).role < op->role) { /* before its parameters are looked at */
        json_t *none = json_object();
        begin(rest, r, op, none);
        return;
    }
    json_t *params = get ? query_params(r, op->params, &err) : body_params(r, &err);
    if (params && !oc_api_op_may_ask(op, params, oc_api_actor(r).role)) {
        json_decref(params);
        refuse_files(rest, r);
        return;
    }
    if (params && check_params(op, params, &err) == OC_OK) {
        begin(rest, r, op, params);
        return;
    }
    json_decref(params);
    oc_http_send_error(r, 400, &err);
}

void oc_rest_get(struct oc_http_request *r, void *rest)
{
    handle(rest, r, true);
}

void oc_rest_post(struct oc_http_request *r, void *rest)
{
    handle(rest, r, false);
}
