/* The words of a group's notification. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/buf.h"
#include "core/service/alert/group/flush.h"

static enum oc_alert_severity gravest(const struct oc_flush_counts *c)
{
    enum oc_alert_severity severity = OC_ALERT_CRITICAL;
    while (severity > OC_ALERT_INFO && c->severity[severity] == 0) {
        severity--;
    }
    return severity;
}

static bool is_mixed(const struct oc_flush_counts *c)
{
    const enum oc_alert_severity top = gravest(c);
    for (int i = OC_ALERT_INFO; i < (int)top; i++) {
        if (c->severity[i] > 0) {
            return true;
        }
    }
    return false;
}

/* "critical", or "critical (2), warning (3)": so "5 {{severity}} alerts" says the gravest, and does not say that all are. */
static void add_severities(struct oc_buf *out, const struct oc_flush_counts *c)
{
    const bool mixed = is_mixed(c);
    const char *between = "";
    if (!mixed) {
        oc_buf_adds(out, oc_alert_severity_name(gravest(c)));
        return;
    }
    for (int i = OC_ALERT_CRITICAL; i >= OC_ALERT_INFO; i--) {
        if (c->severity[i] > 0) {
            oc_buf_addf(out, "%s%s (%zu)", between,
                        oc_alert_severity_name((enum oc_alert_severity)i), c->severity[i]);
            between = ", ";
        }
    }
}

static bool is_word(const char *name, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(name, word, len) == 0;
}

/* A label of the group of that name goes before our own words. */
static bool add_label(struct oc_buf *out, const char *name, size_t len,
                      const struct oc_group *group)
{
    for (size_t i = 0; i < group->label_count; i++) {
        if (is_word(name, len, group->labels[i].name)) {
            oc_buf_adds(out, group->labels[i].value);
            return true;
        }
    }
    return false;
}

static void add_value(struct oc_buf *out, const char *name, size_t len,
                      const struct oc_group *group, const struct oc_flush_counts *c)
{
    enum oc_alert_severity severity;
    char word[16] = "";
    memcpy(word, name, len < sizeof word ? len : 0);
    if (add_label(out, name, len, group)) {
        return;
    }
    if (is_word(name, len, "count")) {
        oc_buf_addf(out, "%zu", c->firing ? c->firing : c->resolved);
    } else if (is_word(name, len, "firing")) {
        oc_buf_addf(out, "%zu", c->firing);
    } else if (is_word(name, len, "resolved")) {
        oc_buf_addf(out, "%zu", c->resolved);
    } else if (is_word(name, len, "severity")) {
        add_severities(out, c);
    } else if (is_word(name, len, "gravest")) {
        oc_buf_adds(out, oc_alert_severity_name(gravest(c)));
    } else if (is_word(name, len, "channel")) {
        oc_buf_adds(out, group->channel);
    } else if (oc_alert_severity_parse(word, &severity) == 0) {
        oc_buf_addf(out, "%zu", c->severity[severity]);
    }
}

static void fill(struct oc_buf *out, const char *pattern, const struct oc_group *group,
                 const struct oc_flush_counts *c)
{
    const char *open, *close;
    while ((open = strstr(pattern, "{{")) && (close = strstr(open, "}}"))) {
        oc_buf_add(out, pattern, (size_t)(open - pattern));
        add_value(out, open + 2, (size_t)(close - open) - 2, group, c);
        pattern = close + 2;
    }
    oc_buf_adds(out, pattern);
}

bool oc_flush_fills(const struct oc_leaf *leaf, const char *name)
{
    static const char *const words[] = {"count",   "firing",   "resolved", "severity", "gravest",
                                        "channel", "critical", "warning",  "info"};
    bool known = leaf->each; /* by whatever labels the alert has */
    for (size_t i = 0; i < OC_COUNT(words); i++) {
        known = known || strcmp(words[i], name) == 0;
    }
    for (size_t i = 0; i < leaf->group_by.count; i++) {
        known = known || strcmp(leaf->group_by.items[i], name) == 0;
    }
    return known;
}

static void add_usual(struct oc_buf *out, const struct oc_group *group,
                      const struct oc_flush_counts *c)
{
    const char *top = oc_alert_severity_name(gravest(c));
    if (c->firing > 0 && is_mixed(c)) {
        oc_buf_addf(out, "%zu alerts, ", c->firing);
        add_severities(out, c);
    } else if (c->firing > 0) {
        oc_buf_addf(out, "%zu %s alert%s", c->firing, top, c->firing == 1 ? "" : "s");
    }
    if (c->resolved > 0) {
        oc_buf_addf(out, "%s%zu resolved", c->firing ? ", " : "", c->resolved);
    }
    for (size_t i = 0; i < group->label_count && out->len < OC_ALERT_TEXT_MAX; i++) {
        oc_buf_addf(out, "%s%s=%s", i ? " " : ": ", group->labels[i].name, group->labels[i].value);
    }
}

char *oc_flush_text(const char *pattern, const struct oc_group *group,
                    const struct oc_flush_counts *counts)
{
    struct oc_buf out = {0};
    if (pattern) {
        fill(&out, pattern, group, counts);
    } else {
        add_usual(&out, group, counts);
    }
    return oc_buf_take(&out);
}
