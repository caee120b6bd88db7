/* Remembering where alerts went. SPDX-License-Identifier: MIT */
#include "route_memo.h"

#include <string.h>

#include "core/base/mem.h"

#define SEED       UINT64_C(0x726f757465730001)
#define LABEL      "labels."
#define LABEL_SIZE (sizeof LABEL - 1)

void oc_route_memo_forget(struct oc_route_answer *answer)
{
    for (size_t i = 0; i < answer->words.count; i++) {
        free(answer->words.items[i].name);
    }
    OC_VEC_FINISH(&answer->words);
    OC_FREE(answer->key);
}

static void forget_all(struct oc_route_memo *m)
{
    for (size_t i = 0; i < OC_ROUTE_MEMO; i++) {
        oc_route_memo_forget(&m->answers[i]);
    }
}

void oc_route_memo_finish(struct oc_route_memo *m)
{
    forget_all(m);
    oc_buf_finish(&m->key);
}

/* What a policy is told of an alert and no key can hold: it is long, or no two alerts have it in common. */
static bool can_be_told(const json_t *reads)
{
    static const char *const others[] = {"id",      "metric",      "value",     "labels",
                                         "message", "annotations", "starts_at", "notifications"};
    for (size_t i = 0; i < json_array_size(reads); i++) {
        const char *name = json_string_value(json_array_get(reads, i));
        for (size_t k = 0; k < OC_COUNT(others); k++) {
            if (strcmp(name, others[k]) == 0) {
                return false;
            }
        }
    }
    return json_array_size(reads) > 0;
}

void oc_route_memo_begin(struct oc_route_memo *m, struct oc_question *question, uint64_t generation,
                         uint64_t version, int64_t now)
{
    if (m->generation != generation) {
        m->reads = oc_question_reads_only(question);
        m->fits = m->reads && can_be_told(m->reads);
        m->timed = m->fits && oc_question_reads(question, "at");
    }
    if (m->generation != generation || m->version != version || (m->timed && m->now != now)) {
        forget_all(m);
    }
    m->generation = generation;
    m->version = version;
    m->now = now;
}

/* ---- what is read of an alert ---- */

/* NULL: it is not there. */
static const char *value_of(const struct oc_alerts *t, const struct oc_alert *a, const char *name)
{
    static const char *const facts[] = {"category", "instance", "target"};
    if (strncmp(name, LABEL, LABEL_SIZE) == 0) {
        return oc_alert_label(t, a, name + LABEL_SIZE);
    }
    if (strcmp(name, "severity") == 0) {
        return oc_alert_severity_name((enum oc_alert_severity)a->severity);
    }
    if (strcmp(name, "state") == 0) {
        return a->firing ? "firing" : "resolved";
    }
    if (strcmp(name, "rule") == 0) {
        return oc_alert_rule(t, a);
    }
    for (size_t i = 0; i < OC_COUNT(facts); i++) {
        if (strcmp(name, facts[i]) == 0) {
            return oc_alert_record_field(t, a, name);
        }
    }
    return NULL; /* the same for all: channels and time, or nothing that the policy is told */
}

static void write_key(struct oc_route_memo *m, const struct oc_alerts *t, const struct oc_alert *a)
{
    oc_buf_clear(&m->key);
    for (size_t i = 0; i < json_array_size(m->reads); i++) {
        const char *value = value_of(t, a, json_string_value(json_array_get(m->reads, i)));
        oc_buf_addc(&m->key, value ? '=' : '-');
        if (value) {
            oc_buf_add(&m->key, value, strlen(value) + 1);
        }
    }
}

/* Rules may name their channels. */
static bool has_wishes(const struct oc_alert *a)
{
    struct oc_alert_text_item item;
    for (size_t at = 0; !a->posted && oc_alert_text_next(a, &at, &item);) {
        if (item.kind == OC_TEXT_CHANNEL) {
            return true;
        }
    }
    return false;
}

struct oc_route_answer *oc_route_memo_place(struct oc_route_memo *m, const struct oc_alerts *t,
                                            const struct oc_alert *a)
{
    if (!m->fits || has_wishes(a)) {
        return NULL;
    }
    write_key(m, t, a);
    const uint64_t hash = oc_hash_bytes(m->key.data, m->key.len, SEED);
    struct oc_route_answer *answer = &m->answers[hash % OC_ROUTE_MEMO];
    if (answer->key &&
        (answer->len != m->key.len || memcmp(answer->key, m->key.data, answer->len) != 0)) {
        oc_route_memo_forget(answer);
    }
    return answer;
}

void oc_route_memo_keep(struct oc_route_memo *m, struct oc_route_answer *answer)
{
    answer->key = oc_memdup(m->key.data, m->key.len);
    answer->len = m->key.len;
}
