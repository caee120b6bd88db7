/* The readiness protocol of systemd: sd_notify(3) without the library. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_DAEMON_NOTIFY_H
#define OC_DAEMON_NOTIFY_H

#include "core/loop/loop.h"

/* Sends `state` ("READY=1", "STOPPING=1", "STATUS=...") to $NOTIFY_SOCKET; nothing when there is none. */
void oc_notify(const char *state);
/* Feeds the watchdog from the loop at half of $WATCHDOG_USEC; NULL when none is asked for. Destroy with oc_timer_destroy. */
struct oc_timer *oc_notify_watchdog(struct oc_loop *loop);

#endif
