/* What a command line can take of an operation. SPDX-License-Identifier: MIT */
#include "core/config/command.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"

bool oc_command_option(const char *name)
{
    static const char *const names[] = {"color",    "config", "csv", "help",    "home",    "json",
                                        "no_color", "quiet",  "set", "timeout", "version", "yes"};
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Every column begins with the key of a member; the last may be followed by a comma. */
static bool has_columns(const char *spec)
{
    bool any = false;
    while (*spec) {
        if (strcspn(spec, "=,") == 0) {
            return false;
        }
        const size_t len = strcspn(spec, ",");
        spec += len + (spec[len] == ',');
        any = true;
    }
    return any;
}

bool oc_command_view(const char *view)
{
    static const char table[] = "table:", text[] = "text:";
    if (oc_starts(view, table)) {
        return has_columns(view + strlen(table));
    }
    return strcmp(view, "record") == 0 || (oc_starts(view, text) && view[strlen(text)]);
}
