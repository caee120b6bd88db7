/* The operation endpoint.handle: a plugin answers an HTTP request that the API passes on. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/service/plugin/internal.h"

#define METHOD "endpoint.handle/1"

struct handle_params {
    const char *instance, *request;
};
static const struct oc_option handle_options[] = {
    {.name = "instance",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct handle_params, instance),
     .help = "the instance that answers"},
    {.name = "request",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct handle_params, request),
     .help =
         "the request: {\"method\",\"path\",\"query\",\"headers\",\"body\",\"actor\",\"role\"}"},
    {0}};

/* One request, from the operation to its end. */
struct handling {
    struct oc_call *call;
    struct oc_instance *instance;
    uint64_t id;
    json_t *result; /* owned: what the plugin emitted */
};

static void on_records(void *ctx, const struct oc_record *records, size_t count)
{
    struct handling *h = ctx;
    for (size_t i = 0; i < count; i++) {
        if (records[i].type == OC_RECORD_JSON) {
            json_decref(h->result);
            h->result = json_loadb(records[i].text.ptr ? records[i].text.ptr : "",
                                   records[i].text.len, 0, NULL);
        }
    }
}

static void on_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct handling *h = ctx;
    (void)took_ms;
    if (code != OC_OK) {
        oc_call_fail(h->call, err);
    } else if (!json_is_object(h->result)) {
        oc_call_failf(h->call, OC_E_PERMANENT, NULL, "the plugin gave no answer");
    } else {
        oc_call_succeed(h->call, json_incref(h->result));
    }
    json_decref(h->result);
    free(h);
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    struct handling *h = ctx;
    (void)call;
    oc_instance_cancel(h->instance, h->id); /* on_done follows */
}

static struct oc_instance *find(struct oc_plugin_service *s, const char *name)
{
    struct seen_instances seen;
    struct oc_instance *found = NULL;
    oc_look_instances(s, NULL, &seen);
    for (size_t i = 0; i < seen.list.count && !found; i++) {
        struct oc_instance *instance = seen.list.items[i].instance;
        if (strcmp(oc_instance_name(instance), name) == 0 &&
            oc_plugin_has_method(oc_instance_plugin(instance), METHOD)) {
            found = instance;
        }
    }
    oc_look_finish(&seen);
    return found;
}

static void op_handle(struct oc_call *call, void *ctx)
{
    const struct handle_params *p = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    struct handling *h = oc_calloc(1, sizeof *h);
    h->call = call;
    h->instance = find(ctx, p->instance);
    const struct oc_invocation inv = {.method = METHOD,
                                      .params = p->request,
                                      .on_records = on_records,
                                      .on_done = on_done,
                                      .ctx = h};
    if (!h->instance) {
        oc_error_set(&err, OC_E_NOT_FOUND, "no endpoint is named %.100s", p->instance);
        oc_error_hint(&err, "`openclaw plugin list` shows what runs.");
    } else if (oc_instance_call(h->instance, &inv, &h->id, &err) == OC_OK) {
        oc_call_on_cancel(call, on_cancel, h);
        return;
    }
    free(h);
    oc_call_fail(call, &err);
}

static const struct oc_op handle_op = {
    .name = "endpoint.handle",
    .summary = "Pass an HTTP request to the plugin that answers it",
    .flags = OC_OP_INTERNAL,
    .params = handle_options,
    .params_size = sizeof(struct handle_params),
    .handler = op_handle,
};

void oc_plugin_add_endpoint_op(struct oc_plugin_service *s)
{
    oc_ops_add(s->env.ops, &handle_op, s);
}
