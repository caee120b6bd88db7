/* The short notation for values over time. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/service/rule/testing.h"

#define SPACE " \t\r\n"

struct token {
    struct oc_rule_value value;
    double step;
    long count;
    bool boolean;
};

/* A decimal number. strtod would take 0x10, ten zeros, for a hexadecimal one. */
static const char *read_number(const char *p, double *number)
{
    const char *digits = p + (*p == '-' || *p == '+');
    char *end = (char *)p;
    if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')) {
        *number = 0;
        return digits + 1;
    }
    *number = strtod(p, &end);
    return end != p && isfinite(*number) ? end : NULL;
}

/* What the token begins with; returns what follows, NULL when it is nothing known. */
static const char *read_value(const char *p, struct token *t)
{
    if (*p == '_') {
        t->value.absent = true;
        return p + 1;
    }
    if (oc_starts(p, "gone")) {
        t->value.value = NAN;
        return p + 4;
    }
    if (oc_starts(p, "true") || oc_starts(p, "false")) {
        t->boolean = true;
        t->value.value = *p == 't' ? 1 : 0;
        return p + (*p == 't' ? 4 : 5);
    }
    return read_number(p, &t->value.value);
}

/* [+STEP][xCOUNT] */
static bool read_rest(const char *p, const char *token_end, struct token *t)
{
    t->count = 1;
    if (*p == '+' || *p == '-') {
        p = read_number(p, &t->step);
    }
    if (p != NULL && *p == 'x') {
        char *end;
        t->count = strtol(p + 1, &end, 10);
        p = end > p + 1 && t->count >= 1 && t->count <= OC_RULE_VALUES_MAX ? end : NULL;
    }
    return p == token_end;
}

static bool add_token(struct oc_rule_values *v, const struct token *t)
{
    if (v->list.count + (size_t)t->count > OC_RULE_VALUES_MAX) {
        return false;
    }
    struct oc_rule_value value = t->value;
    for (long i = 0; i < t->count; i++) {
        OC_VEC_PUSH(&v->list, value);
        value.value += t->step;
    }
    v->boolean = v->boolean || t->boolean;
    return true;
}

int oc_rule_values_parse(struct oc_rule_values *v, const char *text, struct oc_error *err)
{
    const char *p = text + strspn(text, SPACE);
    memset(v, 0, sizeof(*v));
    while (*p != '\0') {
        struct token t = {0};
        size_t len = strcspn(p, SPACE);
        const char *rest = read_value(p, &t);
        if (rest == NULL || rest > p + len || !read_rest(rest, p + len, &t)) {
            oc_error_set(err, OC_E_CONFIG, "\"%.*s\" is not a value", (int)(len < 60 ? len : 60),
                         p);
            oc_error_hint(err, "Write 95, 95x10, 50+5x4, true, false, gone, or _ for no sample.");
            goto failed;
        }
        if (!add_token(v, &t)) {
            oc_error_set(err, OC_E_CONFIG, "more than %d values of one series", OC_RULE_VALUES_MAX);
            goto failed;
        }
        p += len;
        p += strspn(p, SPACE);
    }
    return OC_OK;
failed:
    oc_rule_values_finish(v);
    return OC_E_CONFIG;
}

void oc_rule_values_finish(struct oc_rule_values *v)
{
    OC_VEC_FINISH(&v->list);
}
