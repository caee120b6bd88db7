/* Checks of what targets are called. SPDX-License-Identifier: MIT [any] */
#ifndef OC_PROBE_NAMES_H
#define OC_PROBE_NAMES_H

#include <stddef.h>

#include <openclaw/plugin.h>

/* OC_E_CONFIG when two of `count` names are equal: their samples would be one series. The i-th name
 * is the `const char *` at `first` plus i * stride bytes. */
int oc_names_check(const char *const *first, size_t count, size_t stride, struct oc_error *err);

/* Puts "target <name>: " before the message of `err`; returns its code. An empty name changes
 * nothing. */
int oc_names_prefix(struct oc_error *err, const char *name);

#endif
