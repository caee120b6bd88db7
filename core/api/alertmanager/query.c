/* The query parameters of alerts, groups and silences. SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "core/api/alertmanager/alertmanager.h"

struct reading {
    struct oc_alert_query *q;
    struct oc_am_matchers *matchers;
    struct oc_error err;
};

void oc_am_matchers_finish(struct oc_am_matchers *m)
{
    for (size_t i = 0; i < m->list.count; i++) {
        oc_matcher_finish(&m->list.items[i]);
    }
    OC_VEC_FINISH(&m->list);
}

/* What go-openapi takes for true; all else is false, and no error. */
static bool is_true(const char *value)
{
    static const char *const words[] = {"true", "1", "yes",      "ok",      "y",
                                        "on",   "t", "selected", "checked", "enabled"};
    for (size_t i = 0; i < OC_COUNT(words); i++) {
        if (strcasecmp(value, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void take_filter(struct reading *r, const char *value)
{
    struct oc_matcher m;
    if (r->err.code != OC_OK) {
        return;
    }
    if (r->matchers->list.count >= OC_AM_MATCHERS_MAX) {
        oc_error_set(&r->err, OC_E_CONFIG, "more than %d filters", OC_AM_MATCHERS_MAX);
    } else if (oc_matcher_parse_v2(value, &m, &r->err) == OC_OK) {
        OC_VEC_PUSH(&r->matchers->list, m);
    }
}

static void take(void *ctx, const char *name, const char *value)
{
    struct reading *r = ctx;
    if (strcmp(name, "filter") == 0) {
        take_filter(r, value);
    } else if (strcmp(name, "receiver") == 0) {
        r->q->receiver = value;
    } else if (strcmp(name, "active") == 0) {
        r->q->active = is_true(value);
    } else if (strcmp(name, "silenced") == 0) {
        r->q->silenced = is_true(value);
    } else if (strcmp(name, "inhibited") == 0) {
        r->q->inhibited = is_true(value);
    } else if (strcmp(name, "unprocessed") == 0) {
        r->q->unprocessed = is_true(value);
    }
}

bool oc_am_read_query(struct oc_http_request *r, struct oc_alert_query *q,
                      struct oc_am_matchers *matchers)
{
    struct reading reading = {.q = q, .matchers = matchers};
    oc_error_init(&reading.err);
    oc_alert_query_init(q);
    oc_http_query_each(r, take, &reading);
    if (reading.err.code != OC_OK) {
        oc_am_refuse(r, 400, "%s", reading.err.message);
        return false;
    }
    /* what oc_http_query_each gave is not ours to keep */
    q->receiver = q->receiver ? oc_http_query(r, "receiver") : NULL;
    q->matchers = matchers->list.items;
    q->matcher_count = matchers->list.count;
    return true;
}
