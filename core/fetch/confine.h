/* Shuts this process in before it speaks to a server. SPDX-License-Identifier: MIT */
#ifndef OC_FETCH_CONFINE_H
#define OC_FETCH_CONFINE_H

#include <stdbool.h>

/* From here on no file can be made, written, removed or run, and only those can be read that name resolution and TLS need (/etc, /usr,
 * /lib, /run); open descriptors stay usable. False when the kernel has no Landlock: then only the limits are in force. */
bool oc_fetch_confine(void);

#endif
