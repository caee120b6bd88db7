/* Installed plugins by the words of a caller, and the answers of simple changes. SPDX-License-Identifier: MIT  [worker] */
#ifndef OC_PACKAGE_INSTALL_REFER_H
#define OC_PACKAGE_INSTALL_REFER_H

#include "core/package/txn.h"

/* By name or id; NULL and w->err (OC_E_NOT_FOUND, with the nearest name) when it is not installed. */
const struct oc_installed *oc_refer_find(struct oc_txn *t, const char *word);
const struct oc_installed *oc_refer_in(struct oc_work *w, const struct oc_state *state,
                                       const char *word);

char *oc_refer_about(const json_t *actions); /* "hello 1.0.0, world 2.0.0"; owned */
/* {"generation","actions","warnings"}; owned */
json_t *oc_refer_answer(const json_t *plan, uint64_t generation);

#endif
