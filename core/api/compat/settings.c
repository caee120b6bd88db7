/* GET /api/config and POST /api/config/alerts. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/api/compat/compat.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/rule/thresholds.h"

static json_t *config_of(const json_t *result)
{
    return json_incref(json_object_get(result, "config"));
}

void oc_compat_get_config(struct oc_http_request *r, void *compat)
{
    (void)compat;
    oc_compat_call(r, "config.show", NULL, config_of);
}

/* ---- thresholds ---- */

struct outcome {
    struct oc_error err;
    bool done;
};

static void take_outcome(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct outcome *o = ctx;
    (void)result;
    o->done = true;
    if (code != OC_OK) {
        o->err = *err;
    }
}

/* These operations answer at once. */
static int run(struct oc_http_request *r, const char *op, json_t *params, struct oc_error *err)
{
    const struct oc_identity *who = oc_http_who(r);
    struct outcome o = {0};
    oc_error_init(&o.err);
    const struct oc_call_request req = {.op = op,
                                        .params = params,
                                        .actor = {.name = who->actor, .role = who->role},
                                        .on_done = take_outcome,
                                        .ctx = &o,
                                        .at_once = true};
    struct oc_call *call = oc_ops_call(oc_http_api(r)->env->ops, &req);
    if (call && !o.done) { /* a policy can have it wait for somebody */
        oc_call_cancel(call);
    }
    *err = o.err;
    return o.err.code;
}

static struct oc_compat_figures figures_of(const struct oc_api *api)
{
    const struct oc_config *config = api->outside.config(api->outside.ctx);
    return (struct oc_compat_figures){.now = oc_node_get(oc_config_root(config), "thresholds"),
                                      .shipped = oc_config_default(config, "thresholds")};
}

/* "thresholds.cpu.warning_percent" in an object of the thresholds. */
static void put(json_t *thresholds, const struct oc_compat_figures *known, const char *key,
                const char *text)
{
    const char *name = key + strlen(OC_THRESHOLDS_PREFIX), *dot;
    const struct oc_node *kind = oc_compat_figure(known, name);
    json_t *group = thresholds;
    for (; (dot = strchr(name, '.')) != NULL; name = dot + 1) {
        char *step = oc_strndup(name, (size_t)(dot - name));
        group = json_object_get(group, step);
        free(step);
    }
    json_t *value = kind && kind->type == OC_NODE_STRING ? json_string(text)
                                                         : json_loads(text, JSON_DECODE_ANY, NULL);
    json_object_set_new(group, name, value);
}

/* All of them together have to be sound before the first of them is written. */
static int check(const struct oc_api *api, const json_t *settings, struct oc_error *err)
{
    const struct oc_config *config = api->outside.config(api->outside.ctx);
    const struct oc_compat_figures known = figures_of(api);
    json_t *wanted = oc_node_json(known.now), *one;
    size_t i;
    json_array_foreach(settings, i, one)
    {
        put(wanted, &known, oc_json_str(one, "key", ""), oc_json_str(one, "value", ""));
    }
    struct oc_node *node = oc_node_from_json(wanted, "");
    const int code =
        oc_thresholds_check(node, oc_node_get(oc_config_root(config), "alerts.rules"), err);
    oc_node_free(node);
    json_decref(wanted);
    return code;
}

/* One after the other: a warning may have to wait until what is critical has moved out of its way. */
static int apply(struct oc_http_request *r, const json_t *settings, struct oc_error *err)
{
    json_t *left = json_copy((json_t *)(uintptr_t)settings);
    for (size_t before = SIZE_MAX; json_array_size(left) > 0 && json_array_size(left) < before;) {
        before = json_array_size(left);
        for (size_t i = before; i-- > 0;) {
            if (run(r, "config.set", json_incref(json_array_get(left, i)), err) == OC_OK) {
                json_array_remove(left, i);
            } else if (err->code != OC_E_CONFIG) {
                before = 0; /* no later one would do better */
                break;
            }
        }
    }
    const bool done = json_array_size(left) == 0;
    json_decref(left);
    return done ? run(r, "reload", NULL, err) : err->code;
}

static void send_thresholds(struct oc_http_request *r, const struct oc_api *api)
{
    const struct oc_node *now = figures_of(api).now;
    json_t *o = json_object();
    oc_json_set_bool(o, "success", true);
    oc_json_take(o, "thresholds", now ? oc_node_json(now) : json_object());
    oc_http_send_json(r, 200, o);
}

void oc_compat_post_thresholds(struct oc_http_request *r, void *ctx)
{
    const struct oc_compat *compat = ctx;
    struct oc_view body = oc_http_body(r);
    struct oc_error err;
    oc_error_init(&err);
    json_t *given = oc_json_parse_request(body.ptr, body.len, &err);
    if (!given) {
        oc_http_send_error(r, 400, &err);
        return;
    }
    if (!json_is_object(given)) {
        json_decref(given);
        oc_http_send_errorf(r, 400, OC_E_CONFIG,
                            "Send for example {\"cpu\":{\"warning_percent\":80}}.",
                            "the body has to be a JSON object of thresholds");
        return;
    }
    const struct oc_compat_figures known = figures_of(compat->api);
    json_t *settings = oc_compat_thresholds(given, &known, &err);
    if (!settings) {
        oc_http_send_error(r, 422, &err);
    } else if (check(compat->api, settings, &err) != OC_OK || apply(r, settings, &err) != OC_OK) {
        oc_http_send_error(r, err.code == OC_E_CONFIG ? 422 : oc_http_status(err.code), &err);
    } else {
        send_thresholds(r, compat->api);
    }
    json_decref(settings);
    json_decref(given);
}
