/* One alert: its labels, its texts, its episodes. SPDX-License-Identifier: MIT */
#include "record.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/alert/escalate/escalate.h"
#include "core/service/alert/table/fingerprint.h"
#include "core/service/alert/table/table.h"

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

enum oc_alert_severity oc_alert_severity_guess(const char *name)
{
    static const char *const grave[] = {"page",  "error", "high",  "emergency", "fatal",
                                        "major", "p1",    "alert", "disaster"};
    static const char *const light[] = {"none", "notice", "low", "informational", "debug", "ok"};
    enum oc_alert_severity severity = OC_ALERT_WARNING;
    if (oc_alert_severity_parse(name, &severity) == 0) {
        return severity;
    }
    for (size_t i = 0; i < OC_COUNT(grave); i++) {
        if (strcmp(name, grave[i]) == 0) {
            return OC_ALERT_CRITICAL;
        }
    }
    for (size_t i = 0; i < OC_COUNT(light); i++) {
        if (strcmp(name, light[i]) == 0) {
            return OC_ALERT_INFO;
        }
    }
    return OC_ALERT_WARNING;
}

/* ---- texts ---- */

static const char *texts_of(const struct oc_alert *a)
{
    return (const char *)&a->body->refs[a->body->ref_count];
}

void oc_alert_text_add(struct oc_buf *texts, enum oc_alert_text kind, const char *name,
                       size_t name_len, const char *value, size_t value_len)
{
    oc_buf_addc(texts, (char)kind);
    if (kind == OC_TEXT_ANNOTATION) {
        oc_buf_add(texts, name, name_len);
        oc_buf_addc(texts, '\0');
    }
    oc_buf_add(texts, value, value_len);
    oc_buf_addc(texts, '\0');
}

bool oc_alert_text_next(const struct oc_alert *a, size_t *at, struct oc_alert_text_item *item)
{
    const char *texts = texts_of(a);
    if (*at >= a->body->text_len) {
        return false;
    }
    item->kind = (enum oc_alert_text)texts[(*at)++];
    item->name = "";
    if (item->kind == OC_TEXT_ANNOTATION) {
        item->name = texts + *at;
        *at += strlen(item->name) + 1;
    }
    item->value = texts + *at;
    *at += strlen(item->value) + 1;
    return true;
}

const char *oc_alert_text(const struct oc_alert *a, enum oc_alert_text kind)
{
    struct oc_alert_text_item item;
    for (size_t at = 0; oc_alert_text_next(a, &at, &item);) {
        if (item.kind == kind) {
            return item.value;
        }
    }
    return "";
}

const char *oc_alert_annotation(const struct oc_alert *a, const char *name)
{
    struct oc_alert_text_item item;
    for (size_t at = 0; oc_alert_text_next(a, &at, &item);) {
        if (item.kind == OC_TEXT_ANNOTATION && strcmp(item.name, name) == 0) {
            return item.value;
        }
    }
    return "";
}

const char *oc_alert_id(const struct oc_alert *a, char buf[OC_ALERT_ID_MAX + 1])
{
    const char *id = a->body ? oc_alert_text(a, OC_TEXT_ID) : "";
    return *id ? id : oc_fingerprint_text(a->key, buf);
}

/* ---- labels ---- */

static struct oc_alert_body *new_body(const struct oc_label_ref *refs, size_t count,
                                      const char *texts, size_t len)
{
    struct oc_alert_body *body = oc_alloc(sizeof *body + count * sizeof *refs + len);
    body->ref_count = (uint32_t)count;
    body->text_len = (uint32_t)len;
    if (count > 0) {
        memcpy(body->refs, refs, count * sizeof *refs);
    }
    if (len > 0) {
        memcpy(&body->refs[count], texts, len);
    }
    return body;
}

static bool same_texts(const struct oc_alert *a, const char *texts, size_t len)
{
    return a->body->text_len == len && (len == 0 || memcmp(texts_of(a), texts, len) == 0);
}

bool oc_alert_set_texts(struct oc_alert *a, const char *texts, size_t len)
{
    struct oc_alert_body *old = a->body;
    if (same_texts(a, texts, len)) {
        return false;
    }
    a->body = new_body(old->refs, old->ref_count, texts, len);
    free(old);
    return true;
}

static bool same_refs(const struct oc_alert_body *body, const struct oc_label_ref *refs,
                      size_t count)
{
    if (body->ref_count != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (body->refs[i].pair != refs[i].pair) {
            return false;
        }
    }
    return true;
}

bool oc_alert_set_body(struct oc_alerts *t, struct oc_alert *a, const struct oc_label_ref *refs,
                       size_t count, const char *texts, size_t len)
{
    struct oc_alert_body *old = a->body;
    if (same_refs(old, refs, count)) {
        return oc_alert_set_texts(a, texts, len);
    }
    /* Pairs that stay must not be dropped in between. */
    for (size_t i = 0; i < count; i++) {
        oc_labels_hold(&t->labels, refs[i].pair);
    }
    for (uint32_t i = 0; i < old->ref_count; i++) {
        oc_labels_unlink(&t->labels, &old->refs[i]);
    }
    a->body = new_body(refs, count, texts, len);
    for (size_t i = 0; i < count; i++) {
        oc_labels_link(&t->labels, &a->body->refs[i], a->index);
        oc_labels_release(&t->labels, refs[i].pair);
    }
    free(old);
    return true;
}

const char *oc_alert_label(const struct oc_alerts *t, const struct oc_alert *a, const char *name)
{
    for (uint32_t i = 0; i < a->body->ref_count; i++) {
        uint32_t pair = a->body->refs[i].pair;
        if (!(pair & OC_LABEL_OWN) && strcmp(oc_labels_name(&t->labels, pair), name) == 0) {
            return oc_labels_pair(&t->labels, pair)->value;
        }
    }
    return NULL;
}

static const char *label_or_empty(const struct oc_alerts *t, const struct oc_alert *a,
                                  const char *name)
{
    const char *value = oc_alert_label(t, a, name);
    return value ? value : "";
}

const char *oc_alert_rule(const struct oc_alerts *t, const struct oc_alert *a)
{
    return a->posted ? label_or_empty(t, a, "alertname") : oc_alert_text(a, OC_TEXT_RULE);
}

/* A label of that name from outside goes before ours. */
static bool has_rule_label(const struct oc_alerts *t, const struct oc_alert *a)
{
    return a->posted && oc_alert_label(t, a, "rule");
}

const char *oc_alert_record_field(const struct oc_alerts *t, const struct oc_alert *a,
                                  const char *name)
{
    static const struct {
        const char *name;
        enum oc_alert_text kind;
    } own[] = {
        {"instance", OC_TEXT_INSTANCE}, {"target", OC_TEXT_TARGET}, {"category", OC_TEXT_CATEGORY}};
    if (strcmp(name, "alertname") == 0 || (strcmp(name, "rule") == 0 && !has_rule_label(t, a))) {
        return oc_alert_rule(t, a);
    }
    if (strcmp(name, "severity") == 0 && !a->posted) {
        return oc_alert_severity_name((enum oc_alert_severity)a->severity);
    }
    for (size_t i = 0; !a->posted && i < OC_COUNT(own); i++) {
        if (strcmp(name, own[i].name) == 0) {
            return oc_alert_text(a, own[i].kind);
        }
    }
    return label_or_empty(t, a, name);
}

const char *oc_alert_message(const struct oc_alert *a)
{
    static const char *const names[] = {"summary", "message", "description", "title"};
    const char *text = oc_alert_text(a, OC_TEXT_MESSAGE);
    for (size_t i = 0; !*text && a->posted && i < OC_COUNT(names); i++) {
        text = oc_alert_annotation(a, names[i]);
    }
    return text;
}

/* ---- episodes ---- */

void oc_alert_begin(struct oc_alert *a, int64_t since)
{
    oc_escalation_begin(a);
    a->firing = true;
    a->starts_at = since;
    a->ends_at = 0;
    a->announced = false;
    a->resolve_due = false;
    a->unsilenced = false;
    a->told = 0;
    oc_alert_care_free(a->care); /* a new episode is nobody's yet */
    a->care = NULL;
    a->news = OC_ALERT_FIRED;
    a->dirty = true;
}

void oc_alert_end(struct oc_alert *a, int64_t at)
{
    a->firing = false;
    a->ends_at = at;
    a->expires_at = 0;
    a->resolve_due = a->told != 0;
    a->news = OC_ALERT_RESOLVED;
    a->dirty = true;
}

void oc_alert_set_severity(struct oc_alert *a, enum oc_alert_severity severity)
{
    severity = oc_escalation_severity(a, severity);
    if (severity > a->severity && a->firing && a->announced) {
        a->announced = false;
        a->waiting = false;
        a->unsilenced = true; /* groups that told of it tell once more */
        a->notified_at = 0;
        oc_alert_record_unacknowledge(a);
    }
    a->severity = (uint8_t)severity;
}
