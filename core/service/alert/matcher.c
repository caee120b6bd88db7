/* Matchers: parsing, matching, writing. SPDX-License-Identifier: MIT */
#include "matcher.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"

static const char *const operators[] = {"=", "!=", "=~", "!~"};

/* The operator that begins at s, or -1. */
static int operator_at(const char *s)
{
    if (s[0] == '=') {
        return s[1] == '~' ? OC_MATCH_GLOB : OC_MATCH_EQUAL;
    }
    if (s[0] == '!' && s[1] == '=') {
        return OC_MATCH_UNEQUAL;
    }
    return s[0] == '!' && s[1] == '~' ? OC_MATCH_NOT_GLOB : -1;
}

static int refuse(struct oc_error *err, const char *text)
{
    oc_error_set(err, OC_E_CONFIG, "'%.100s' is no matcher", text);
    oc_error_hint(err,
                  "Write a rule name, or NAME=VALUE, NAME!=VALUE, NAME=~GLOB or NAME!~GLOB with "
                  "rule, severity, instance, target, category or a label as NAME.");
    return OC_E_CONFIG;
}

int oc_matcher_parse(const char *text, struct oc_matcher *m, struct oc_error *err)
{
    size_t name = strcspn(text, "=!");
    memset(m, 0, sizeof *m);
    if (!*text || strlen(text) > 2 * OC_ALERT_NAME_MAX || !oc_utf8_valid(text, strlen(text))) {
        return refuse(err, text);
    }
    if (!text[name]) {
        *m = (struct oc_matcher){oc_strdup("rule"), oc_strdup(text), OC_MATCH_GLOB};
        return OC_OK;
    }
    int op = operator_at(text + name);
    if (name == 0 || op < 0) {
        return refuse(err, text);
    }
    m->name = oc_strndup(text, name);
    m->value = oc_strdup(text + name + strlen(operators[op]));
    m->op = (enum oc_matcher_op)op;
    return OC_OK;
}

void oc_matcher_finish(struct oc_matcher *m)
{
    OC_FREE(m->name);
    OC_FREE(m->value);
}

bool oc_matcher_holds(const struct oc_matcher *m, const struct oc_alert *alert)
{
    const char *value = oc_alert_record_field(alert, m->name);
    switch (m->op) {
    case OC_MATCH_EQUAL:
        return strcmp(value, m->value) == 0;
    case OC_MATCH_UNEQUAL:
        return strcmp(value, m->value) != 0;
    case OC_MATCH_GLOB:
        return oc_glob(m->value, value);
    case OC_MATCH_NOT_GLOB:
        return !oc_glob(m->value, value);
    }
    return false;
}

char *oc_matcher_text(const struct oc_matcher *m)
{
    return oc_asprintf("%s%s%s", m->name, operators[m->op], m->value);
}
