/* Writing a matcher that names one value. SPDX-License-Identifier: MIT */
#include "core/base/matchtext.h"

#include <string.h>

#include "core/base/buf.h"

char *oc_match_equal(const char *name, const char *value)
{
    struct oc_buf out = {0};
    oc_buf_addf(&out, "%s=\"", name);
    for (; *value; value++) {
        oc_buf_adds(&out, strchr("\"\\\n", *value) ? "\\" : "");
        oc_buf_addc(&out, *value == '\n' ? 'n' : *value);
    }
    oc_buf_addc(&out, '"');
    return oc_buf_take(&out);
}
