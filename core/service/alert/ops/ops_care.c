/* What people say about an alert: ack, unack, assign, unassign. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/alert/service.h"

#define VIEW_ALERT "record"

struct id_params {
    const char *id;
};

static const struct oc_option id_option[] = {
    {.name = "id",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct id_params, id),
     .help = "the alert's id, or the first digits of it"},
    {0},
};

struct ack_params {
    const char *id, *comment;
    int64_t span;
};

static const struct oc_option ack_options[] = {
    {.name = "id",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct ack_params, id),
     .help = "the alert's id, or the first digits of it"},
    {.name = "comment",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct ack_params, comment),
     .help = "what others should know"},
    {.name = "for",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct ack_params, span),
     .max = 30 * 86400000.0,
     .help = "for how long it counts: then people are told again if the alert still fires; 0 = "
             "until it resolves"},
    {0},
};

struct assign_params {
    const char *id, *who;
};

static const struct oc_option assign_options[] = {
    {.name = "id",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct assign_params, id),
     .help = "the alert's id, or the first digits of it"},
    {.name = "who",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct assign_params, who),
     .help = "the person or agent that looks after it"},
    {0},
};

static void publish_ack(struct oc_alert_service *s, const struct oc_alert *a, const char *by)
{
    char id[OC_ALERT_ID_MAX + 1];
    json_t *json = json_object();
    oc_json_set_str(json, "alert", oc_alert_id(a, id));
    oc_json_set_str(json, "rule", oc_alert_rule(&s->alerts, a));
    oc_json_set_str(json, "severity", oc_alert_severity_name((enum oc_alert_severity)a->severity));
    oc_json_set_bool(json, "acknowledged", oc_alert_acknowledged_at(a) != 0);
    oc_json_set_str(json, "by", by);
    oc_json_set_str(json, "comment", oc_alert_acknowledged_at(a) ? a->care->comment : NULL);
    if (oc_alert_acknowledged_at(a) && a->care->acknowledged_until) {
        oc_json_set_time(json, "until", a->care->acknowledged_until);
    }
    oc_bus_publish(s->env->bus, "alert.acknowledged", json);
}

static void publish_assignment(struct oc_alert_service *s, const struct oc_alert *a, const char *by)
{
    char id[OC_ALERT_ID_MAX + 1];
    json_t *json = json_object();
    oc_json_set_str(json, "alert", oc_alert_id(a, id));
    oc_json_set_str(json, "rule", oc_alert_rule(&s->alerts, a));
    oc_json_set_str(json, "severity", oc_alert_severity_name((enum oc_alert_severity)a->severity));
    oc_json_set_str(json, "to", a->care ? a->care->assigned_to : NULL);
    oc_json_set_str(json, "by", by);
    oc_bus_publish(s->env->bus, "alert.assigned", json);
}

/* The word counts only when it is on the disk. `before` (taken) is how it was: what is left when that
 * fails. */
static bool keep_or_restore(struct oc_call *call, struct oc_alert_service *s, struct oc_alert *a,
                            struct oc_alert_care *before)
{
    struct oc_error err;
    oc_error_init(&err);
    if (oc_keep_now(s, a, &err) == OC_OK) {
        oc_alert_care_free(before);
        oc_alerts_change(&s->alerts, a);
        oc_alert_wake(s, 0);
        return true;
    }
    oc_alert_care_free(a->care);
    a->care = before;
    a->dirty = true;
    oc_call_fail(call, &err);
    return false;
}

static void change_ack(struct oc_call *call, struct oc_alert_service *s, struct oc_alert *a,
                       bool acknowledge, const char *comment, int64_t span)
{
    const char *by = oc_call_actor(call)->name;
    struct oc_alert_care *before = oc_alert_care_dup(a->care);
    if (acknowledge) {
        oc_alert_record_acknowledge(a, by, comment, oc_time_wall());
        a->care->acknowledged_until = span > 0 ? oc_time_wall() + span : 0;
    } else {
        oc_alert_record_unacknowledge(a);
    }
    if (keep_or_restore(call, s, a, before)) {
        publish_ack(s, a, by);
        oc_call_succeed(call, oc_alert_row(s, a));
    }
}

static void op_ack(struct oc_call *call, void *ctx)
{
    const struct ack_params *p = oc_call_params(call);
    struct oc_alert *a = oc_alert_named(call, ctx, p->id);
    char id[OC_ALERT_ID_MAX + 1];
    if (!a) {
        return;
    }
    if (!a->firing) {
        oc_call_failf(call, OC_E_CONFLICT, "Only a firing alert can be acknowledged.",
                      "alert %s is resolved", oc_alert_id(a, id));
        return;
    }
    change_ack(call, ctx, a, true, p->comment, p->span);
}

static void op_unack(struct oc_call *call, void *ctx)
{
    const struct id_params *p = oc_call_params(call);
    struct oc_alert *a = oc_alert_named(call, ctx, p->id);
    char id[OC_ALERT_ID_MAX + 1];
    if (!a) {
        return;
    }
    if (!oc_alert_acknowledged_at(a)) {
        oc_call_failf(call, OC_E_CONFLICT, NULL, "alert %s is not acknowledged",
                      oc_alert_id(a, id));
        return;
    }
    change_ack(call, ctx, a, false, NULL, 0);
}

/* `who` NULL: nobody any more. */
static void change_assignment(struct oc_call *call, struct oc_alert_service *s, struct oc_alert *a,
                              const char *who)
{
    const char *by = oc_call_actor(call)->name;
    struct oc_alert_care *before = oc_alert_care_dup(a->care);
    if (who) {
        oc_alert_record_assign(a, who, by, oc_time_wall());
    } else {
        oc_alert_record_unassign(a);
    }
    if (keep_or_restore(call, s, a, before)) {
        publish_assignment(s, a, by);
        oc_call_succeed(call, oc_alert_row(s, a));
    }
}

static void op_assign(struct oc_call *call, void *ctx)
{
    const struct assign_params *p = oc_call_params(call);
    struct oc_alert *a = oc_alert_named(call, ctx, p->id);
    char id[OC_ALERT_ID_MAX + 1];
    if (!a) {
        return;
    }
    if (!*p->who || strlen(p->who) > OC_ALERT_NAME_MAX || !oc_utf8_valid(p->who, strlen(p->who))) {
        oc_call_failf(call, OC_E_CONFIG, "Give a name of at most 256 bytes.",
                      "this is nobody that an alert can be assigned to");
    } else if (!a->firing) {
        oc_call_failf(call, OC_E_CONFLICT, "Only a firing alert can be assigned.",
                      "alert %s is resolved", oc_alert_id(a, id));
    } else {
        change_assignment(call, ctx, a, p->who);
    }
}

static void op_unassign(struct oc_call *call, void *ctx)
{
    const struct id_params *p = oc_call_params(call);
    struct oc_alert *a = oc_alert_named(call, ctx, p->id);
    char id[OC_ALERT_ID_MAX + 1];
    if (!a) {
        return;
    }
    if (!a->care || !a->care->assigned_at) {
        oc_call_failf(call, OC_E_CONFLICT, NULL, "alert %s is assigned to nobody",
                      oc_alert_id(a, id));
        return;
    }
    change_assignment(call, ctx, a, NULL);
}

static const struct oc_op ops[] = {
    {.name = "alert.ack",
     .summary = "Acknowledge a firing alert",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES | OC_OP_REPLAY_SAFE | OC_OP_EPHEMERAL,
     .params = ack_options,
     .params_size = sizeof(struct ack_params),
     .view = VIEW_ALERT,
     .description = "Says that somebody looks after it: repeats stop until it resolves. If it gets "
                    "graver or fires anew, people are told again.",
     .example = "openclaw alert ack 5f1c --for 2h --comment 'on it'",
     .result = OC_ALERT_SHAPE,
     .handler = op_ack},
    {.name = "alert.unack",
     .summary = "Take back an acknowledgement",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES | OC_OP_REPLAY_SAFE | OC_OP_EPHEMERAL,
     .params = id_option,
     .params_size = sizeof(struct id_params),
     .view = VIEW_ALERT,
     .example = "openclaw alert unack 5f1c",
     .result = OC_ALERT_SHAPE,
     .handler = op_unack},
    {.name = "alert.assign",
     .summary = "Say who looks after a firing alert",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES | OC_OP_REPLAY_SAFE | OC_OP_EPHEMERAL,
     .params = assign_options,
     .params_size = sizeof(struct assign_params),
     .view = VIEW_ALERT,
     .description = "Repeats go on until the alert is acknowledged. A new episode is nobody's.",
     .example = "openclaw alert assign 5f1c maria",
     .result = OC_ALERT_SHAPE,
     .handler = op_assign},
    {.name = "alert.unassign",
     .summary = "Take an alert from whom it was assigned to",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES | OC_OP_REPLAY_SAFE | OC_OP_EPHEMERAL,
     .params = id_option,
     .params_size = sizeof(struct id_params),
     .view = VIEW_ALERT,
     .example = "openclaw alert unassign 5f1c",
     .result = OC_ALERT_SHAPE,
     .handler = op_unassign},
};

void oc_alert_add_care_ops(struct oc_alert_service *s)
{
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(s->env->ops, &ops[i], s);
    }
}
