/* Writing a matcher that names one value. SPDX-License-Identifier: MIT */
#include "core/base/matchtext.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/buf.h"

static void add_quoted(struct oc_buf *out, const char *text)
{
    oc_buf_addc(out, '"');
    for (; *text; text++) {
        oc_buf_adds(out, strchr("\"\\\n", *text) ? "\\" : "");
        oc_buf_addc(out, *text == '\n' ? 'n' : *text);
    }
    oc_buf_addc(out, '"');
}

/* A label may have any name, and without quotes "rule" is not the label of that name. */
static bool is_plain_name(const char *name)
{
    return strcmp(name, "rule") != 0 && !strpbrk(name, "=!{}\"~\\\n\t\r ");
}

char *oc_match_equal(const char *name, const char *value)
{
    struct oc_buf out = {0};
    if (is_plain_name(name)) {
        oc_buf_adds(&out, name);
    } else {
        add_quoted(&out, name);
    }
    oc_buf_addc(&out, '=');
    add_quoted(&out, value);
    return oc_buf_take(&out);
}
