/* Fields of CSV. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/buf.h"
#include "core/service/cost/internal.h"

void oc_csv_field(struct oc_buf *out, const char *text)
{
    /* Spreadsheets run what begins like this, also behind blanks; a model's or a key's name comes from outside. */
    const char *first = text + strspn(text, " ");
    bool formula = *first && strchr("=+-@\t\r", *first);
    if (!formula && !strpbrk(text, "\",\r\n") && *text != ' ') {
        oc_buf_adds(out, text);
        return;
    }
    oc_buf_addc(out, '"');
    if (formula) {
        oc_buf_addc(out, '\'');
    }
    for (; *text; text++) {
        if (*text == '"') {
            oc_buf_addc(out, '"');
        }
        oc_buf_addc(out, *text);
    }
    oc_buf_addc(out, '"');
}
