/* Files that are part of the binary. SPDX-License-Identifier: MIT */
#ifndef OC_DAEMON_EMBEDDED_H
#define OC_DAEMON_EMBEDDED_H

/* etc/openclaw/defaults.conf, collectors.conf and schedules.conf, one after the other: the built-in layer. */
extern const char oc_embedded_defaults[];

#endif
