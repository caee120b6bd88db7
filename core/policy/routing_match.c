/* Matchers of routes. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/policy/routing.h"

#define MATCHER_MAX 1024 /* bytes of one */

static int refuse(struct oc_error *err, const char *text)
{
    oc_error_set(err, OC_E_CONFIG, "'%.100s' is no matcher", text);
    oc_error_hint(err, "Write NAME=VALUE, NAME!=VALUE, NAME=~\"REGEX\" or NAME!~\"REGEX\".");
    return OC_E_CONFIG;
}

static char *trimmed(const char *s, size_t len)
{
    while (len > 0 && strchr(" \t\n\r", s[0])) {
        s++;
        len--;
    }
    while (len > 0 && strchr(" \t\n\r", s[len - 1])) {
        len--;
    }
    return oc_strndup(s, len);
}

/* "..." with \" \\ \n; NULL when the quotes do not end where the text does. */
static char *unquoted(const char *s)
{
    struct oc_buf out = {0};
    for (s++; *s && *s != '"'; s++) {
        if (*s == '\\' && (s[1] == '"' || s[1] == '\\' || s[1] == 'n')) {
            s++;
            oc_buf_addc(&out, *s == 'n' ? '\n' : *s);
        } else {
            oc_buf_addc(&out, *s);
        }
    }
    if (*s != '"' || s[1]) {
        oc_buf_finish(&out);
        return NULL;
    }
    oc_buf_addc(&out, '\0');
    out.len--;
    return oc_buf_take(&out);
}

static int operator_at(const char *s, enum oc_routing_op *op)
{
    if (s[0] == '=') {
        *op = s[1] == '~' ? OC_ROUTING_REGEX : OC_ROUTING_EQUAL;
        return s[1] == '~' ? 2 : 1;
    }
    if (s[0] == '!' && (s[1] == '=' || s[1] == '~')) {
        *op = s[1] == '~' ? OC_ROUTING_NOT_REGEX : OC_ROUTING_UNEQUAL;
        return 2;
    }
    return 0;
}

int oc_routing_parse(const char *text, struct oc_routing_matcher *m, struct oc_error *err)
{
    size_t name = strcspn(text, "=!");
    int rc = OC_OK, width = operator_at(text + name, &m->op);
    memset(m, 0, sizeof *m);
    if (strlen(text) > MATCHER_MAX || width == 0) {
        return refuse(err, text);
    }
    operator_at(text + name, &m->op);
    m->name = trimmed(text, name);
    m->value = trimmed(text + name + width, strlen(text + name + width));
    if (m->value[0] == '"') {
        char *inner = unquoted(m->value);
        free(m->value);
        m->value = inner;
    }
    if (!m->name[0] || !m->value) {
        rc = refuse(err, text);
    } else if (m->op == OC_ROUTING_REGEX || m->op == OC_ROUTING_NOT_REGEX) {
        m->regex = oc_regex_create(m->value, err);
        rc = m->regex ? OC_OK : OC_E_CONFIG;
    }
    if (rc != OC_OK) {
        oc_routing_finish(m);
    }
    return rc;
}

void oc_routing_finish(struct oc_routing_matcher *m)
{
    OC_FREE(m->name);
    OC_FREE(m->value);
    oc_regex_destroy(m->regex);
    m->regex = NULL;
}

bool oc_routing_holds(const struct oc_routing_matcher *m, const char *value, size_t len)
{
    switch (m->op) {
    case OC_ROUTING_EQUAL:
        return strcmp(value, m->value) == 0;
    case OC_ROUTING_UNEQUAL:
        return strcmp(value, m->value) != 0;
    case OC_ROUTING_REGEX:
        return oc_regex_match(m->regex, value, len);
    case OC_ROUTING_NOT_REGEX:
        return !oc_regex_match(m->regex, value, len);
    }
    return false;
}
