/* Delegations: who speaks for whom, without circles and not for ever. SPDX-License-Identifier: MIT */
#include "core/service/governance/delegation.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/text.h"

static bool signed_well(const struct oc_gov_delegation *d)
{
    return d->stamp.at < d->stamp.key_revoked;
}

/* The newest of a member for one scope that was accepted at or before `at`; NULL when it has none. */
static const struct oc_gov_delegation *newest(const struct oc_gov_delegation *list, size_t count,
                                              const char *from, const char *scope, int64_t at)
{
    const struct oc_gov_delegation *found = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct oc_gov_delegation *d = &list[i];
        if (strcmp(d->from, from) == 0 && strcmp(d->scope, scope) == 0 && d->stamp.at <= at &&
            signed_well(d) && (!found || d->stamp.index > found->stamp.index)) {
            found = d;
        }
    }
    return found;
}

static bool holds(const struct oc_gov_delegation *d, int64_t at)
{
    return d && strcmp(d->to, "-") != 0 && d->expires_at >= at;
}

/* The one of its category comes first; one that was taken back or has expired lets that for all through. */
static const struct oc_gov_delegation *in_force(const struct oc_gov_delegation *list, size_t count,
                                                const char *from, const char *scope, int64_t at)
{
    const struct oc_gov_delegation *d = newest(list, count, from, scope, at);
    return holds(d, at) ? d : newest(list, count, from, "all", at);
}

/* ---- adding one ---- */

static int check_fields(const struct oc_gov_delegation *d, int64_t now, struct oc_error *err)
{
    enum oc_gov_category category;
    const bool back = strcmp(d->to, "-") == 0;
    if (!oc_name_valid(d->from) || (!back && !oc_name_valid(d->to))) {
        return oc_error_set(err, OC_E_CONFIG, "a delegation needs the names of two members");
    }
    if (strcmp(d->from, d->to) == 0) {
        return oc_error_set(err, OC_E_CONFIG, "%s cannot delegate to itself", d->from);
    }
    if (strcmp(d->scope, "all") != 0 && !oc_gov_category_parse(d->scope, &category)) {
        return oc_error_set(err, OC_E_CONFIG, "\"%s\" is not a category", d->scope);
    }
    if (d->expires_at < now || d->expires_at - now > OC_DELEGATION_MAX) {
        oc_error_set(err, OC_E_CONFIG, "a delegation ends within 30 days and not in the past");
        oc_error_hint(err, "Give a time from now on, such as --for 7d.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

/* With `d` added, does its chain come back to where it starts? `path` collects the names. */
static bool closes_circle(const struct oc_gov_delegation *list, size_t count,
                          const struct oc_gov_delegation *d, const char *scope, int64_t now,
                          struct oc_buf *path)
{
    const char *member = d->to;
    oc_buf_clear(path);
    oc_buf_adds(path, d->from);
    for (size_t steps = 0; steps <= count; steps++) {
        oc_buf_addf(path, ", %s", member);
        if (strcmp(member, d->from) == 0) {
            return true;
        }
        const struct oc_gov_delegation *next = in_force(list, count, member, scope, now);
        if (!holds(next, now)) {
            return false;
        }
        member = next->to;
    }
    return false; /* a circle of others, who did not get it past this function */
}

/* One for all matters in each category in which its member has none of its own. */
static bool matters_in(const struct oc_gov_delegation *list, size_t count,
                       const struct oc_gov_delegation *d, const char *category, int64_t now)
{
    return strcmp(d->scope, category) == 0 ||
           (strcmp(d->scope, "all") == 0 &&
            !holds(newest(list, count, d->from, category, now), now));
}

int oc_gov_delegation_check(const struct oc_gov_delegation *list, size_t count,
                            const struct oc_gov_delegation *d, int64_t now, struct oc_error *err)
{
    struct oc_buf path = {0};
    int code = check_fields(d, now, err);
    const struct oc_gov_delegation *before =
        code == OC_OK ? newest(list, count, d->from, d->scope, INT64_MAX) : NULL;
    if (code == OC_OK && d->nonce <= (before ? before->nonce : 0)) {
        code =
            oc_error_set(err, OC_E_CONFLICT, "the nonce of the delegation is not above the last");
        oc_error_hint(err, "Use %llu or more.",
                      (unsigned long long)(before ? before->nonce + 1 : 1));
    }
    for (unsigned i = 0; code == OC_OK && strcmp(d->to, "-") != 0 && i < OC_GOV_CATEGORIES; i++) {
        const char *category = oc_gov_category_name((enum oc_gov_category)i);
        if (matters_in(list, count, d, category, now) &&
            closes_circle(list, count, d, category, now, &path)) {
            code =
                oc_error_set(err, OC_E_CONFLICT, "delegations would form a circle: %s", path.data);
            oc_error_hint(err, "One of them must speak for itself.");
        }
    }
    oc_buf_finish(&path);
    return code;
}

/* ---- for one proposal ---- */

static void insert(struct oc_delegation_record *records, size_t count,
                   const struct oc_delegation_record *record)
{
    size_t at = count;
    while (at > 0 && records[at - 1].stamp.index > record->stamp.index) {
        records[at] = records[at - 1];
        at--;
    }
    records[at] = *record;
}

size_t oc_gov_delegation_records(const struct oc_gov_delegation *list, size_t count,
                                 const struct oc_member *members, size_t member_count,
                                 enum oc_gov_category category, int64_t at,
                                 struct oc_delegation_record *records)
{
    size_t n = 0;
    for (size_t i = 0; i < member_count && n < OC_ELECTORS_MAX; i++) {
        const struct oc_gov_delegation *d =
            in_force(list, count, members[i].name, oc_gov_category_name(category), at);
        if (d) {
            const struct oc_delegation_record record = {
                .stamp = d->stamp,
                .from = (uint32_t)i,
                .to = oc_electorate_find(members, member_count, d->to),
                .expires_at = d->expires_at,
            };
            insert(records, n++, &record);
        }
    }
    return n;
}
