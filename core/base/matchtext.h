/* A matcher that names one value, as text for operations that take matchers. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_BASE_MATCHTEXT_H
#define OC_BASE_MATCHTEXT_H

/* NAME="VALUE" with what has to be escaped, whatever name and value hold; NAME is a label or a field (the name of an alert is "alertname", "rule" is
 * a label that has this name). Owned by the caller. */
char *oc_match_equal(const char *name, const char *value);

#endif
