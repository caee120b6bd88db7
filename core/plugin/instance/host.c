/* What a plugin reaches through its host: operations and the log. SPDX-License-Identifier: MIT
 *
 * A worker posts its request to the loop and waits; whoever lets go of the request last frees it.
 */
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/plugin/internal.h"
#include "core/plugin/manifest/rights.h"

#define CALL_MS (10 * OC_SECOND) /* when the request has no deadline */
#define LOOK_MS                                                                                    \
    50 /* how soon a cancel is seen: the flag may be the plugin's own, nobody signals it */
#define LOG_DATA_MAX (64u << 10)

struct request {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    unsigned refs; /* worker and loop */
    bool done;
    bool abandoned; /* the worker no longer waits: the instance may be gone */
    struct oc_instance *instance;
    char *op;
    json_t *params;
    int code;
    struct oc_error err;
    json_t *result;
};

static void release(struct request *r)
{
    pthread_mutex_lock(&r->lock);
    const unsigned refs = --r->refs;
    pthread_mutex_unlock(&r->lock);
    if (refs > 0) {
        return;
    }
    json_decref(r->params);
    json_decref(r->result);
    pthread_cond_destroy(&r->answered);
    pthread_mutex_destroy(&r->lock);
    free(r->op);
    free(r);
}

/* ---- loop ---- */

static void on_answer(void *ctx, int code, json_t *result, const struct oc_error *err)
{
    struct request *r = ctx;
    pthread_mutex_lock(&r->lock);
    r->code = code;
    r->result = result;
    if (code && err) {
        r->err = *err;
    }
    r->done = true;
    pthread_cond_signal(&r->answered);
    pthread_mutex_unlock(&r->lock);
    release(r);
}

/* While the worker waits its instance stays; so it is looked at only after that is certain. */
static void on_request(void *ctx)
{
    struct request *r = ctx;
    pthread_mutex_lock(&r->lock);
    const bool abandoned = r->abandoned;
    json_t *params = r->params;
    r->params = NULL;
    pthread_mutex_unlock(&r->lock);
    if (abandoned) {
        json_decref(params);
        release(r);
        return;
    }
    const struct oc_plugins *p = r->instance->plugin->owner;
    if (!p->host_call) {
        struct oc_error err;
        oc_error_init(&err);
        oc_error_set(&err, OC_E_UNSUPPORTED, "this host has no operations");
        json_decref(params);
        on_answer(r, err.code, NULL, &err);
        return;
    }
    p->host_call(p->host_ctx, r->instance, r->op, params, on_answer, r);
}

/* ---- worker ---- */

/* "op:call:alert.*" in the manifest allows alert.list. An instance's own key/value space needs no
 * right. */
static bool is_allowed(const struct oc_host_side *h, const char *op)
{
    static const char prefix[] = "op:call:";
    if (oc_starts(op, "kv.")) {
        return true;
    }
    for (size_t k = 0; k < json_array_size(h->rights); k++) {
        const char *right = json_string_value(json_array_get(h->rights, k));
        if (oc_starts(right, prefix) && oc_glob(right + sizeof prefix - 1, op)) {
            return true;
        }
    }
    return false;
}

static struct request *request_create(const struct oc_host_side *h, const char *op, json_t *params)
{
    struct request *r = oc_calloc(1, sizeof *r);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&r->answered, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&r->lock, NULL);
    oc_error_init(&r->err);
    r->refs = 2;
    r->instance = (struct oc_instance *)(uintptr_t)h->instance;
    r->op = oc_strdup(op);
    r->params = params;
    return r;
}

/* Nobody waits for the answer any more, and the end of the process is not to wait for it either. */
static bool has_ended(const struct oc_host_side *h)
{
    struct pollfd fd = {.fd = h->ended, .events = POLLIN};
    return h->ended >= 0 && poll(&fd, 1, 0) > 0;
}

static int must_end(const struct oc_host_side *h, const struct oc_request *req, int64_t until_ms)
{
    if (atomic_load(&h->interrupted) || atomic_load(&h->closed) || has_ended(h) ||
        (req && req->cancel && OC_CANCELLED(req))) {
        return OC_E_CANCELLED;
    }
    return oc_time_mono() >= until_ms ? OC_E_TIMEOUT : OC_OK;
}

/* OC_OK when the loop has answered; after that nobody else writes to `r`. */
static int wait_for_answer(struct request *r, const struct oc_host_side *h,
                           const struct oc_request *req, int64_t until_ms)
{
    int code = OC_OK;
    pthread_mutex_lock(&r->lock);
    while (!r->done && !code) {
        const int64_t left = until_ms - oc_time_mono();
        struct timespec look;
        oc_time_deadline(left < LOOK_MS ? (left > 0 ? left : 0) : LOOK_MS, &look);
        pthread_cond_timedwait(&r->answered, &r->lock, &look);
        code = r->done ? OC_OK : must_end(h, req, until_ms);
    }
    r->abandoned = code != OC_OK;
    pthread_mutex_unlock(&r->lock);
    return code;
}

static int32_t emit_result(const json_t *result, const struct oc_sink *out)
{
    if (!out || !result) {
        return OC_OK;
    }
    char *text = oc_json_text(result);
    const struct oc_record record = {
        .struct_size = sizeof record, .type = OC_RECORD_JSON, .text = {text, strlen(text)}};
    const int32_t code = out->emit(out->ctx, &record);
    free(text);
    return code;
}

static json_t *parse_params(const struct oc_request *req, struct oc_error *err)
{
    if (!req || !req->params.ptr || !req->params.len) {
        return json_object();
    }
    json_t *params = oc_json_parse(req->params.ptr, (size_t)req->params.len, err);
    if (params && !json_is_object(params)) {
        oc_error_set(err, OC_E_CONFIG, "the parameters are no JSON object");
        json_decref(params);
        params = NULL;
    }
    return params;
}

static int32_t run_request(struct oc_host_side *h, const char *op, json_t *params,
                           const struct oc_request *req, const struct oc_sink *out,
                           struct oc_error *err)
{
    const int64_t until_ms =
        req && req->deadline_ms > 0 ? req->deadline_ms : oc_time_mono() + CALL_MS;
    struct request *r = request_create(h, op, params);
    oc_loop_post(h->plugin->owner->loop, on_request, r); /* the instance may get another one */
    int code = wait_for_answer(r, h, req, until_ms);
    if (code) {
        oc_error_set(err, code, "%s did not answer in time", op);
    } else if (r->code) {
        code = r->code;
        if (err) {
            *err = r->err;
        }
    } else {
        code = emit_result(r->result, out);
    }
    release(r);
    return code;
}

static int32_t host_call(void *ctx, const char *op, const struct oc_request *req,
                         const struct oc_sink *out, struct oc_error *err)
{
    struct oc_host_side *h = ctx;
    if (must_end(h, req, INT64_MAX)) {
        return oc_error_set(err, OC_E_CANCELLED, "cancelled");
    }
    if (!op || !is_allowed(h, op)) {
        oc_error_set(err, OC_E_DENIED, "%s: the plugin has no right to call it", op ? op : "NULL");
        oc_error_hint(err, "Add \"op:call:%s\" to the permissions in its plugin.json.",
                      op ? op : "...");
        return OC_E_DENIED;
    }
    json_t *params = parse_params(req, err);
    return params ? run_request(h, op, params, req, out, err) : OC_E_CONFIG;
}

/* ---- the log ---- */

/* True when this line is one too many of its second; the first such line is said. Counting is not
 * exact when threads meet at the turn of a second, which does not matter. */
static bool over_log_cap(struct oc_host_side *h)
{
    const long long second = oc_time_mono() / OC_SECOND;
    if (atomic_exchange(&h->log_second, second) != second) {
        atomic_store(&h->log_lines, 0);
    }
    const long long lines = atomic_fetch_add(&h->log_lines, 1);
    if (lines == h->log_per_second) {
        oc_warn("plugin logs too much, lines are left out", "instance=%s per_second=%lld",
                h->instance->name, h->log_per_second);
    }
    if (lines >= h->log_per_second) {
        atomic_fetch_add(&h->log_dropped, 1);
    }
    return lines >= h->log_per_second;
}

static void host_log(void *ctx, int32_t level, const char *message, const char *json)
{
    struct oc_host_side *h = ctx;
    if (atomic_load(&h->closed) || over_log_cap(h)) {
        return;
    }
    const size_t len = json ? strnlen(json, LOG_DATA_MAX) : 0;
    json_t *data = len ? oc_json_parse(json, len, NULL) : json_object();
    if (!json_is_object(data)) {
        json_decref(data);
        data = json_object();
        char *clean = oc_utf8_clean(json, len);
        oc_json_set_str(data, "data", clean);
        free(clean);
    }
    oc_json_set_str(data, "instance", h->instance->name);
    char *text = oc_json_text(data);
    oc_log_json(level >= OC_LOG_ERROR && level <= OC_LOG_DEBUG ? level : OC_LOG_INFO,
                message ? message : "plugin says nothing", text);
    free(text);
    json_decref(data);
}

/* What the manifest asks for, of that what was consented to. */
json_t *oc_plugin_rights(const struct oc_plugin *plugin)
{
    return oc_rights_effective(json_object_get(plugin->manifest->json, "permissions"),
                               plugin->terms.grants);
}

void oc_host_side_init(struct oc_host_side *h, const struct oc_body *b)
{
    h->instance = b->instance;
    h->ended = -1;
    h->plugin = b->plugin;
    h->rights = oc_plugin_rights(b->plugin);
    h->log_per_second = b->plugin->terms.limits.log_lines_per_second;
    h->host = (struct oc_host){.struct_size = sizeof h->host,
                               .abi_major = OC_ABI_MAJOR,
                               .abi_minor = OC_ABI_MINOR,
                               .ctx = h,
                               .instance = b->instance->name,
                               .plugin_dir = b->plugin->dir,
                               .call = host_call,
                               .log = host_log};
}

void oc_host_side_finish(struct oc_host_side *h)
{
    json_decref(h->rights);
}
