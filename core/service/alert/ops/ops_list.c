/* The operation alert.list. SPDX-License-Identifier: MIT
 *
 * What there is to list is found and put in order at once, and takes little. The rows are made in slices, each as the alert is then; one that has gone
 * meanwhile is left out. */
#include <stddef.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/op/sliced.h"
#include "core/service/alert/look/rank.h"
#include "core/service/alert/service.h"

enum list_state { LIST_FIRING, LIST_RESOLVED, LIST_ALL };

struct list_params {
    int32_t state, severity, silenced;
    const char *rule;
    int64_t limit;
};

static const struct oc_option list_options[] = {
    {.name = "state",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct list_params, state),
     .choices = "firing|resolved|all",
     .default_text = "firing",
     .help = "which alerts"},
    {.name = "severity",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct list_params, severity),
     .choices = "any|info|warning|critical",
     .default_text = "any",
     .help = "only this severity"},
    {.name = "rule",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct list_params, rule),
     .help = "only rules of this name; * and ? match"},
    {.name = "silenced",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct list_params, silenced),
     .help = "only silenced alerts"},
    {.name = "limit",
     .type = OC_OPT_INT,
     .offset = offsetof(struct list_params, limit),
     .default_text = "10000",
     .min = 1,
     .max = 1000000,
     .help = "at most so many, the gravest"},
    {0},
};

static bool listed(const struct oc_alerts *t, const struct oc_alert *a, const struct list_params *p)
{
    bool state = p->state == LIST_ALL || a->firing == (p->state == LIST_FIRING);
    bool severity = p->severity == 0 || p->severity - 1 == (int32_t)a->severity;
    bool rule = !p->rule || oc_glob(p->rule, oc_alert_rule(t, a));
    return state && severity && rule && (!p->silenced || a->silence != 0);
}

struct listing {
    struct oc_sliced sliced; /* first */
    struct oc_alert_service *s;
    struct oc_alert_ranks found;
    size_t at, end;
    json_t *rows;
};

static void find(struct listing *l, const struct list_params *p)
{
    uint32_t it = 0;
    for (const struct oc_alert *a; (a = oc_alerts_next(&l->s->alerts, &it));) {
        if (listed(&l->s->alerts, a, p)) {
            oc_alert_ranks_add(&l->found, a);
        }
    }
    oc_alert_ranks_sort(&l->found);
    const size_t count = l->found.list.count;
    l->end = count < (size_t)p->limit ? count : (size_t)p->limit;
}

static bool work(struct oc_sliced *sliced, int64_t until)
{
    struct listing *l = (struct listing *)sliced;
    while (l->at < l->end) {
        const struct oc_alert *a = oc_alerts_find(&l->s->alerts, l->found.list.items[l->at++].key);
        if (a) {
            json_array_append_new(l->rows, oc_alert_row(l->s, a));
        }
        if (oc_time_mono() >= until) {
            break;
        }
    }
    return l->at >= l->end;
}

static json_t *answer(struct oc_sliced *sliced, struct oc_error *err)
{
    (void)err;
    return json_incref(((struct listing *)sliced)->rows);
}

static void destroy(struct oc_sliced *sliced)
{
    struct listing *l = (struct listing *)sliced;
    oc_alert_ranks_finish(&l->found);
    json_decref(l->rows);
    free(l);
}

static void op_list(struct oc_call *call, void *ctx)
{
    const struct list_params *p = oc_call_params(call);
    struct listing *l = oc_calloc(1, sizeof *l);
    *l = (struct listing){.sliced = {.work = work, .answer = answer, .destroy = destroy},
                          .s = ctx,
                          .rows = json_array()};
    find(l, p);
    if (l->end < l->found.list.count) {
        oc_call_warn(call, "%zu more alerts are left out; --limit says how many are listed",
                     l->found.list.count - l->end);
    }
    oc_sliced_run(&l->sliced, l->s->env->loop, call);
}

static const struct oc_op ops[] = {
    {.name = "alert.list",
     .summary = "List alerts, the gravest first",
     .flags = OC_OP_EPHEMERAL,
     .params = list_options,
     .params_size = sizeof(struct list_params),
     .view = "table:id=ID,severity=Severity,rule=Rule,entity=Target,status=State,starts_at=Since,"
             "message=Message",
     .description = "Shows what fires now. A silenced or acknowledged alert still fires; nobody is "
                    "told of it again. Of more than `limit` a warning says how many are left out.",
     .example = "openclaw alert list --state all --severity critical",
     .result = "[" OC_ALERT_SHAPE "]",
     .handler = op_list},
};

void oc_alert_add_list_ops(struct oc_alert_service *s)
{
    oc_ops_add(s->env->ops, &ops[0], s);
}
