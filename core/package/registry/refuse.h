/* How the registry code says no: one code, one reason word, one message, one remedy. SPDX-License-Identifier: MIT  [any]
 *
 * Every reason word is a heading of docs/errors.md. */
#ifndef OC_PACKAGE_REGISTRY_REFUSE_H
#define OC_PACKAGE_REGISTRY_REFUSE_H

#include "core/package/work.h"

/* Fills w->err and details.reason; returns the code. */
int oc_refuse(struct oc_work *w, int code, const char *reason, const char *hint, const char *fmt,
              ...) __attribute__((format(printf, 5, 6)));
/* The reason word that was given last, "" when there was none. */
const char *oc_refusal(const struct oc_work *w);
/* Forgets an error that has been dealt with. */
void oc_refuse_clear(struct oc_work *w);

#endif
