/* The runbooks that the binary carries: the files of etc/runbooks. SPDX-License-Identifier: MIT [any] */
#ifndef OC_SERVICE_RUNBOOK_SHIPPED_H
#define OC_SERVICE_RUNBOOK_SHIPPED_H

struct oc_shipped_runbook {
    const char *name; /* "agent-restart"; NULL ends the table */
    const char *text, *end;
};
extern const struct oc_shipped_runbook oc_shipped_runbooks[]; /* in byte order of names */

#endif
