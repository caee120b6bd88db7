/* One alert: what fired, since when, and who was told. SPDX-License-Identifier: MIT  [loop]
 *
 * An alert is one (rule, labels) pair, named by its fingerprint. It goes firing -> resolved ->
 * firing ...; each stay in `firing` is an episode. Times are wall ms, 0 = never. */
#ifndef OC_SERVICE_ALERT_RECORD_H
#define OC_SERVICE_ALERT_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define OC_ALERT_TEXT_MAX   4096 /* bytes kept of a message */
#define OC_ALERT_NAME_MAX   256  /* bytes kept of any other string */
#define OC_ALERT_LABELS_MAX 32

enum oc_alert_severity {
    OC_ALERT_INFO,
    OC_ALERT_WARNING,
    OC_ALERT_CRITICAL,
};

/* What the bus has not been told yet. */
enum oc_alert_news { OC_ALERT_NO_NEWS, OC_ALERT_FIRED, OC_ALERT_RESOLVED };

struct oc_alert {
    /* Owned; as the last rule event had them: rule, category, instance, target, labels, metric,
     * value, message, reason. Strings are bounded and valid UTF-8, all of them present. */
    json_t *facts;
    char id[65]; /* the fingerprint */
    enum oc_alert_severity severity;
    bool firing;
    int64_t starts_at, ends_at, updated_at;

    int64_t acknowledged_at;
    char *acknowledged_by, *comment; /* owned; NULL unless acknowledged */

    char silenced_by[37]; /* the silence that holds now, or "" */
    bool unsilenced;      /* a silence ended during this episode and nothing was sent since */

    bool announced;         /* this episode's firing was notified (or there was nobody to notify) */
    bool resolve_due;       /* its end is to be notified */
    int64_t notified_at;    /* the last notification of firing, of any episode */
    uint32_t notifications; /* of firing, ever */
    json_t *told;           /* owned; names of the channels told about this episode */

    bool dirty; /* differs from what the store has */
    enum oc_alert_news news;
};

/* A resolved alert that knows only its id (cut to fit). */
struct oc_alert *oc_alert_record_create(const char *id);
void oc_alert_record_destroy(struct oc_alert *a); /* NULL is fine */

/* Takes over what a rule event says. `firing` is its direction, `now` the time of what it lacks. */
void oc_alert_record_update(struct oc_alert *a, const json_t *event, bool firing, int64_t now);

void oc_alert_record_acknowledge(struct oc_alert *a, const char *by, const char *comment,
                                 int64_t at);
void oc_alert_record_unacknowledge(struct oc_alert *a);

/* As operations, events, policies and channels show it; owned by the caller. */
json_t *oc_alert_record_json(const struct oc_alert *a);
/* As the store keeps it; and back, NULL when `json` is no alert. */
json_t *oc_alert_record_save(const struct oc_alert *a);
struct oc_alert *oc_alert_record_load(const json_t *json);

/* "rule", "severity", "instance", "target", "category", or else the label of that name; "" when
 * absent. */
const char *oc_alert_record_field(const struct oc_alert *a, const char *name);

const char *oc_alert_severity_name(enum oc_alert_severity severity);
/* 0, or -1 when `name` is none ("info" "warning" "critical"). */
int oc_alert_severity_parse(const char *name, enum oc_alert_severity *severity);

#endif
