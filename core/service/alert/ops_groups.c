/* The operation alert.groups. SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/service/alert/cursor.h"
#include "core/service/alert/matcher.h"
#include "core/service/alert/service.h"

struct group_params {
    const char *receiver;
    struct oc_list matchers;
};

static const struct oc_option group_options[] = {
    {.name = "matchers",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_POSITIONAL,
     .offset = offsetof(struct group_params, matchers),
     .help = "only alerts for which all hold; written as for `alert silence`"},
    {.name = "receiver",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct group_params, receiver),
     .help = "only this channel; a regular expression over the whole name"},
    {0},
};

static json_t *group_json(const struct oc_cursor_group *group, const struct oc_alert_view *only)
{
    json_t *json = json_object(), *labels = json_object();
    const struct oc_alert_pair *pairs = only ? only->labels : group->labels;
    const size_t count = only ? only->label_count : group->label_count;
    for (size_t i = 0; i < count; i++) {
        oc_json_set_str(labels, pairs[i].name, pairs[i].value);
    }
    oc_json_set_str(json, "receiver", group->receiver);
    oc_json_take(json, "labels", labels);
    oc_json_set_int(json, "count", 0);
    oc_json_take(json, "alerts", json_array());
    return json;
}

/* All groups, in the order of the cursor; owned by the caller. */
static json_t *list_groups(struct oc_alert_service *s, struct oc_alert_cursor *cursor)
{
    json_t *list = json_array(), *json = NULL;
    const struct oc_cursor_group *group, *last = NULL;
    const struct oc_alert_view *view;
    while (!oc_alert_cursor_prepare(cursor, OC_MINUTE)) {
    }
    while ((view = oc_alert_cursor_next(cursor, &group))) {
        if (!json || group != last || group->single) {
            json = group_json(group, group->single ? view : NULL);
            json_array_append_new(list, json);
        }
        last = group;
        json_array_append_new(json_object_get(json, "alerts"),
                              oc_alert_row(s, oc_alerts_find_id(&s->alerts, view->id)));
        oc_json_set_int(json, "count", oc_json_int(json, "count", 0) + 1);
    }
    return list;
}

static int read_matchers(const struct oc_list *texts, struct oc_matcher *matchers, size_t *count,
                         struct oc_error *err)
{
    const char *const *items = texts->items;
    int rc = texts->count <= OC_SILENCE_MATCHERS_MAX
                 ? OC_OK
                 : oc_error_set(err, OC_E_CONFIG, "more than %d matchers", OC_SILENCE_MATCHERS_MAX);
    for (*count = 0; rc == OC_OK && *count < texts->count;) {
        rc = oc_matcher_parse(items[*count], &matchers[*count], err);
        *count += rc == OC_OK ? 1 : 0;
    }
    return rc;
}

static void op_groups(struct oc_call *call, void *ctx)
{
    const struct group_params *p = oc_call_params(call);
    struct oc_matcher matchers[OC_SILENCE_MATCHERS_MAX];
    struct oc_alert_cursor *cursor = NULL;
    struct oc_alert_query q;
    struct oc_error err;
    oc_error_init(&err);
    oc_alert_query_init(&q);
    q.receiver = p->receiver;
    q.matchers = matchers;
    if (read_matchers(&p->matchers, matchers, &q.matcher_count, &err) == OC_OK) {
        cursor = oc_alert_cursor_open(ctx, &q, true, &err);
    }
    for (size_t i = 0; i < q.matcher_count; i++) {
        oc_matcher_finish(&matchers[i]);
    }
    if (cursor) {
        oc_call_succeed(call, list_groups(ctx, cursor));
        oc_alert_cursor_close(cursor);
    } else {
        oc_call_fail(call, &err);
    }
}

static const struct oc_op ops[] = {
    {.name = "alert.groups",
     .summary = "List firing alerts in groups, by channel and by the labels of alerts.group_by",
     .flags = OC_OP_EPHEMERAL,
     .params = group_options,
     .params_size = sizeof(struct group_params),
     .view = "table:receiver=Channel,labels=Labels,count=Alerts",
     .example = "openclaw alert groups severity=critical",
     .result =
         "[{receiver: string, labels: {*: string}, count: integer, alerts: [" OC_ALERT_SHAPE "]}]",
     .handler = op_groups},
};

void oc_alert_add_group_ops(struct oc_alert_service *s)
{
    oc_ops_add(s->env->ops, &ops[0], s);
}
