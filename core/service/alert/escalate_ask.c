/* Escalation: what the policy is told, and what it answers. SPDX-License-Identifier: MIT */
#include "escalate_ask.h"

#include <string.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/alert/noise.h"

#define AFTER_MAX (30 * OC_DAY)

struct asking {
    struct oc_alert_service *service;
    struct oc_alert *alert;
    int64_t now, since;
    struct oc_escalation_step *step;
};

void oc_escalation_step_finish(struct oc_escalation_step *step)
{
    for (size_t i = 0; i < step->count; i++) {
        free(step->channels[i]);
    }
    memset(step, 0, sizeof *step);
}

/* ---- the question ---- */

static void say_labels(struct oc_args *args, const struct oc_alerts *t, const struct oc_alert *a)
{
    oc_args_key(args, "labels");
    oc_args_object(args, a->body->ref_count);
    for (uint32_t i = 0; i < a->body->ref_count; i++) {
        uint32_t pair = a->body->refs[i].pair;
        if (!(pair & OC_LABEL_OWN)) {
            oc_args_set_str(args, oc_labels_name(&t->labels, pair),
                            oc_labels_pair(&t->labels, pair)->value);
        }
    }
    oc_args_end(args);
}

/* When the episodes began, the present one last. */
static void say_occurrences(struct oc_args *args, const struct oc_alert *a)
{
    const struct oc_escalation *e = a->escalation;
    oc_args_key(args, "occurrences");
    oc_args_list(args, OC_ESCALATE_TIMES);
    for (size_t i = 0; e && i < e->count; i++) {
        oc_args_integer(args, (int64_t)e->times[i] * OC_SECOND);
    }
    oc_args_integer(args, a->starts_at);
    oc_args_end(args);
}

static void say_told(struct oc_args *args, const struct oc_alerts *t, const struct oc_alert *a)
{
    oc_args_key(args, "told");
    oc_args_list(args, 4);
    for (int i = 0; i < OC_ALERT_CHANNELS_MAX; i++) {
        if ((a->told & (UINT64_C(1) << i)) && t->channels[i]) {
            oc_args_str(args, t->channels[i]);
        }
    }
    oc_args_end(args);
}

static void say(struct oc_args *args, void *ctx)
{
    static const char *const fields[] = {"rule", "category", "instance", "target"};
    const struct asking *q = ctx;
    const struct oc_alert *a = q->alert;
    const struct oc_alerts *t = &q->service->alerts;
    char id[OC_ALERT_ID_MAX + 1];
    oc_args_object(args, 16);
    oc_args_set_str(args, "id", oc_alert_id(a, id));
    oc_args_set_str(args, "severity", oc_alert_severity_name((enum oc_alert_severity)a->severity));
    oc_args_set_str(args, "state", "firing");
    for (size_t i = 0; i < OC_COUNT(fields); i++) {
        const char *value = oc_alert_record_field(t, a, fields[i]);
        oc_args_set_str(args, fields[i], *value ? value : NULL);
    }
    oc_args_set_str(args, "message", oc_alert_message(a));
    say_labels(args, t, a);
    oc_args_set_int(args, "starts_at", a->starts_at);
    oc_args_set_int(args, "since", q->since);
    oc_args_set_int(args, "step", a->escalation ? a->escalation->step : 0);
    oc_args_set_bool(args, "raised", a->escalation && a->escalation->raised);
    say_occurrences(args, a);
    say_told(args, t, a);
    oc_args_key(args, "configured_channels");
    oc_args_kept(args, q->service->noise->channels);
    oc_args_end(args);
    oc_args_integer(args, q->now);
}

static void hear_channels(const struct oc_answer *list, struct oc_escalation_step *step)
{
    struct oc_answer name;
    for (size_t i = 0; i < OC_ESCALATE_CHANNELS && oc_answer_at(list, i, &name); i++) {
        step->channels[step->count++] = oc_strdup(oc_answer_str(&name, ""));
        oc_answer_end(&name);
    }
}

/* `step` outlives a jump out of here: what it holds is freed by whoever asked. */
static int hear(const struct oc_answer *answer, void *ctx, struct oc_error *err)
{
    struct asking *q = ctx;
    struct oc_escalation_step *step = q->step;
    struct oc_answer member;
    (void)err;
    if (oc_answer_type(answer) != OC_ANSWER_TABLE) {
        return OC_OK;
    }
    step->is = true;
    if (oc_answer_get(answer, "after", &member)) {
        double after = oc_answer_num(&member, 0) * (double)OC_SECOND;
        step->after = after > 0 ? after < (double)AFTER_MAX ? (int64_t)after : AFTER_MAX : 0;
        oc_answer_end(&member);
    }
    const char *severity = oc_answer_get_str(answer, "severity", "");
    step->raises = oc_alert_severity_parse(severity, &step->severity) == 0 &&
                   step->severity > (enum oc_alert_severity)q->alert->severity;
    oc_copy(step->reason, sizeof step->reason, oc_answer_get_str(answer, "reason", ""));
    if (oc_answer_get(answer, "channels", &member)) {
        hear_channels(&member, step);
        oc_answer_end(&member);
    }
    return OC_OK;
}

int oc_escalate_ask(struct oc_alert_service *s, struct oc_alert *a, int64_t since, int64_t now,
                    struct oc_escalation_step *step)
{
    struct asking q = {s, a, now, since, step};
    struct oc_error err;
    memset(step, 0, sizeof *step);
    if (!oc_question_heard(s->noise->escalate)) {
        return OC_OK;
    }
    oc_error_init(&err);
    int rc = oc_question_ask(s->noise->escalate, say, hear, &q, &err);
    if (rc != OC_OK) {
        oc_escalation_step_finish(step);
        if (!s->noise->escalate_failed) {
            oc_warn("alerts are not escalated", "reason=%s", err.message);
        }
    }
    s->noise->escalate_failed = rc != OC_OK;
    return rc;
}
