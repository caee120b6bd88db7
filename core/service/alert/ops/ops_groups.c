/* The operation alert.groups. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/op/sliced.h"
#include "core/service/alert/look/cursor.h"
#include "core/service/alert/service.h"
#include "core/service/alert/table/matcher.h"

struct group_params {
    const char *receiver;
    struct oc_list matchers;
    int64_t limit;
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
    {.name = "limit",
     .type = OC_OPT_INT,
     .offset = offsetof(struct group_params, limit),
     .default_text = "10000",
     .min = 1,
     .max = 1000000,
     .help = "at most so many alerts in all"},
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

/* The answer as it is made: groups in the order of the cursor. */
struct grouping {
    struct oc_sliced sliced; /* first */
    struct oc_alert_service *s;
    struct oc_alert_cursor *cursor;
    const struct oc_cursor_group *last; /* NULL: none yet */
    json_t *list, *json;                /* `json`: the group of `last`, in the list */
    int64_t left;                       /* alerts that may still be listed */
    bool found;                         /* what there is to list is known */
};

static void add_alert(struct grouping *g, const struct oc_cursor_group *group,
                      const struct oc_alert_view *view)
{
    if (!g->json || group != g->last || group->single) {
        g->json = group_json(group, group->single ? view : NULL);
        json_array_append_new(g->list, g->json);
    }
    g->last = group;
    json_array_append_new(json_object_get(g->json, "alerts"),
                          oc_alert_row(g->s, oc_alerts_find_id(&g->s->alerts, view->id)));
    oc_json_set_int(g->json, "count", oc_json_int(g->json, "count", 0) + 1);
}

static bool work(struct oc_sliced *sliced, int64_t until)
{
    struct grouping *g = (struct grouping *)sliced;
    while (!g->found) {
        const int64_t left = until - oc_time_mono();
        g->found = oc_alert_cursor_prepare(g->cursor, left > OC_MINUTE ? OC_MINUTE
                                                      : left > 1       ? left
                                                                       : 1);
        if (!g->found && oc_time_mono() >= until) {
            return false;
        }
    }
    for (;;) {
        const struct oc_cursor_group *group;
        const struct oc_alert_view *view = oc_alert_cursor_next(g->cursor, &group);
        if (view && g->left-- <= 0) {
            oc_call_warn(sliced->call,
                         "more alerts are left out; --limit says how many are listed");
            return true;
        }
        if (!view) {
            return true;
        }
        add_alert(g, group, view);
        if (oc_time_mono() >= until) {
            return false;
        }
    }
}

static json_t *answer(struct oc_sliced *sliced, struct oc_error *err)
{
    (void)err;
    return json_incref(((struct grouping *)sliced)->list);
}

static void destroy(struct oc_sliced *sliced)
{
    struct grouping *g = (struct grouping *)sliced;
    oc_alert_cursor_close(g->cursor);
    json_decref(g->list);
    free(g);
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
        struct grouping *g = oc_calloc(1, sizeof *g);
        *g = (struct grouping){.sliced = {.work = work, .answer = answer, .destroy = destroy},
                               .s = ctx,
                               .cursor = cursor,
                               .list = json_array(),
                               .left = p->limit};
        oc_sliced_run(&g->sliced, g->s->env->loop, call);
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
