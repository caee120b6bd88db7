/* What a rule event says, as labels and texts of an alert. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/alert/table/fingerprint.h"
#include "core/service/alert/table/table.h"

struct draft {
    struct oc_alerts *table;
    OC_VEC(struct oc_label_ref) refs;
    struct oc_buf texts;
};

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

static char *clean(const char *text, size_t max)
{
    return oc_utf8_clean(text, cut(text, max));
}

/* A pair is there once: as a label if it is one, else as a fact of the rule. */
static void add_pair(struct draft *d, const char *name, const char *value, bool own)
{
    uint32_t pair = oc_labels_intern(&d->table->labels, name, strlen(name), value, strlen(value));
    for (size_t i = 0; i < d->refs.count; i++) {
        if ((d->refs.items[i].pair & OC_LABEL_NUMBER) == pair) {
            d->refs.items[i].pair = own ? d->refs.items[i].pair : pair;
            return;
        }
    }
    struct oc_label_ref ref = {own ? pair | OC_LABEL_OWN : pair, 0};
    OC_VEC_PUSH(&d->refs, ref);
}

static void add_fact(struct draft *d, const json_t *event, const char *key, enum oc_alert_text kind,
                     size_t max, const char *as)
{
    char *text = clean(oc_json_str(event, key, ""), max);
    if (*text) {
        oc_alert_text_add(&d->texts, kind, "", 0, text, strlen(text));
        if (as) {
            add_pair(d, as, text, true);
        }
    }
    free(text);
}

static void add_labels(struct draft *d, const json_t *labels)
{
    size_t count = 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)labels, name, value)
    {
        if (json_is_string(value) && count < OC_ALERT_LABELS_MAX && *name &&
            strlen(name) <= OC_ALERT_NAME_MAX) {
            char *text = clean(json_string_value(value), OC_ALERT_NAME_MAX);
            add_pair(d, name, text, false);
            free(text);
            count++;
        }
    }
}

static void add_annotations(struct draft *d, const json_t *annotations)
{
    size_t count = 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)annotations, name, value)
    {
        if (json_is_string(value) && count < OC_ALERT_LABELS_MAX &&
            strlen(name) <= OC_ALERT_NAME_MAX) {
            char *text = clean(json_string_value(value), OC_ALERT_TEXT_MAX / 4);
            oc_alert_text_add(&d->texts, OC_TEXT_ANNOTATION, name, strlen(name), text,
                              strlen(text));
            free(text);
            count++;
        }
    }
}

static void add_wishes(struct draft *d, const json_t *names)
{
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name)
    {
        if (json_is_string(name) && json_string_length(name) <= OC_ALERT_NAME_MAX &&
            i < OC_ALERT_LABELS_MAX) {
            oc_alert_text_add(&d->texts, OC_TEXT_CHANNEL, "", 0, json_string_value(name),
                              json_string_length(name));
        }
    }
}

static void add_value(struct draft *d, const json_t *value)
{
    if (json_is_number(value) || json_is_boolean(value)) {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        oc_alert_text_add(&d->texts, OC_TEXT_VALUE, "", 0, text, strlen(text));
        free(text);
    }
}

static void read_facts(struct draft *d, const struct oc_alert *a, const json_t *event,
                       enum oc_alert_severity severity)
{
    const char *id = oc_alert_text(a, OC_TEXT_ID);
    if (*id) {
        oc_alert_text_add(&d->texts, OC_TEXT_ID, "", 0, id, strlen(id));
    }
    add_fact(d, event, "rule", OC_TEXT_RULE, OC_ALERT_NAME_MAX, "alertname");
    add_fact(d, event, "category", OC_TEXT_CATEGORY, OC_ALERT_NAME_MAX, "category");
    add_fact(d, event, "instance", OC_TEXT_INSTANCE, OC_ALERT_NAME_MAX, "instance");
    add_fact(d, event, "target", OC_TEXT_TARGET, OC_ALERT_NAME_MAX, "target");
    add_fact(d, event, "metric", OC_TEXT_METRIC, OC_ALERT_NAME_MAX, NULL);
    add_fact(d, event, "message", OC_TEXT_MESSAGE, OC_ALERT_TEXT_MAX, NULL);
    add_fact(d, event, "reason", OC_TEXT_REASON, OC_ALERT_TEXT_MAX, NULL);
    add_pair(d, "severity", oc_alert_severity_name(severity), true);
    add_value(d, json_object_get(event, "value"));
    add_wishes(d, json_object_get(event, "channels"));
    add_annotations(d, json_object_get(event, "annotations"));
    add_labels(d, json_object_get(event, "labels"));
}

/* True when something is another than before. */
static bool take_facts(struct oc_alerts *t, struct oc_alert *a, const json_t *event)
{
    struct draft d = {.table = t};
    read_facts(&d, a, event, (enum oc_alert_severity)a->severity);
    bool other = oc_alert_set_body(t, a, d.refs.items, d.refs.count, d.texts.data, d.texts.len);
    OC_VEC_FINISH(&d.refs);
    oc_buf_finish(&d.texts);
    return other;
}

void oc_alert_record_update(struct oc_alerts *t, struct oc_alert *a, const json_t *event,
                            bool firing, int64_t now)
{
    int64_t at = oc_json_int(event, "at", now);
    int64_t since = oc_json_int(event, "since", at);
    enum oc_alert_severity severity = (enum oc_alert_severity)a->severity;

    if (oc_alert_severity_parse(oc_json_str(event, "severity", ""), &severity) == 0) {
        oc_alert_set_severity(a, severity);
    }
    bool other = take_facts(t, a, event);
    if (firing && !a->firing) {
        oc_alert_begin(a, since > 0 && since <= now ? since : now);
    } else if (!firing && a->firing) {
        oc_alert_end(a, at);
    } else if (!other) {
        return; /* nothing new: need not be written */
    }
    a->updated_at = at;
    a->dirty = true;
}

/* ---- the store of the version before ---- */

static int64_t time_member(const json_t *json, const char *key)
{
    int64_t ms = 0;
    const char *text = oc_json_str(json, key, NULL);
    return text && oc_time_parse(text, 0, &ms) == OC_OK ? ms : 0;
}

static void import_told(struct oc_alerts *t, struct oc_alert *a, const json_t *names)
{
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name)
    {
        int bit = json_is_string(name)
                      ? oc_alerts_channel_bit(t, json_string_value(name), UINT64_MAX)
                      : -1;
        a->told |= bit >= 0 ? UINT64_C(1) << bit : 0;
    }
}

void oc_alert_record_import(struct oc_alerts *t, struct oc_alert *a, const json_t *json)
{
    const json_t *ack = json_object_get(json, "acknowledged");
    const char *silence = oc_json_str(json, "silenced_by", "");
    enum oc_alert_severity severity = OC_ALERT_INFO;
    oc_alert_severity_parse(oc_json_str(json, "severity", ""), &severity);
    a->severity = (uint8_t)severity;
    take_facts(t, a, json);
    a->firing = strcmp(oc_json_str(json, "state", ""), "firing") == 0;
    a->starts_at = time_member(json, "starts_at");
    a->ends_at = time_member(json, "ends_at");
    a->updated_at = time_member(json, "updated_at");
    if (time_member(ack, "at") > 0) {
        oc_alert_record_acknowledge(a, oc_json_str(ack, "by", ""), oc_json_str(ack, "comment", ""),
                                    time_member(ack, "at"));
    }
    a->silence = *silence ? oc_alerts_silence_number(t, silence) : 0;
    import_told(t, a, json_object_get(json, "told"));
    a->notifications = (uint32_t)oc_json_int(json, "notifications", 0);
    a->notified_at = time_member(json, "notified_at");
    a->announced = oc_json_bool(json, "announced", false);
    a->resolve_due = oc_json_bool(json, "resolve_due", false);
    a->unsilenced = oc_json_bool(json, "unsilenced", false);
    a->dirty = true;
}
