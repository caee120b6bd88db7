/* Every check that `openclaw plugin check` knows, as data: the engine, the reports and docs/checks come from it.
 * SPDX-License-Identifier: MIT  [any]
 *
 * An id is stable: it is never given to another check, and one that is not made any more is not used again. Its first digit
 * is the level. */
#ifndef OC_PACKAGE_CHECK_TABLE_H
#define OC_PACKAGE_CHECK_TABLE_H

#include <jansson.h>
#include <stdbool.h>

#define OC_CHECK_LEVEL_MAX 3

enum oc_severity { OC_SEVERITY_ERROR, OC_SEVERITY_WARNING, OC_SEVERITY_NOTE };

struct oc_check {
    const char *id;
    enum oc_severity severity;
    const char *title; /* a few words, lower case, without a full stop */
    const char *means; /* what was found; whole sentences */
    const char *why;   /* why it matters; whole sentences */
    const char *fix;   /* what to do; whole sentences */
};

/* By subject; each table ends with a NULL id. */
extern const struct oc_check oc_checks_manifest[], oc_checks_binary[], oc_checks_imports[],
    oc_checks_files[], oc_checks_run[];

const struct oc_check *oc_check_find(const char *id); /* NULL: there is none */
int oc_check_level(const struct oc_check *check);
const char *oc_severity_name(enum oc_severity severity); /* "error", "warning", "note" */
/* Calls fn for every check, in the order of their ids. */
void oc_check_each(void (*fn)(void *ctx, const struct oc_check *check), void *ctx);
/* [{"id","level","severity","title","means","why","fix"}]; owned by the caller. */
json_t *oc_check_table_json(void);

#endif
