/* The verbs that change what is installed; the table is in core/package/verbs_install.c. SPDX-License-Identifier: MIT */
#ifndef OC_PACKAGE_INSTALL_VERBS_H
#define OC_PACKAGE_INSTALL_VERBS_H

#include "core/package/work.h"

int oc_verb_install(struct oc_work *w);
int oc_verb_link(struct oc_work *w);
int oc_verb_unlink(struct oc_work *w);
int oc_verb_uninstall(struct oc_work *w);
int oc_verb_update(struct oc_work *w);
int oc_verb_outdated(struct oc_work *w);
int oc_verb_enable(struct oc_work *w);
int oc_verb_disable(struct oc_work *w);
int oc_verb_pin(struct oc_work *w);
int oc_verb_unpin(struct oc_work *w);
int oc_verb_grants(struct oc_work *w);
int oc_verb_grants_add(struct oc_work *w);
int oc_verb_grants_remove(struct oc_work *w);
int oc_verb_rollback(struct oc_work *w);
int oc_verb_generations(struct oc_work *w);
int oc_verb_gc(struct oc_work *w);
int oc_verb_verify(struct oc_work *w);
int oc_verb_lock(struct oc_work *w);
int oc_verb_bundle_create(struct oc_work *w);
int oc_verb_bundle_install(struct oc_work *w);

#endif
