/* Escalation: asking for the next step, and taking it. SPDX-License-Identifier: MIT */
#include "escalate.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/alert/deliver/failover.h"
#include "core/service/alert/deliver/noise.h"
#include "core/service/alert/escalate/escalate_ask.h"

#define ASK_AGAIN OC_MINUTE /* when the policy failed */

/* ---- a step ---- */

static json_t *report(const struct oc_alert_service *s, const struct oc_alert *a, const char *by,
                      const char *reason)
{
    char id[OC_ALERT_ID_MAX + 1];
    json_t *json = json_object();
    oc_json_set_str(json, "alert", oc_alert_id(a, id));
    oc_json_set_str(json, "rule", oc_alert_rule(&s->alerts, a));
    oc_json_set_str(json, "severity", oc_alert_severity_name((enum oc_alert_severity)a->severity));
    oc_json_set_int(json, "step", a->escalation->step);
    oc_json_set_str(json, "by", by);
    oc_json_set_str(json, "reason", reason);
    return json;
}

/* What the channels are sent: the alert, and why once more. */
static json_t *message(const struct oc_alert_service *s, const struct oc_alert *a, const char *by,
                       const char *reason)
{
    json_t *alert = oc_alert_record_json(&s->alerts, a);
    json_t *escalation = json_object_get(alert, "escalation");
    escalation = escalation ? json_incref(escalation) : json_object();
    oc_json_set_str(escalation, "by", by);
    oc_json_set_str(escalation, "reason", reason);
    oc_json_take(alert, "escalation", escalation);
    return alert;
}

/* Names that cannot be used are passed over, or stand for their fail-over. Returns the names told; owned by the caller. */
static json_t *tell(struct oc_alert_service *s, struct oc_alert *a, const char *const *names,
                    size_t count, const char *by, const char *reason)
{
    json_t *told = json_array(), *alert = message(s, a, by, reason);
    char *text = oc_json_text(alert);
    for (size_t i = 0; i < count; i++) {
        struct oc_channel *ch = oc_failover_usable(&s->outbox, names[i]);
        bool twice = false;
        for (size_t k = 0; ch && k < json_array_size(told); k++) {
            twice = twice || strcmp(json_string_value(json_array_get(told, k)), ch->name) == 0;
        }
        if (ch && !twice) {
            oc_outbox_promise(&s->outbox, ch, "firing", alert, text);
            oc_noise_remember(s, a, ch->name);
            json_array_append_new(told, json_string(ch->name));
        }
    }
    free(text);
    json_decref(alert);
    return told;
}

/* Alerts of our own rules are also found by their severity. */
static void relabel(struct oc_alerts *t, struct oc_alert *a)
{
    const char *name = oc_alert_severity_name((enum oc_alert_severity)a->severity);
    OC_VEC(struct oc_label_ref) refs = {0};
    struct oc_buf texts = {0};
    for (uint32_t i = 0; i < a->body->ref_count; i++) {
        struct oc_label_ref ref = a->body->refs[i];
        if (!a->posted && (ref.pair & OC_LABEL_OWN) &&
            strcmp(oc_labels_name(&t->labels, ref.pair), "severity") == 0) {
            ref.pair =
                oc_labels_intern(&t->labels, "severity", strlen("severity"), name, strlen(name)) |
                OC_LABEL_OWN;
        }
        OC_VEC_PUSH(&refs, ref);
    }
    oc_buf_add(&texts, &a->body->refs[a->body->ref_count], a->body->text_len);
    oc_alert_set_body(t, a, refs.items, refs.count, texts.data, texts.len);
    oc_buf_finish(&texts);
    OC_VEC_FINISH(&refs);
}

/* A graver alert is another matter: it is told at once, and its chain begins anew. */
static void raise_to(struct oc_alert_service *s, struct oc_alert *a,
                     enum oc_alert_severity severity)
{
    oc_alert_set_severity(a, severity);
    relabel(&s->alerts, a);
    struct oc_escalation *e = oc_escalation_own(a);
    a->announced = false;
    a->notified_at = 0;
    e->raised = true;
    e->step = 0;
}

static void take_step(struct oc_alert_service *s, struct oc_alert *a,
                      const struct oc_escalation_step *step, const char *by, int64_t now)
{
    enum oc_alert_severity before = (enum oc_alert_severity)a->severity;
    struct oc_escalation *e = oc_escalation_own(a);
    if (step->raises) {
        raise_to(s, a, step->severity);
        e->since = now;
    } else {
        e->step++;
    }
    e->due = 0;
    a->dirty = true;
    json_t *json = report(s, a, by, step->reason);
    oc_json_set_str(json, "from", oc_alert_severity_name(before));
    oc_json_take(json, "channels",
                 tell(s, a, (const char *const *)step->channels, step->count, by, step->reason));
    if (json_array_size(json_object_get(json, "channels")) > 0) {
        a->notifications++;
        /* A step is as good as a repetition; one that raises is told by the route, too. */
        a->notified_at = step->raises ? a->notified_at : now;
    }
    oc_info("alert escalated", "alert=%s step=%u severity=%s",
            json_string_value(json_object_get(json, "alert")), e->step,
            oc_alert_severity_name((enum oc_alert_severity)a->severity));
    oc_noise_post(s, "alert.escalated", json);
}

/* ---- when ---- */

static int64_t since_of(const struct oc_alert *a, int64_t now)
{
    return a->escalation && a->escalation->since ? a->escalation->since : now;
}

/* Sets when the next step is due; true when it is now. */
static bool plan(struct oc_alert_service *s, struct oc_alert *a,
                 const struct oc_escalation_step *step, int64_t since, int64_t now)
{
    const struct oc_escalation *e = a->escalation;
    int64_t due = since + step->after;
    if (due <= now) {
        oc_escalation_own(a)->since = since;
        return true;
    }
    a->dirty = a->dirty || !e || e->due != due || e->since != since;
    oc_escalation_plan(&s->noise->planned, a, since, due);
    return false;
}

static void forget_step(struct oc_alert *a)
{
    if (a->escalation && a->escalation->due) {
        oc_escalation_own(a)->due = 0;
    }
}

/* True when a step was taken: there may be another one. */
static bool advance(struct oc_alert_service *s, struct oc_alert *a, int64_t now)
{
    struct oc_escalation_step step;
    int64_t since = since_of(a, now);
    bool taken = false;
    if (a->escalation && a->escalation->step >= OC_ESCALATE_STEPS) {
        forget_step(a);
        return false;
    }
    if (oc_escalate_ask(s, a, since, now, &step) != OC_OK) {
        oc_escalation_own(a)->since = since;
        a->escalation->due = now + ASK_AGAIN;
    } else if (!step.is) {
        forget_step(a);
    } else if (plan(s, a, &step, since, now)) {
        take_step(s, a, &step, "policy", now);
        taken = true;
    }
    oc_escalation_step_finish(&step);
    return taken;
}

/* Whoever looked after it has not said for how much longer: people are told again. */
static void expire_acknowledgement(struct oc_alert_service *s, struct oc_alert *a, int64_t now)
{
    char id[OC_ALERT_ID_MAX + 1];
    if (!a->firing || !a->care || !a->care->acknowledged_until ||
        a->care->acknowledged_until > now) {
        return;
    }
    json_t *json = json_object();
    oc_json_set_str(json, "alert", oc_alert_id(a, id));
    oc_json_set_str(json, "rule", oc_alert_rule(&s->alerts, a));
    oc_json_set_str(json, "severity", oc_alert_severity_name((enum oc_alert_severity)a->severity));
    oc_json_set_bool(json, "acknowledged", false);
    oc_json_set_str(json, "by", a->care->acknowledged_by);
    oc_json_set_str(json, "reason", "expired");
    oc_alert_record_unacknowledge(a);
    a->unsilenced = true;
    oc_noise_post(s, "alert.acknowledged", json);
}

bool oc_escalate_review(struct oc_alert_service *s, struct oc_alert *a, int64_t now)
{
    expire_acknowledgement(s, a, now);
    if (!a->firing || a->silence || a->inhibited || oc_alert_acknowledged_at(a)) {
        oc_escalation_calm(a);
        return false;
    }
    bool due = a->escalation && a->escalation->due && a->escalation->due <= now;
    unsigned taken = 0;
    if (!a->escalation_asked || due) {
        while (taken < OC_ESCALATE_STEPS && advance(s, a, now)) {
            taken++;
        }
        a->escalation_asked = true;
    }
    return taken > 0;
}

bool oc_escalate_may_wait(const struct oc_alert *a)
{
    return a->firing && !a->escalation_asked && !a->escalation && !a->care && !a->restored;
}

int64_t oc_escalate_next(const struct oc_alert *a, int64_t next)
{
    if (!a->firing) {
        return next;
    }
    if (a->escalation && a->escalation->due && a->escalation->due < next) {
        next = a->escalation->due;
    }
    if (a->care && a->care->acknowledged_until && a->care->acknowledged_until < next) {
        next = a->care->acknowledged_until;
    }
    return next;
}

/* ---- by hand ---- */

static void add_all_critical(const struct oc_alert_service *s, struct oc_escalation_step *step)
{
    for (size_t i = 0; i < s->outbox.channels.count && step->count < OC_ESCALATE_CHANNELS; i++) {
        const struct oc_channel *ch = s->outbox.channels.items[i];
        if (oc_channel_usable(ch) && oc_channel_admits(ch, OC_ALERT_CRITICAL)) {
            step->channels[step->count++] = oc_strdup(ch->name);
        }
    }
}

static int add_named(const struct oc_alert_service *s, struct oc_escalation_step *step,
                     const char *const *channels, size_t count, struct oc_error *err)
{
    for (size_t i = 0; i < count && i < OC_ESCALATE_CHANNELS; i++) {
        if (!oc_failover_usable(&s->outbox, channels[i])) {
            oc_error_set(err, OC_E_NOT_FOUND, "channel '%.64s' cannot be used", channels[i]);
            oc_error_hint(err, "`openclaw alert channels` shows those that can.");
            return OC_E_NOT_FOUND;
        }
        step->channels[step->count++] = oc_strdup(channels[i]);
    }
    return OC_OK;
}

int oc_escalate_now(struct oc_alert_service *s, struct oc_alert *a, const char *by,
                    const char *const *channels, size_t count, const char *reason,
                    struct oc_error *err)
{
    struct oc_escalation_step step = {0};
    int64_t now = oc_time_wall();
    char id[OC_ALERT_ID_MAX + 1];
    if (!a->firing) {
        oc_error_set(err, OC_E_CONFLICT, "alert %s is resolved", oc_alert_id(a, id));
        oc_error_hint(err, "Only a firing alert can be escalated.");
        return OC_E_CONFLICT;
    }
    if (!s->journal && s->unopened.code != OC_OK) { /* nobody is told what would be told again */
        *err = s->unopened;
        return s->unopened.code;
    }
    if (count == 0) {
        oc_escalate_ask(s, a, since_of(a, now), now, &step);
    }
    int rc = add_named(s, &step, channels, count, err);
    if (step.count == 0 && rc == OC_OK) {
        add_all_critical(s, &step);
    }
    if (rc == OC_OK) {
        oc_escalation_own(a)->since = since_of(a, now);
        step.raises = a->severity < OC_ALERT_CRITICAL;
        step.severity = OC_ALERT_CRITICAL;
        oc_copy(step.reason, sizeof step.reason, reason ? reason : "by hand");
        take_step(s, a, &step, by, now);
        a->escalation_asked = false; /* the next step is another one now */
        oc_alerts_change(&s->alerts, a);
        oc_outbox_write(&s->outbox);
        rc = oc_keep_now(s, a, err);
        oc_alert_wake(s, 0);
    }
    oc_escalation_step_finish(&step);
    return rc;
}
