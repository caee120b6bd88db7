/* What a silence, a route, an inhibition or a filter speaks of: rule=~"disk_.*". SPDX-License-Identifier: MIT
 *
 * One meaning everywhere, Alertmanager's: NAME OP VALUE, with or without quotes, where OP is = != =~ !~ and the last two take a regular
 * expression that must match the whole value. NAME is rule, severity, instance, target, category or a label; a label that an alert does not
 * have counts as ""; "alertname" is the alert's name. On the command line a word without an operator is that name, in which * and ? match;
 * nowhere else is there a glob. Silences that were stored when =~ was one keep their meaning (docs/decisions/0038).
 *
 * An alert of others may have a label called "rule". What people write means the name by it (rule=x is read as alertname=x), and the label when
 * it is in quotes: "rule"=x. In API v2, in inhibition and in silences that were stored, "rule" is that label where an alert has it, else the name.
 *
 * Regular expressions (core/base/regex.h) run in linear time and are bounded in length, repetition and nesting, so that no pattern from
 * outside can hold the loop. [loop] */
#ifndef OC_SERVICE_ALERT_MATCHER_H
#define OC_SERVICE_ALERT_MATCHER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

struct oc_alert;
struct oc_alerts;
struct oc_regex;

#define OC_MATCHER_TEXT_MAX 1024 /* bytes of one matcher as text */

enum oc_matcher_op {
    OC_MATCH_EQUAL,
    OC_MATCH_UNEQUAL,
    OC_MATCH_GLOB,
    OC_MATCH_NOT_GLOB,
    OC_MATCH_REGEX,
    OC_MATCH_NOT_REGEX,
};

struct oc_matcher {
    char *name, *value; /* owned */
    enum oc_matcher_op op;
    struct oc_regex *regex; /* owned; NULL unless the operator wants one */
};

/* As people write it: a matcher, or an alert's name. OC_E_CONFIG with a hint when `text` is neither; then `m` holds nothing. */
int oc_matcher_parse(const char *text, struct oc_matcher *m, struct oc_error *err);
/* A matcher and nothing else: foo=bar, foo!="bar", {foo=~"a|b"}. */
int oc_matcher_parse_v2(const char *text, struct oc_matcher *m, struct oc_error *err);
/* From parts; copies. */
int oc_matcher_make(const char *name, enum oc_matcher_op op, const char *value,
                    struct oc_matcher *m, struct oc_error *err);
int oc_matcher_copy(const struct oc_matcher *from, struct oc_matcher *m);
void oc_matcher_finish(struct oc_matcher *m);

/* For rendering in API v2: {name, value, isRegex, isEqual}. A glob's value is given as the regular expression that means the same; owned by the
 * caller. */
char *oc_matcher_v2_value(const struct oc_matcher *m);
bool oc_matcher_is_regex(const struct oc_matcher *m); /* a glob is one, too */
bool oc_matcher_is_equal(const struct oc_matcher *m); /* = and =~, not their opposites */

bool oc_matcher_holds_value(const struct oc_matcher *m, const char *value);
/* The same of a value whose length is known. */
bool oc_matcher_holds_text(const struct oc_matcher *m, const char *value, size_t len);
bool oc_matcher_holds(const struct oc_matcher *m, const struct oc_alerts *t,
                      const struct oc_alert *alert);
bool oc_matcher_same(const struct oc_matcher *a, const struct oc_matcher *b);
/* As oc_matcher_parse and oc_matcher_parse_v2 read it; a glob as the expression that means the same. Owned by the caller. */
char *oc_matcher_text(const struct oc_matcher *m);

/* ---- as the store has them: NAME OP VALUE without quotes, where =~ and !~ take a glob ---- */

int oc_matcher_parse_stored(const char *text, struct oc_matcher *m, struct oc_error *err);
/* Owned by the caller. Regular expressions are not stored so: =~/( )/ is how the very first ones were. */
char *oc_matcher_stored_text(const struct oc_matcher *m);

#endif
