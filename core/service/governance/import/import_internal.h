/* What the readers of the original's governance files share. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_SERVICE_GOVERNANCE_IMPORT_INTERNAL_H
#define OC_SERVICE_GOVERNANCE_IMPORT_INTERNAL_H

#include "core/service/governance/import/import.h"

/* Appends {"path","level","message","hint"}. */
void oc_gov_finding(json_t *findings, const char *path, const char *level, const char *hint,
                    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
