/* The document of alerts that others post, read alert by alert. SPDX-License-Identifier: MIT  [any]
 *
 * [{"labels":{..},"annotations":{..},"startsAt","endsAt","generatorURL"}, ..]; members that are not known are skipped. */
#ifndef OC_SERVICE_ALERT_POST_H
#define OC_SERVICE_ALERT_POST_H

#include "core/base/error.h"
#include "core/base/jsonscan.h"
#include "core/service/alert/intake/ingest.h"

struct oc_post_pair {
    struct oc_view name, value;
};

/* One alert; views live until the next one is read. */
struct oc_post_alert {
    struct oc_post_pair labels[OC_INGEST_LABELS_MAX]; /* sorted by name, each once, none empty */
    struct oc_post_pair annotations[OC_INGEST_LABELS_MAX]; /* each once */
    size_t label_count, annotation_count;
    struct oc_view generator;
    int64_t starts_at, ends_at; /* wall ms; 0: not given */
    uint64_t fingerprint;
    const char *wrong; /* why it cannot be taken; NULL: it can */
    enum oc_ingest_reason reason;
    bool has_labels; /* the member is there */
};

struct oc_post {
    struct oc_scan scan;
    bool first, whole;
    struct {
        char text[64];
        size_t len;
        int64_t at;
    } last_time; /* the same end stands in a thousand alerts */
};

void oc_post_init(struct oc_post *p, const char *body, size_t len);
/* False at the end, also where the document turns out to be wrong: p->scan.wrong says how. */
bool oc_post_next(struct oc_post *p, struct oc_post_alert *alert);
void oc_post_finish(struct oc_post *p);

/* ---- postcheck.c ---- */

/* A time that Alertmanager takes: RFC 3339 with a capital T and Z and without leap seconds, or without an offset, which is UTC. */
bool oc_post_time(const char *text, size_t len, int64_t *ms);
/* An address that it takes for a generatorURL: with a scheme, or a path from the root. */
bool oc_post_uri(const char *text, size_t len);

#endif
