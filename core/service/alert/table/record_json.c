/* An alert as operations, events, policies and channels show it. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/alert/escalate/escalate.h"
#include "core/service/alert/table/table.h"

/* "instance/target" and the labels that tell it from its siblings: "system mount=/home". */
static void add_entity(struct oc_buf *out, const struct oc_alerts *t, const struct oc_alert *a)
{
    static const char *const said[] = {"instance", "target", "alertname", "severity"};
    const char *instance = oc_alert_record_field(t, a, "instance");
    const char *target = oc_alert_record_field(t, a, "target");
    oc_buf_adds(out, instance);
    if (*target && strcmp(instance, target) != 0) {
        oc_buf_addf(out, "%s%s", *instance ? "/" : "", target);
    }
    for (uint32_t i = 0; i < a->body->ref_count && out->len < OC_ALERT_NAME_MAX; i++) {
        uint32_t pair = a->body->refs[i].pair;
        const char *name = oc_labels_name(&t->labels, pair);
        bool other = !(pair & OC_LABEL_OWN);
        for (size_t k = 0; k < (a->posted ? OC_COUNT(said) : 2); k++) {
            other = other && strcmp(name, said[k]) != 0;
        }
        if (other) {
            oc_buf_addf(out, "%s%s=%s", out->len ? " " : "", name,
                        oc_labels_pair(&t->labels, pair)->value);
        }
    }
}

static void set_title(json_t *json, const struct oc_alerts *t, const struct oc_alert *a)
{
    struct oc_buf entity = {0};
    const char *rule = oc_alert_rule(t, a);
    add_entity(&entity, t, a);
    oc_json_set_str(json, "entity", entity.len ? entity.data : "");
    char *title = entity.len ? oc_asprintf("%s on %s", rule, entity.data) : oc_strdup(rule);
    oc_json_set_str(json, "title", title);
    free(title);
    oc_buf_finish(&entity);
}

static json_t *labels_json(const struct oc_alerts *t, const struct oc_alert *a)
{
    json_t *labels = json_object();
    for (uint32_t i = 0; i < a->body->ref_count; i++) {
        uint32_t pair = a->body->refs[i].pair;
        if (!(pair & OC_LABEL_OWN)) {
            json_object_set_new(labels, oc_labels_name(&t->labels, pair),
                                json_string(oc_labels_pair(&t->labels, pair)->value));
        }
    }
    return labels;
}

static void set_texts(json_t *json, const struct oc_alert *a)
{
    struct oc_alert_text_item item;
    json_t *annotations = json_object(), *channels = json_array();
    for (size_t at = 0; oc_alert_text_next(a, &at, &item);) {
        if (item.kind == OC_TEXT_ANNOTATION) {
            json_object_set_new(annotations, item.name, json_string(item.value));
        } else if (item.kind == OC_TEXT_CHANNEL) {
            json_array_append_new(channels, json_string(item.value));
        }
    }
    oc_json_take(json, "annotations", annotations);
    oc_json_take(json, "channels", channels);
    const char *value = oc_alert_text(a, OC_TEXT_VALUE);
    json_t *number = *value ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL;
    oc_json_take(json, "value", number ? number : json_null());
}

static void set_facts(json_t *json, const struct oc_alerts *t, const struct oc_alert *a)
{
    oc_json_set_str(json, "rule", oc_alert_rule(t, a));
    oc_json_set_str(json, "category", oc_alert_record_field(t, a, "category"));
    oc_json_set_str(json, "instance", oc_alert_record_field(t, a, "instance"));
    oc_json_set_str(json, "target", oc_alert_record_field(t, a, "target"));
    oc_json_set_str(json, "metric", oc_alert_text(a, OC_TEXT_METRIC));
    oc_json_set_str(json, "message", oc_alert_message(a));
    oc_json_set_str(json, "reason", oc_alert_text(a, OC_TEXT_REASON));
    oc_json_take(json, "labels", labels_json(t, a));
    set_texts(json, a);
    if (a->posted) {
        oc_json_set_str(json, "generator", oc_alert_text(a, OC_TEXT_GENERATOR));
    }
    set_title(json, t, a);
}

static const char *status_of(const struct oc_alert *a)
{
    if (!a->firing) {
        return "resolved";
    }
    if (a->silence) {
        return "silenced";
    }
    if (a->inhibited) {
        return "inhibited";
    }
    return oc_alert_acknowledged_at(a) ? "acknowledged" : "firing";
}

static json_t *acknowledgement_json(const struct oc_alert *a)
{
    if (!oc_alert_acknowledged_at(a)) {
        return json_null();
    }
    json_t *ack = json_object();
    oc_json_set_str(ack, "by", a->care->acknowledged_by);
    oc_json_set_time(ack, "at", a->care->acknowledged_at);
    oc_json_set_str(ack, "comment", a->care->comment);
    if (a->care->acknowledged_until) {
        oc_json_set_time(ack, "until", a->care->acknowledged_until);
    }
    return ack;
}

static void set_assignment(json_t *json, const struct oc_alert *a)
{
    if (a->care && a->care->assigned_at) {
        json_t *assigned = json_object();
        oc_json_set_str(assigned, "to", a->care->assigned_to);
        oc_json_set_str(assigned, "by", a->care->assigned_by);
        oc_json_set_time(assigned, "at", a->care->assigned_at);
        oc_json_take(json, "assigned", assigned);
    }
}

static json_t *told_json(const struct oc_alerts *t, const struct oc_alert *a)
{
    json_t *told = json_array();
    for (int i = 0; i < OC_ALERT_CHANNELS_MAX; i++) {
        if ((a->told & (UINT64_C(1) << i)) && t->channels[i]) {
            json_array_append_new(told, json_string(t->channels[i]));
        }
    }
    return told;
}

json_t *oc_alert_record_json(const struct oc_alerts *t, const struct oc_alert *a)
{
    char id[OC_ALERT_ID_MAX + 1];
    json_t *json = json_object();
    oc_json_set_str(json, "id", oc_alert_id(a, id));
    oc_json_set_str(json, "severity", oc_alert_severity_name((enum oc_alert_severity)a->severity));
    oc_json_set_str(json, "state", a->firing ? "firing" : "resolved");
    oc_json_set_str(json, "status", status_of(a));
    set_facts(json, t, a);
    oc_json_set_time(json, "starts_at", a->starts_at);
    oc_json_set_time(json, "ends_at", a->ends_at);
    oc_json_set_time(json, "updated_at", a->updated_at);
    oc_json_take(json, "acknowledged", acknowledgement_json(a));
    set_assignment(json, a);
    json_t *escalation = oc_escalation_json(a);
    if (escalation) {
        oc_json_take(json, "escalation", escalation);
    }
    oc_json_set_str(json, "silenced_by", a->silence ? oc_alerts_silence_id(t, a->silence) : NULL);
    oc_json_take(json, "told", told_json(t, a));
    oc_json_set_int(json, "notifications", a->notifications);
    oc_json_set_time(json, "notified_at", a->notified_at);
    return json;
}

/* ---- the same as text ---- */

static void put_key(struct oc_buf *out, const char *key)
{
    oc_buf_adds(out, ",\"");
    oc_buf_adds(out, key);
    oc_buf_adds(out, "\":");
}

static void put_str(struct oc_buf *out, const char *key, const char *text)
{
    put_key(out, key);
    oc_json_put_str(out, text);
}

static void put_time(struct oc_buf *out, const char *key, int64_t at)
{
    char text[32];
    put_str(out, key, at > 0 ? oc_time_format(at, text, sizeof text) : NULL);
}

/* Taken; what is told now and then. */
static void put_json(struct oc_buf *out, const char *key, json_t *value)
{
    put_key(out, key);
    oc_json_put_wire(out, value);
    json_decref(value);
}

/* A member of an object or list: a comma unless it is the first. */
static void put_member(struct oc_buf *out, char open, const char *name, const char *value)
{
    if (out->data[out->len - 1] != open) {
        oc_buf_addc(out, ',');
    }
    if (name) {
        oc_json_put_str(out, name);
        oc_buf_addc(out, ':');
    }
    oc_json_put_str(out, value);
}

static void put_labels(struct oc_buf *out, const struct oc_alerts *t, const struct oc_alert *a)
{
    put_key(out, "labels");
    oc_buf_addc(out, '{');
    for (uint32_t i = 0; i < a->body->ref_count; i++) {
        uint32_t pair = a->body->refs[i].pair;
        if (!(pair & OC_LABEL_OWN)) {
            put_member(out, '{', oc_labels_name(&t->labels, pair),
                       oc_labels_pair(&t->labels, pair)->value);
        }
    }
    oc_buf_addc(out, '}');
}

static void put_texts(struct oc_buf *out, const struct oc_alert *a, enum oc_alert_text kind,
                      const char *key)
{
    const bool named = kind == OC_TEXT_ANNOTATION;
    struct oc_alert_text_item item;
    put_key(out, key);
    oc_buf_addc(out, named ? '{' : '[');
    for (size_t at = 0; oc_alert_text_next(a, &at, &item);) {
        if (item.kind == kind) {
            put_member(out, named ? '{' : '[', named ? item.name : NULL, item.value);
        }
    }
    oc_buf_addc(out, named ? '}' : ']');
}

static void put_title(struct oc_buf *out, const struct oc_alerts *t, const struct oc_alert *a)
{
    struct oc_buf title = {0}, entity = {0};
    add_entity(&entity, t, a);
    oc_buf_adds(&title, oc_alert_rule(t, a));
    if (entity.len > 0) {
        oc_buf_adds(&title, " on ");
        oc_buf_add(&title, entity.data, entity.len);
    }
    put_str(out, "entity", entity.len ? entity.data : "");
    put_str(out, "title", title.data);
    oc_buf_finish(&title);
    oc_buf_finish(&entity);
}

static void put_facts(struct oc_buf *out, const struct oc_alerts *t, const struct oc_alert *a)
{
    const char *value = oc_alert_text(a, OC_TEXT_VALUE);
    put_str(out, "rule", oc_alert_rule(t, a));
    put_str(out, "category", oc_alert_record_field(t, a, "category"));
    put_str(out, "instance", oc_alert_record_field(t, a, "instance"));
    put_str(out, "target", oc_alert_record_field(t, a, "target"));
    put_str(out, "metric", oc_alert_text(a, OC_TEXT_METRIC));
    put_str(out, "message", oc_alert_message(a));
    put_str(out, "reason", oc_alert_text(a, OC_TEXT_REASON));
    put_labels(out, t, a);
    put_texts(out, a, OC_TEXT_ANNOTATION, "annotations");
    put_texts(out, a, OC_TEXT_CHANNEL, "channels");
    put_json(out, "value", *value ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL);
    if (a->posted) {
        put_str(out, "generator", oc_alert_text(a, OC_TEXT_GENERATOR));
    }
    put_title(out, t, a);
}

static void put_care(struct oc_buf *out, const struct oc_alert *a)
{
    json_t *escalation = oc_escalation_json(a);
    put_json(out, "acknowledged", acknowledgement_json(a));
    if (a->care && a->care->assigned_at) {
        json_t *assigned = json_object();
        set_assignment(assigned, a);
        put_json(out, "assigned", json_incref(json_object_get(assigned, "assigned")));
        json_decref(assigned);
    }
    if (escalation) {
        put_json(out, "escalation", escalation);
    }
}

void oc_alert_record_put(struct oc_buf *out, const struct oc_alerts *t, const struct oc_alert *a)
{
    char id[OC_ALERT_ID_MAX + 1];
    oc_buf_reserve(out, 900); /* of most */
    oc_buf_adds(out, "{\"id\":");
    oc_json_put_str(out, oc_alert_id(a, id));
    put_str(out, "severity", oc_alert_severity_name((enum oc_alert_severity)a->severity));
    put_str(out, "state", a->firing ? "firing" : "resolved");
    put_str(out, "status", status_of(a));
    put_facts(out, t, a);
    put_time(out, "starts_at", a->starts_at);
    put_time(out, "ends_at", a->ends_at);
    put_time(out, "updated_at", a->updated_at);
    put_care(out, a);
    put_str(out, "silenced_by", a->silence ? oc_alerts_silence_id(t, a->silence) : NULL);
    put_key(out, "told");
    oc_buf_addc(out, '[');
    for (int i = 0; i < OC_ALERT_CHANNELS_MAX; i++) {
        if ((a->told & (UINT64_C(1) << i)) && t->channels[i]) {
            put_member(out, '[', NULL, t->channels[i]);
        }
    }
    oc_buf_addc(out, ']');
    put_key(out, "notifications");
    oc_buf_addi(out, a->notifications);
    put_time(out, "notified_at", a->notified_at);
    oc_buf_addc(out, '}');
}
