/* What the parts of the conformance runner share. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_CONFORMANCE_H
#define OC_TESTS_CONFORMANCE_H

#include <jansson.h>
#include <stdbool.h>

#include <openclaw/plugin.h>

#include "core/base/error.h"

/* binary.c: what the file itself promises: one export, no run path, no text relocations, no
 * executable stack. */
int conformance_check_binary(const char *so, struct oc_error *err);

/* config.c: a configuration that the option table accepts: defaults, and something plausible where
 * one is required. Hosts, ports and URLs lead to `port` on the loopback; paths into `dir`. Owned by
 * the caller. */
json_t *conformance_config(const struct oc_plugin_entry *entry, int port, const char *dir);
/* The same with option number `n` made odd in way number `way`; NULL when there is no such option
 * or way. */
json_t *conformance_odd_config(const struct oc_plugin_entry *entry, int port, const char *dir,
                               size_t n, size_t way);
/* The name of the first option, nested ones too, that has no help; NULL when all have. */
const char *conformance_without_help(const struct oc_plugin_entry *entry);

#endif
