/* Trees of routes, and what came of an alert in one, as text for people. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_SERVICE_ALERT_ROUTES_TEXT_H
#define OC_SERVICE_ALERT_ROUTES_TEXT_H

#include <jansson.h>

#include "core/base/buf.h"

/* `tree` as a policy's routes() gives it; NULL is fine. One line for each route. */
void oc_routes_text_tree(const json_t *tree, struct oc_buf *out);
/* One line for each, behind what is there. */
void oc_routes_text_warnings(const json_t *warnings, struct oc_buf *out);
/* The answer of alert.routes.test. */
void oc_routes_text_test(const json_t *result, struct oc_buf *out);

#endif
