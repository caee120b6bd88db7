/* The operation alert.escalate. SPDX-License-Identifier: MIT */
#include "core/service/alert/escalate/escalate.h"
#include "core/service/alert/service.h"

struct escalate_params {
    const char *id, *comment;
    struct oc_list channels;
};

static const struct oc_option options[] = {
    {.name = "id",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct escalate_params, id),
     .help = "the alert's id, or the first digits of it"},
    {.name = "channel",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct escalate_params, channels),
     .help = "whom to tell; those of the next step by default, else all that hear critical alerts"},
    {.name = "comment",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct escalate_params, comment),
     .help = "why"},
    {0},
};

static void op_escalate(struct oc_call *call, void *ctx)
{
    struct oc_alert_service *s = ctx;
    const struct escalate_params *p = oc_call_params(call);
    struct oc_alert *a = oc_alert_named(call, s, p->id);
    struct oc_error err;
    oc_error_init(&err);
    if (!a) {
        return;
    }
    if (oc_escalate_now(s, a, oc_call_actor(call)->name, p->channels.items, p->channels.count,
                        p->comment, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    oc_call_succeed(call, oc_alert_row(s, a));
}

static const struct oc_op op = {
    .name = "alert.escalate",
    .summary = "Tell more people about a firing alert, now",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_MUTATES,
    .params = options,
    .params_size = sizeof(struct escalate_params),
    .view = "record",
    .description = "The alert becomes critical if it is not, and the next step of its escalation "
                   "is taken at once. An acknowledgement ends the escalation.",
    .example = "openclaw alert escalate 5f1c --comment 'nobody answers'",
    .result = OC_ALERT_SHAPE,
    .handler = op_escalate};

void oc_alert_add_escalate_ops(struct oc_alert_service *s)
{
    oc_ops_add(s->env->ops, &op, s);
}
