/* The verbs of those who use registries; each has the name of its operation. SPDX-License-Identifier: MIT */
#ifndef OC_PACKAGE_REGISTRY_CONSUMER_H
#define OC_PACKAGE_REGISTRY_CONSUMER_H

#include "core/package/work.h"

int oc_consumer_add(struct oc_work *w);     /* registry.add */
int oc_consumer_list(struct oc_work *w);    /* registry.list */
int oc_consumer_remove(struct oc_work *w);  /* registry.remove */
int oc_consumer_refresh(struct oc_work *w); /* registry.refresh */
int oc_consumer_status(struct oc_work *w);  /* registry.status */
int oc_consumer_search(struct oc_work *w);  /* plugin.search */
int oc_consumer_lookup(struct oc_work *w); /* plugin.lookup: a package that need not be installed */
int oc_consumer_download(struct oc_work *w); /* plugin.download */
int oc_consumer_audit(struct oc_work *w);    /* plugin.audit */

#endif
