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

#endif
