/* What this host is called: `host.name`, or the machine's name. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_CONFIG_HOST_NAME_H
#define OC_CONFIG_HOST_NAME_H

#include <stddef.h>

#include "core/config/node.h"

#define OC_HOST_NAME_SIZE 256

/* It goes into labels, pages and messages: one line of text without control characters, that fits. */
bool oc_host_name_is_sound(const char *name);
/* `root` of the configuration; a name that is not there, empty or not sound gives way to that of the machine. */
void oc_host_name(const struct oc_node *root, char name[OC_HOST_NAME_SIZE]);

#endif
