/* Escalation: what the policy is told, and what it answers. SPDX-License-Identifier: MIT */
#include "escalate_ask.h"

#include <string.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/alert/deliver/noise.h"

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

/* What no two alerts have in common; what they do is cheap to say. */
static const char *const own_fields[] = {"rule", "category", "instance", "target"};

static void say_own(struct oc_args *args, const struct asking *q)
{
    const struct oc_alert *a = q->alert;
    const struct oc_alerts *t = &q->service->alerts;
    char id[OC_ALERT_ID_MAX + 1];
    if (oc_args_wants(args, "id")) {
        oc_args_set_str(args, "id", oc_alert_id(a, id));
    }
    for (size_t i = 0; i < OC_COUNT(own_fields); i++) {
        if (oc_args_wants(args, own_fields[i])) {
            const char *value = oc_alert_record_field(t, a, own_fields[i]);
            oc_args_set_str(args, own_fields[i], *value ? value : NULL);
        }
    }
    if (oc_args_wants(args, "message")) {
        oc_args_set_str(args, "message", oc_alert_message(a));
    }
    if (oc_args_wants(args, "labels")) {
        say_labels(args, t, a);
    }
    if (oc_args_wants(args, "told")) {
        say_told(args, t, a);
    }
}

static void say(struct oc_args *args, void *ctx)
{
    const struct asking *q = ctx;
    const struct oc_alert *a = q->alert;
    oc_args_object(args, 16);
    say_own(args, q);
    oc_args_set_str(args, "severity", oc_alert_severity_name((enum oc_alert_severity)a->severity));
    oc_args_set_str(args, "state", "firing");
    oc_args_set_int(args, "starts_at", a->starts_at);
    oc_args_set_int(args, "since", q->since);
    oc_args_set_int(args, "step", a->escalation ? a->escalation->step : 0);
    oc_args_set_bool(args, "raised", a->escalation && a->escalation->raised);
    say_occurrences(args, a);
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

static int ask(struct asking *q)
{
    struct oc_alert_service *s = q->service;
    struct oc_escalation_step *step = q->step;
    struct oc_error err;
    oc_error_init(&err);
    int rc = oc_question_ask(s->noise->escalate, say, hear, q, &err);
    if (rc != OC_OK) {
        oc_escalation_step_finish(step);
        if (!s->noise->escalate_failed) {
            oc_warn("alerts are not escalated", "reason=%s", err.message);
        }
    }
    s->noise->escalate_failed = rc != OC_OK;
    return rc;
}

/* ---- what was answered before ---- */

/* A list of a thousand alerts that all begin now is asked about as often as it has severities, when the policy looks at nothing else. */
struct answered {
    int64_t since, starts_at;
    struct oc_escalation_step step;
    uint8_t severity;
    bool is;
};

struct oc_escalate_memo {
    uint64_t generation; /* of the policies; 0: nothing is known */
    int64_t now;
    bool fits; /* the policy looks at nothing that is not in `answered` */
    struct answered answered[16];
};

static void forget(struct oc_escalate_memo *memo)
{
    for (size_t i = 0; i < OC_COUNT(memo->answered); i++) {
        if (memo->answered[i].is) {
            oc_escalation_step_finish(&memo->answered[i].step);
            memo->answered[i].is = false;
        }
    }
}

void oc_escalate_forget(struct oc_escalate_memo *memo)
{
    if (memo) {
        forget(memo);
        free(memo);
    }
}

static bool looks_at_own(struct oc_question *question)
{
    static const char *const others[] = {"id", "message", "labels", "told"};
    bool looks = false;
    for (size_t i = 0; i < OC_COUNT(others); i++) {
        looks = looks || oc_question_reads(question, others[i]);
    }
    for (size_t i = 0; i < OC_COUNT(own_fields); i++) {
        looks = looks || oc_question_reads(question, own_fields[i]);
    }
    return looks;
}

/* Of this moment; NULL when the answer may depend on more. */
static struct oc_escalate_memo *memo_of(const struct asking *q)
{
    const struct oc_escalation *e = q->alert->escalation;
    struct oc_noise *n = q->service->noise;
    const uint64_t generation = oc_policies_generation(q->service->env->policies);
    if (!n->memo) {
        n->memo = oc_calloc(1, sizeof *n->memo);
    }
    if (n->memo->generation != generation) {
        n->memo->generation = generation;
        n->memo->fits = !looks_at_own(n->escalate);
        n->memo->now = 0;
    }
    if (n->memo->now != q->now) {
        forget(n->memo);
        n->memo->now = q->now;
    }
    return n->memo->fits && (!e || (e->step == 0 && e->count == 0 && !e->raised)) ? n->memo : NULL;
}

static struct answered *place_of(struct oc_escalate_memo *memo, const struct asking *q)
{
    const uint64_t mixed =
        ((uint64_t)q->alert->starts_at * 31 + (uint64_t)q->since) * 4 + q->alert->severity;
    return &memo->answered[(mixed * UINT64_C(0x9e3779b97f4a7c15)) >> 60];
}

static void copy_step(struct oc_escalation_step *to, const struct oc_escalation_step *from)
{
    *to = *from;
    for (size_t i = 0; i < from->count; i++) {
        to->channels[i] = oc_strdup(from->channels[i]);
    }
}

int oc_escalate_ask(struct oc_alert_service *s, struct oc_alert *a, int64_t since, int64_t now,
                    struct oc_escalation_step *step)
{
    struct asking q = {s, a, now, since, step};
    memset(step, 0, sizeof *step);
    if (!oc_question_heard(s->noise->escalate)) {
        return OC_OK;
    }
    struct oc_escalate_memo *memo = memo_of(&q);
    struct answered *at = memo ? place_of(memo, &q) : NULL;
    if (at && at->is && at->since == since && at->starts_at == a->starts_at &&
        at->severity == a->severity) {
        copy_step(step, &at->step);
        return OC_OK;
    }
    int rc = ask(&q);
    if (at && rc == OC_OK) {
        oc_escalation_step_finish(&at->step);
        *at = (struct answered){
            .since = since, .starts_at = a->starts_at, .severity = a->severity, .is = true};
        copy_step(&at->step, step);
    }
    return rc;
}
