/* Reading the configuration files of the original system. SPDX-License-Identifier: MIT
 *
 * Knows three files by what is in them, whatever they are called: `monitoring-config.json`
 * (thresholds, channels, rules), `alert-rules.yaml` (thresholds, routing, channels) and
 * `openclaw.json` (agents, models). What has a place in our configuration is written as libconfig
 * text; everything else becomes a warning that says why and what to do instead. Secrets are never
 * copied: a reference to an environment variable takes their place. What our validator would refuse,
 * alone or beside what is shipped, is not written; but conditions of rules are not understood here,
 * only rewritten. What says something of collectors lists all that are built in, as listing one
 * takes the place of all. [any] */
#ifndef OC_CONFIG_IMPORT_H
#define OC_CONFIG_IMPORT_H

#include "core/base/buf.h"
#include "core/config/config.h"

/* How the hint begins of a finding about what `openclaw alert import` takes over. */
#define OC_IMPORT_AS_POLICY "`openclaw alert import` writes it as policies/"

/* Appends the configuration to `conf_text` and a finding for every key that it does not hold to
 * `diags`. Returns
 * {"format","file","mapped","not_mapped"} (owned by the caller): the format is one of the three
 * file names, `mapped` the number of values that were taken over. NULL when the file cannot be
 * read, is larger than 1 MiB, nests deeper than 32 levels, does not parse (OC_E_CONFIG) or is none
 * of the three (OC_E_UNSUPPORTED). */
json_t *oc_import(const char *file, struct oc_buf *conf_text, struct oc_diags *diags,
                  struct oc_error *err);
/* As oc_import for a text; `file` is its name in messages. */
json_t *oc_import_text(const char *file, const char *text, size_t len, struct oc_buf *conf_text,
                       struct oc_diags *diags, struct oc_error *err);

/* What a threshold of alert-rules.yaml is called here: "agent_health.heartbeat_warning_seconds" for "agent.heartbeatWarning". NULL:
 * the original has none of that name, or one that has no place here, and then err (OC_E_CONFIG) says why and what to do instead. */
const char *oc_import_threshold(const char *name, struct oc_error *err);

#endif
