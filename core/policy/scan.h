/* What a rule expression reads, found by its tokens. SPDX-License-Identifier: MIT
 *
 * An expression is one Lua expression without function literals: no statements, no loops, nothing
 * to change. So its text names everything that it can ever read: dotted names, and the quoted first
 * argument of avg, min, max, rate, changes and metric. The scan finds them and writes the chunk
 * that Lua compiles, in which `system.cpu_percent` has become `metric("system.cpu_percent")`. [any]
 */
#ifndef OC_POLICY_SCAN_H
#define OC_POLICY_SCAN_H

#include <jansson.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/time.h"

#define OC_EXPR_MAX        4096   /* bytes */
#define OC_EXPR_NAMES_MAX  32     /* different names */
#define OC_EXPR_NAME_MAX   200    /* bytes of one */
#define OC_EXPR_WINDOW_MAX OC_DAY /* that avg("name", "5m") looks back */

/* A window "5m" in ms. OC_E_CONFIG: it is none, or too long. */
int oc_expr_window(const char *text, int64_t *ms, struct oc_error *err);

/* *names: JSON array of the names in order of appearance, each once; owned by the caller. Appends
 * "return ..." to `chunk`. OC_E_CONFIG. */
int oc_expr_scan(const char *text, json_t **names, struct oc_buf *chunk, struct oc_error *err);

#endif
