/* One alert: its facts, its state and their written form. SPDX-License-Identifier: MIT */
#include "record.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

static const char *const severities[] = {"info", "warning", "critical"};

const char *oc_alert_severity_name(enum oc_alert_severity severity)
{
    return severities[severity];
}

int oc_alert_severity_parse(const char *name, enum oc_alert_severity *severity)
{
    for (size_t i = 0; i < OC_COUNT(severities); i++) {
        if (strcmp(name, severities[i]) == 0) {
            *severity = (enum oc_alert_severity)i;
            return 0;
        }
    }
    return -1;
}

struct oc_alert *oc_alert_record_create(const char *id)
{
    struct oc_alert *a = oc_calloc(1, sizeof *a);
    oc_copy(a->id, sizeof a->id, id);
    a->facts = json_object();
    a->told = json_array();
    return a;
}

void oc_alert_record_destroy(struct oc_alert *a)
{
    if (!a) {
        return;
    }
    json_decref(a->facts);
    json_decref(a->told);
    free(a->acknowledged_by);
    free(a->comment);
    free(a);
}

/* Cut where a character begins, so that what is left is valid. */
static size_t cut(const char *s, size_t max)
{
    size_t len = strlen(s);
    if (len > max) {
        len = max;
        while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    return len;
}

static void take_text(json_t *facts, const json_t *event, const char *key, size_t max)
{
    const char *text = oc_json_str(event, key, "");
    char *clean = oc_utf8_clean(text, cut(text, max));
    oc_json_set_str(facts, key, clean);
    free(clean);
}

static json_t *bounded_names(const json_t *names)
{
    json_t *kept = json_array();
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name)
    {
        if (json_is_string(name) && json_string_length(name) <= OC_ALERT_NAME_MAX &&
            i < OC_ALERT_LABELS_MAX) {
            json_array_append(kept, name);
        }
    }
    return kept;
}

static json_t *bounded_map(const json_t *map, size_t max)
{
    json_t *kept = json_object();
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)map, name, value)
    {
        if (json_is_string(value) && json_object_size(kept) < OC_ALERT_LABELS_MAX &&
            strlen(name) <= OC_ALERT_NAME_MAX) {
            take_text(kept, map, name, max);
        }
    }
    return kept;
}

/* "instance/target" and the labels that tell it from its siblings: "system mount=/home". */
static void add_entity(struct oc_buf *out, const json_t *facts)
{
    const char *instance = oc_json_str(facts, "instance", "");
    const char *target = oc_json_str(facts, "target", "");
    const char *name;
    json_t *value;
    oc_buf_adds(out, instance);
    if (*target && strcmp(instance, target) != 0) {
        oc_buf_addf(out, "%s%s", *instance ? "/" : "", target);
    }
    json_object_foreach(json_object_get(facts, "labels"), name, value)
    {
        bool ours = strcmp(name, "instance") == 0 || strcmp(name, "target") == 0;
        if (!ours && out->len < OC_ALERT_NAME_MAX) {
            oc_buf_addf(out, "%s%s=%s", out->len ? " " : "", name, json_string_value(value));
        }
    }
}

static void take_title(json_t *facts)
{
    struct oc_buf entity = {0};
    const char *rule = oc_json_str(facts, "rule", "");
    add_entity(&entity, facts);
    oc_json_set_str(facts, "entity", entity.len ? entity.data : "");
    char *title = entity.len ? oc_asprintf("%s on %s", rule, entity.data) : oc_strdup(rule);
    oc_json_set_str(facts, "title", title);
    free(title);
    oc_buf_finish(&entity);
}

static json_t *facts_from(const json_t *event)
{
    static const char *const names[] = {"rule", "category", "instance", "target", "metric"};
    json_t *facts = json_object();
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        take_text(facts, event, names[i], OC_ALERT_NAME_MAX);
    }
    take_text(facts, event, "message", OC_ALERT_TEXT_MAX);
    take_text(facts, event, "reason", OC_ALERT_TEXT_MAX);
    oc_json_take(facts, "labels", bounded_map(json_object_get(event, "labels"), OC_ALERT_NAME_MAX));
    oc_json_take(facts, "annotations",
                 bounded_map(json_object_get(event, "annotations"), OC_ALERT_TEXT_MAX / 4));
    oc_json_take(facts, "channels", bounded_names(json_object_get(event, "channels")));
    take_title(facts);
    const json_t *value = json_object_get(event, "value");
    if (json_is_number(value) || json_is_boolean(value)) {
        json_object_set(facts, "value", (json_t *)value);
    } else {
        oc_json_take(facts, "value", json_null());
    }
    return facts;
}

static void begin_episode(struct oc_alert *a, int64_t since)
{
    a->firing = true;
    a->starts_at = since;
    a->ends_at = 0;
    a->announced = false;
    a->resolve_due = false;
    a->unsilenced = false;
    json_array_clear(a->told);
    oc_alert_record_unacknowledge(a);
    a->news = OC_ALERT_FIRED;
}

static void end_episode(struct oc_alert *a, int64_t at)
{
    a->firing = false;
    a->ends_at = at;
    a->resolve_due = json_array_size(a->told) > 0;
    a->news = OC_ALERT_RESOLVED;
}

/* A graver alert is another matter than the one that was announced and acknowledged. */
static void change_severity(struct oc_alert *a, enum oc_alert_severity severity)
{
    if (severity > a->severity && a->firing && a->announced) {
        a->announced = false;
        a->notified_at = 0;
        oc_alert_record_unacknowledge(a);
    }
    a->severity = severity;
}

void oc_alert_record_update(struct oc_alert *a, const json_t *event, bool firing, int64_t now)
{
    json_t *facts = facts_from(event);
    int64_t at = oc_json_int(event, "at", now);
    int64_t since = oc_json_int(event, "since", at);
    enum oc_alert_severity before = a->severity, severity = a->severity;

    if (oc_alert_severity_parse(oc_json_str(event, "severity", ""), &severity) == 0) {
        change_severity(a, severity);
    }
    if (firing && !a->firing) {
        begin_episode(a, since > 0 && since <= now ? since : now);
    } else if (!firing && a->firing) {
        end_episode(a, at);
    } else if (severity == before && json_equal(facts, a->facts)) {
        json_decref(facts); /* nothing new: need not be written */
        return;
    }
    json_decref(a->facts);
    a->facts = facts;
    a->updated_at = at;
    a->dirty = true;
}

void oc_alert_record_acknowledge(struct oc_alert *a, const char *by, const char *comment,
                                 int64_t at)
{
    oc_alert_record_unacknowledge(a);
    a->acknowledged_at = at;
    a->acknowledged_by = oc_strdup(by);
    a->comment = oc_strdup(comment ? comment : "");
    a->dirty = true;
}

void oc_alert_record_unacknowledge(struct oc_alert *a)
{
    a->acknowledged_at = 0;
    OC_FREE(a->acknowledged_by);
    OC_FREE(a->comment);
    a->dirty = true;
}

const char *oc_alert_record_field(const struct oc_alert *a, const char *name)
{
    static const char *const own[] = {"rule", "instance", "target", "category"};
    if (strcmp(name, "severity") == 0) {
        return oc_alert_severity_name(a->severity);
    }
    for (size_t i = 0; i < OC_COUNT(own); i++) {
        if (strcmp(name, own[i]) == 0) {
            return oc_json_str(a->facts, name, "");
        }
    }
    return oc_json_str(json_object_get(a->facts, "labels"), name, "");
}

static const char *status_of(const struct oc_alert *a)
{
    if (!a->firing) {
        return "resolved";
    }
    if (a->silenced_by[0]) {
        return "silenced";
    }
    return a->acknowledged_at ? "acknowledged" : "firing";
}

static json_t *acknowledgement_json(const struct oc_alert *a)
{
    if (!a->acknowledged_at) {
        return json_null();
    }
    json_t *ack = json_object();
    oc_json_set_str(ack, "by", a->acknowledged_by);
    oc_json_set_time(ack, "at", a->acknowledged_at);
    oc_json_set_str(ack, "comment", a->comment);
    return ack;
}

json_t *oc_alert_record_json(const struct oc_alert *a)
{
    json_t *json = json_object();
    oc_json_set_str(json, "id", a->id);
    oc_json_set_str(json, "severity", oc_alert_severity_name(a->severity));
    oc_json_set_str(json, "state", a->firing ? "firing" : "resolved");
    oc_json_set_str(json, "status", status_of(a));
    json_object_update(json, a->facts);
    oc_json_set_time(json, "starts_at", a->starts_at);
    oc_json_set_time(json, "ends_at", a->ends_at);
    oc_json_set_time(json, "updated_at", a->updated_at);
    oc_json_take(json, "acknowledged", acknowledgement_json(a));
    oc_json_set_str(json, "silenced_by", a->silenced_by[0] ? a->silenced_by : NULL);
    oc_json_take(json, "told", json_copy(a->told));
    oc_json_set_int(json, "notifications", a->notifications);
    oc_json_set_time(json, "notified_at", a->notified_at);
    return json;
}

json_t *oc_alert_record_save(const struct oc_alert *a)
{
    json_t *json = oc_alert_record_json(a);
    oc_json_set_bool(json, "announced", a->announced);
    oc_json_set_bool(json, "resolve_due", a->resolve_due);
    oc_json_set_bool(json, "unsilenced", a->unsilenced);
    return json;
}

static int64_t time_member(const json_t *json, const char *key)
{
    int64_t ms = 0;
    const char *text = oc_json_str(json, key, NULL);
    return text && oc_time_parse(text, 0, &ms) == OC_OK ? ms : 0;
}

static void load_acknowledgement(struct oc_alert *a, const json_t *ack)
{
    int64_t at = time_member(ack, "at");
    if (at > 0) {
        oc_alert_record_acknowledge(a, oc_json_str(ack, "by", ""), oc_json_str(ack, "comment", ""),
                                    at);
    }
}

static void load_told(struct oc_alert *a, const json_t *names)
{
    json_decref(a->told);
    a->told = bounded_names(names);
}

struct oc_alert *oc_alert_record_load(const json_t *json)
{
    const char *id = oc_json_str(json, "id", "");
    if (!*id || strlen(id) >= sizeof((struct oc_alert *)NULL)->id) {
        return NULL;
    }
    struct oc_alert *a = oc_alert_record_create(id);
    json_decref(a->facts);
    a->facts = facts_from(json);
    oc_alert_severity_parse(oc_json_str(json, "severity", ""), &a->severity);
    a->firing = strcmp(oc_json_str(json, "state", ""), "firing") == 0;
    a->starts_at = time_member(json, "starts_at");
    a->ends_at = time_member(json, "ends_at");
    a->updated_at = time_member(json, "updated_at");
    load_acknowledgement(a, json_object_get(json, "acknowledged"));
    oc_copy(a->silenced_by, sizeof a->silenced_by, oc_json_str(json, "silenced_by", ""));
    load_told(a, json_object_get(json, "told"));
    a->notifications = (uint32_t)oc_json_int(json, "notifications", 0);
    a->notified_at = time_member(json, "notified_at");
    a->announced = oc_json_bool(json, "announced", false);
    a->resolve_due = oc_json_bool(json, "resolve_due", false);
    a->unsilenced = oc_json_bool(json, "unsilenced", false);
    a->dirty = false;
    return a;
}
