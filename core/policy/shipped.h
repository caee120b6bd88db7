/* The policies that the binary carries: the files of etc/policies. SPDX-License-Identifier: MIT
 * [any] */
#ifndef OC_POLICY_SHIPPED_H
#define OC_POLICY_SHIPPED_H

struct oc_shipped_policy {
    const char *name; /* "route"; NULL ends the table */
    const char *text, *end;
};
extern const struct oc_shipped_policy oc_shipped_policies[]; /* in byte order of names */

#endif
