/* GET /api/config and POST /api/config/alerts. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/api/compat/compat.h"
#include "core/base/json.h"

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
                                        .ctx = &o};
    oc_ops_call(oc_http_api(r)->env->ops, &req);
    OC_ASSERT(o.done); /* else it would write into our stack */
    *err = o.err;
    return o.err.code;
}

static const struct oc_node *thresholds_of(const struct oc_api *api)
{
    const struct oc_config *config = api->outside.config(api->outside.ctx);
    return oc_node_get(oc_config_root(config), "thresholds");
}

static int apply(struct oc_http_request *r, const json_t *settings, struct oc_error *err)
{
    size_t i;
    json_t *one;
    json_array_foreach(settings, i, one)
    {
        if (run(r, "config.set", json_incref(one), err) != OC_OK) {
            return err->code;
        }
    }
    return run(r, "reload", NULL, err);
}

static void send_thresholds(struct oc_http_request *r, const struct oc_api *api)
{
    const struct oc_node *now = thresholds_of(api);
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
    json_t *given = oc_json_parse(body.ptr, body.len, &err);
    if (!json_is_object(given)) {
        json_decref(given);
        oc_http_send_errorf(r, 400, OC_E_CONFIG,
                            "Send for example {\"cpu\":{\"warning_percent\":80}}.",
                            "the body has to be a JSON object of thresholds");
        return;
    }
    json_t *settings = oc_compat_thresholds(given, thresholds_of(compat->api), &err);
    if (!settings) {
        oc_http_send_error(r, 422, &err);
    } else if (apply(r, settings, &err) != OC_OK) {
        oc_http_send_error(r, err.code == OC_E_CONFIG ? 422 : oc_http_status(err.code), &err);
    } else {
        send_thresholds(r, compat->api);
    }
    json_decref(settings);
    json_decref(given);
}
