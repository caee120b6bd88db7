/* One alert: what fired, since when, and who was told. SPDX-License-Identifier: MIT  [loop]
 *
 * An alert is one label set, named by its fingerprint. It goes firing -> resolved -> firing ...; each stay in `firing` is an episode. Times are wall ms, 0 = never.
 *
 * There may be a hundred thousand of them, so the record is packed: what alerts have in common (labels, names of channels, ids of silences) is
 * kept once in the table (table.h), all texts of an alert are one allocation, what few alerts have (an acknowledgement) is apart. */
#ifndef OC_SERVICE_ALERT_RECORD_H
#define OC_SERVICE_ALERT_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/service/alert/table/labels.h"

#define OC_ALERT_TEXT_MAX   4096 /* bytes kept of a message */
#define OC_ALERT_NAME_MAX   256  /* bytes kept of any other string of a rule */
#define OC_ALERT_LABELS_MAX 32   /* of a rule's alert */
#define OC_ALERT_ID_MAX     64

enum oc_alert_severity {
    OC_ALERT_INFO,
    OC_ALERT_WARNING,
    OC_ALERT_CRITICAL,
};

/* What the bus has not been told yet. */
enum oc_alert_news { OC_ALERT_NO_NEWS, OC_ALERT_FIRED, OC_ALERT_RESOLVED };

/* Kinds of texts. Annotations have a name, too; channel wishes and annotations may be there more than once. */
enum oc_alert_text {
    OC_TEXT_ID = 1,     /* the id, when it is no fingerprint */
    OC_TEXT_ANNOTATION, /* name, value */
    OC_TEXT_GENERATOR,
    OC_TEXT_RULE, /* this and the next: of alerts of our own rules only */
    OC_TEXT_CATEGORY,
    OC_TEXT_INSTANCE,
    OC_TEXT_TARGET,
    OC_TEXT_METRIC,
    OC_TEXT_VALUE, /* JSON */
    OC_TEXT_MESSAGE,
    OC_TEXT_REASON,
    OC_TEXT_CHANNEL, /* wanted by the rule */
};

/* Labels and texts of one alert in one allocation: refs, then texts. */
struct oc_alert_body {
    uint32_t ref_count, text_len;
    struct oc_label_ref refs[];
};

/* What people said about it. */
struct oc_alert_care {
    int64_t acknowledged_at, assigned_at;
    int64_t acknowledged_until;      /* then it counts no more; 0: for good */
    char *acknowledged_by, *comment; /* owned; NULL unless acknowledged */
    char *assigned_to, *assigned_by; /* owned; NULL unless assigned */
};

struct oc_alert {
    uint64_t key;                     /* the fingerprint, or a hash of the id */
    struct oc_alert_body *body;       /* owned; NULL: this place of the table is free */
    struct oc_alert_care *care;       /* owned; NULL when nobody said anything */
    struct oc_escalation *escalation; /* owned; NULL when there is none (escalate.h) */
    int64_t starts_at, ends_at, updated_at;
    int64_t
        expires_at; /* posted: when it ends unless posted again; 0 = it does not end by itself */
    int64_t notified_at;    /* the last notification of firing, of any episode */
    int64_t due_at;         /* when it is to be looked at again, while it is in the heap */
    uint64_t told;          /* bits of channels (table.h) that were told about this episode */
    uint32_t index;         /* its place in the table */
    uint32_t heap_at;       /* its place in the heap + 1; 0: not in it */
    uint32_t segment;       /* of the journal, with its newest whole record; 0: none */
    uint32_t silence;       /* number of the silence that holds now; 0: none */
    uint32_t notifications; /* of firing, ever */
    uint8_t severity;       /* enum oc_alert_severity */
    uint8_t news;           /* enum oc_alert_news */
    bool firing : 1;
    bool posted : 1;      /* from outside */
    bool unsilenced : 1;  /* a silence ended during this episode and nothing was sent since */
    bool announced : 1;   /* this episode's firing was notified (or there was nobody to notify) */
    bool resolve_due : 1; /* its end is to be notified */
    bool dirty : 1;       /* differs from what the journal has */
    bool touched : 1;     /* only in its times */
    bool changed : 1;     /* waits for the next round */
    bool timeout : 1;     /* expires_at is ours: the post named no end */
    bool escalation_asked : 1; /* the policy was asked what comes next, in this run */
    bool waiting : 1;          /* it was routed, and a group of its has not told of it yet */
    bool inhibited : 1;        /* another alert keeps it quiet: when it was looked at last */
    bool source : 1;           /* it keeps others quiet, or may (inhibit.h) */
    bool lingers : 1;          /* it is a source by rules that let it be one after its end */
    bool restored : 1;         /* from the journal, and its groups are not known again yet */
};

struct oc_alerts;

/* ---- reading ---- */

struct oc_alert_text_item {
    enum oc_alert_text kind;
    const char *name, *value; /* NUL-terminated */
};
/* Steps through the texts: begin with *at = 0; false at the end. */
bool oc_alert_text_next(const struct oc_alert *a, size_t *at, struct oc_alert_text_item *item);
/* The first text of a kind, or "". */
const char *oc_alert_text(const struct oc_alert *a, enum oc_alert_text kind);
const char *oc_alert_annotation(const struct oc_alert *a, const char *name); /* "" when absent */

/* The id as text; `buf` is used for fingerprints. */
const char *oc_alert_id(const struct oc_alert *a, char buf[OC_ALERT_ID_MAX + 1]);
/* "rule" (or "alertname"), "severity", "instance", "target", "category", or else the label of that name; "" when
 * absent. */
const char *oc_alert_record_field(const struct oc_alerts *t, const struct oc_alert *a,
                                  const char *name);
/* The label alone; NULL when absent. */
const char *oc_alert_label(const struct oc_alerts *t, const struct oc_alert *a, const char *name);
const char *oc_alert_rule(const struct oc_alerts *t, const struct oc_alert *a);
/* What happened, for people: the message, or the annotation that says so. */
const char *oc_alert_message(const struct oc_alert *a);
static inline int64_t oc_alert_acknowledged_at(const struct oc_alert *a)
{
    return a->care ? a->care->acknowledged_at : 0;
}

/* As operations, events, policies and channels show it; owned by the caller. */
json_t *oc_alert_record_json(const struct oc_alerts *t, const struct oc_alert *a);
/* Appends the same as text, without making a tree of it: several times as fast. */
void oc_alert_record_put(struct oc_buf *out, const struct oc_alerts *t, const struct oc_alert *a);

const char *oc_alert_severity_name(enum oc_alert_severity severity);
/* 0, or -1 when `name` is none ("info" "warning" "critical"). */
int oc_alert_severity_parse(const char *name, enum oc_alert_severity *severity);
/* Of a label from outside: other words in use are mapped; a warning when nothing fits. */
enum oc_alert_severity oc_alert_severity_guess(const char *name);

/* ---- changing ---- */

/* One text more to `texts`. */
void oc_alert_text_add(struct oc_buf *texts, enum oc_alert_text kind, const char *name,
                       size_t name_len, const char *value, size_t value_len);
/* Sets labels (their `at` is filled) and texts. False when they are what they were. */
bool oc_alert_set_body(struct oc_alerts *t, struct oc_alert *a, const struct oc_label_ref *refs,
                       size_t count, const char *texts, size_t len);
/* The texts alone. */
bool oc_alert_set_texts(struct oc_alert *a, const char *texts, size_t len);

/* The two ends of an episode. */
void oc_alert_begin(struct oc_alert *a, int64_t since);
void oc_alert_end(struct oc_alert *a, int64_t at);
/* A graver alert is another matter than the one that was announced and acknowledged. */
void oc_alert_set_severity(struct oc_alert *a, enum oc_alert_severity severity);

/* Takes over what a rule event says. `firing` is its direction, `now` the time of what it lacks. */
void oc_alert_record_update(struct oc_alerts *t, struct oc_alert *a, const json_t *event,
                            bool firing, int64_t now);
/* A record as the version before kept it in the store; `a` is new. */
void oc_alert_record_import(struct oc_alerts *t, struct oc_alert *a, const json_t *json);

void oc_alert_record_acknowledge(struct oc_alert *a, const char *by, const char *comment,
                                 int64_t at);
void oc_alert_record_unacknowledge(struct oc_alert *a);
void oc_alert_record_assign(struct oc_alert *a, const char *to, const char *by, int64_t at);
void oc_alert_record_unassign(struct oc_alert *a);
void oc_alert_care_free(struct oc_alert_care *care); /* NULL is fine */
struct oc_alert_care *oc_alert_care_dup(const struct oc_alert_care *care);

#endif
