/* The fake host: canned answers, a key/value map, kept logs. SPDX-License-Identifier: MIT */
#include "kit.h"

#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

static const char *const levels[] = {"error", "warn", "info", "debug"};

static void keep_log(struct kit_host *h, int32_t level, const char *message, const char *json)
{
    pthread_mutex_lock(&h->lock);
    kit_keep(&h->logs, kit_format("%s %s %s", levels[level >= 0 && level <= 3 ? level : 0],
                                  message ? message : "", json ? json : "{}"));
    pthread_mutex_unlock(&h->lock);
}

static void host_log(void *ctx, int32_t level, const char *message, const char *json)
{
    struct oc_test *t = ctx;
    keep_log(&t->host, level, message, json);
}

static void remember_call(struct kit_host *h, const char *op, const json_t *params)
{
    const json_t *last = json_object_get(h->calls, op);
    const json_int_t count = json_integer_value(json_object_get(last, "count"));
    char *text = json_dumps(params, JSON_COMPACT);
    json_object_set_new(h->calls, op, json_pack("{s:I, s:s}", "count", count + 1, "params", text));
    free(text);
}

/* kv.get, kv.put and kv.remove; NULL when `op` is none of them. */
static json_t *answer_kv(struct kit_host *h, const char *op, const json_t *params)
{
    const char *key = json_string_value(json_object_get(params, "key"));
    if (!key) {
        return NULL;
    }
    if (strcmp(op, "kv.get") == 0) {
        return json_pack("{s:O?}", "value", json_object_get(h->kv, key));
    }
    if (strcmp(op, "kv.put") == 0) {
        json_object_set(h->kv, key, json_object_get(params, "value"));
        return json_object();
    }
    if (strcmp(op, "kv.remove") == 0) {
        json_object_del(h->kv, key);
        return json_object();
    }
    return NULL;
}

/* Text of the answer, owned by the caller; or NULL and `err`. */
static char *answer(struct kit_host *h, const char *op, const json_t *params, struct oc_error *err)
{
    const json_t *canned = json_object_get(h->answers, op);
    if (canned) {
        const int32_t code = (int32_t)json_integer_value(json_object_get(canned, "code"));
        const char *text = json_string_value(json_object_get(canned, "json"));
        if (code) {
            oc_fail(err, code, "%s", text ? text : "canned failure");
            return NULL;
        }
        return kit_format("%s", text ? text : "{}");
    }
    json_t *kv = answer_kv(h, op, params);
    if (!kv) {
        oc_fail(err, OC_E_NOT_FOUND, "no operation is called %s", op);
        return NULL;
    }
    char *text = json_dumps(kv, JSON_COMPACT);
    json_decref(kv);
    return text;
}

static int32_t host_call(void *ctx, const char *op, const struct oc_request *req,
                         const struct oc_sink *out, struct oc_error *err)
{
    struct oc_test *t = ctx;
    struct kit_host *h = &t->host;
    struct oc_error ignored = {.struct_size = sizeof ignored};
    err = err ? err : &ignored;
    json_t *params = req && req->params.len ? json_loadb(req->params.ptr, req->params.len, 0, NULL)
                                            : json_object();
    if (!json_is_object(params)) {
        json_decref(params);
        return oc_fail(err, OC_E_CONFIG, "%s: parameters are not a JSON object", op);
    }
    pthread_mutex_lock(&h->lock);
    remember_call(h, op, params);
    char *text = answer(h, op, params, err);
    pthread_mutex_unlock(&h->lock);
    json_decref(params);
    if (!text) {
        return err->code;
    }
    const int32_t code = out ? oc_emit_text(out, OC_RECORD_JSON, text, strlen(text)) : OC_OK;
    free(text);
    return code;
}

void kit_host_init(struct oc_test *t)
{
    struct kit_host *h = &t->host;
    pthread_mutex_init(&h->lock, NULL);
    h->answers = json_object();
    h->kv = json_object();
    h->calls = json_object();
    h->host = (struct oc_host){.struct_size = sizeof h->host,
                               .abi_major = OC_ABI_MAJOR,
                               .abi_minor = OC_ABI_MINOR,
                               .ctx = t,
                               .instance = "test",
                               .plugin_dir = t->dir,
                               .call = host_call,
                               .log = host_log};
}

void kit_host_finish(struct oc_test *t)
{
    json_decref(t->host.answers);
    json_decref(t->host.kv);
    json_decref(t->host.calls);
    kit_list_finish(&t->host.logs);
    pthread_mutex_destroy(&t->host.lock);
}

void oc_test_answer(struct oc_test *t, const char *op, int32_t code, const char *json)
{
    pthread_mutex_lock(&t->host.lock);
    json_object_set_new(t->host.answers, op,
                        json_pack("{s:i, s:s?}", "code", (int)code, "json", json));
    pthread_mutex_unlock(&t->host.lock);
}

size_t oc_test_calls(const struct oc_test *t, const char *op)
{
    const json_t *call = json_object_get(t->host.calls, op);
    return (size_t)json_integer_value(json_object_get(call, "count"));
}

const char *oc_test_params(const struct oc_test *t, const char *op)
{
    return json_string_value(json_object_get(json_object_get(t->host.calls, op), "params"));
}

static const char *log_record(const struct oc_test *t, const char *text)
{
    for (size_t i = oc_test_count(t, OC_RECORD_LOG); i-- > 0;) {
        const struct oc_record *r = oc_test_record(t, OC_RECORD_LOG, i);
        if (r->text.ptr && strstr(r->text.ptr, text)) {
            return r->text.ptr;
        }
    }
    return NULL;
}

const char *oc_test_log(const struct oc_test *t, const char *text)
{
    for (size_t i = t->host.logs.count; i-- > 0;) {
        if (strstr(t->host.logs.items[i], text)) {
            return t->host.logs.items[i];
        }
    }
    return log_record(t, text);
}
