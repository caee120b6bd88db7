/* What the running kernel can enforce: Landlock's ABI, seccomp filters. SPDX-License-Identifier: MIT
 *
 * Isolation asks this once and says honestly what is missing. The environment variable OPENCLAW_KERNEL lowers what was
 * found ("landlock=3,seccomp=0"), so that an old kernel can be tried on a new one; it never raises it. [any] */
#ifndef OC_SYS_KERNEL_H
#define OC_SYS_KERNEL_H

#include <jansson.h>
#include <stdbool.h>

/* The first Landlock ABI that knows of something. */
#define OC_LANDLOCK_FILES    1
#define OC_LANDLOCK_REFER    2 /* rename and link between folders */
#define OC_LANDLOCK_TRUNCATE 3
#define OC_LANDLOCK_PORTS    4 /* TCP connect and bind by port */
#define OC_LANDLOCK_DEVICES  5 /* ioctl of devices */
#define OC_LANDLOCK_SCOPES   6 /* signals and abstract unix sockets stay inside */

struct oc_kernel {
    int landlock; /* ABI; 0 = none */
    bool seccomp; /* filters */
};

void oc_kernel_probe(struct oc_kernel *kernel);
/* Lowers `kernel` by a text of the form above. Unknown words are ignored. */
void oc_kernel_lower(struct oc_kernel *kernel, const char *text);

/* {"landlock":7,"seccomp":true}; the caller owns it */
json_t *oc_kernel_json(const struct oc_kernel *kernel);

#endif
