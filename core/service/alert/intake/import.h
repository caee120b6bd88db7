/* alert-rules.yaml of the original system as policies: routing, suppression, escalation. SPDX-License-Identifier: MIT  [any]
 *
 * What becomes configuration (thresholds, channels, windows) is core/config/import/import.h's. The rest becomes tables in our policies: the shipped
 * file with its table replaced, so that what is imported can be read and changed like the shipped one. */
#ifndef OC_SERVICE_ALERT_IMPORT_H
#define OC_SERVICE_ALERT_IMPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/buf.h"

/* `source` with the tree of routing.rules in the place of its own; false when there is nothing to take over. Findings go to `findings` as {"key","message","hint"}. */
bool oc_alert_import_routes(const json_t *rules, const char *source, size_t len, struct oc_buf *out,
                            json_t *findings);
/* The same for suppression.rules: the severity cascade. */
bool oc_alert_import_inhibition(const json_t *rules, const char *source, size_t len,
                                struct oc_buf *out, json_t *findings);
/* The same for escalation.rules: the steps of a critical alert that nobody acknowledges, and how often a warning is too often. */
bool oc_alert_import_escalation(const json_t *rules, const char *source, size_t len,
                                struct oc_buf *out, json_t *findings);

/* ---- what these share ---- */

void oc_alert_import_find(json_t *findings, const char *key, const char *message, const char *hint);
/* The list `rules` of a section; NULL when there is none. What is no list is a finding. */
const json_t *oc_alert_import_list(const json_t *rules, const char *section, json_t *findings);
/* As a Lua string. */
void oc_alert_import_string(struct oc_buf *out, const char *s);
/* The source with `table` in the place of what is between the first `begin` and the `end` after it; false when there is no such place. */
bool oc_alert_import_replace(const char *source, size_t len, const char *begin, const char *end,
                             const struct oc_buf *table, struct oc_buf *out);

/* The line in which a key such as "suppression.rules[2].window" stands in a YAML text; the nearest one above it that can be found. 0: none. */
unsigned oc_alert_import_line(const char *text, const char *key);

#endif
