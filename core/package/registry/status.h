/* What a registry says about versions after they were published. SPDX-License-Identifier: MIT  [any]
 *
 * A package's status: {"deprecated":text,"quarantined":text,"yanked":{"1.2.0":text},
 *   "advisories":[{"id","severity","range","summary","url","fixed"}]}; severity is low, medium, high, critical or malicious. */
#ifndef OC_PACKAGE_REGISTRY_STATUS_H
#define OC_PACKAGE_REGISTRY_STATUS_H

#include <jansson.h>
#include <stdbool.h>

/* Of one version: {"yanked":bool,"yank_reason","deprecated":text|null,"quarantined":text|null,"advisories":[..]}; owned. */
json_t *oc_status_of(const json_t *package, const char *version);
/* May it be installed? NULL, or the word for why not: "yanked", "quarantined", "malicious". */
const char *oc_status_bars(const json_t *status);

#endif
