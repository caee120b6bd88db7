/* What this host is called: `host.name`, or the machine's name. SPDX-License-Identifier: MIT */
#include "core/config/host_name.h"

#include <string.h>
#include <unistd.h>

#include "core/base/text.h"

bool oc_host_name_is_sound(const char *name)
{
    const size_t len = strlen(name);
    return len < OC_HOST_NAME_SIZE && oc_utf8_printable(name, len, false);
}

void oc_host_name(const struct oc_node *root, char name[OC_HOST_NAME_SIZE])
{
    const struct oc_node *given = oc_node_get(root, "host.name");
    if (given && given->type == OC_NODE_STRING && *given->string &&
        oc_host_name_is_sound(given->string)) {
        oc_copy(name, OC_HOST_NAME_SIZE, given->string);
        return;
    }
    oc_copy(name, OC_HOST_NAME_SIZE, "localhost");
    gethostname(name, OC_HOST_NAME_SIZE - 1);
    name[OC_HOST_NAME_SIZE - 1] = '\0';
}
