/* The first start: how to sign in. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_DAEMON_GREET_H
#define OC_DAEMON_GREET_H

#include <stdbool.h>

#include "core/op/op.h"

/* Where the API serves the dashboard and nobody has ever signed in: a one-time login link on the terminal of a daemon in the
 * foreground, and only there. A log stays, so it is told no more than which command makes a link. */
void oc_greet(struct oc_ops *ops, bool foreground);

#endif
