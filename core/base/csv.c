/* Writing comma-separated values, RFC 4180. SPDX-License-Identifier: MIT */
#include "core/base/csv.h"

#include <stdbool.h>
#include <string.h>

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* "-1", "+0.5", "-1e-05": begins as a formula does, and is none. */
static bool is_number(const char *text)
{
    text += *text == '-' || *text == '+';
    const size_t whole = digits(text);
    text += whole;
    if (*text == '.') {
        const size_t part = digits(text + 1);
        if (!part) {
            return false;
        }
        text += 1 + part;
    }
    if (whole && (*text == 'e' || *text == 'E')) {
        text += 1 + (text[1] == '-' || text[1] == '+');
        const size_t power = digits(text);
        text += power;
        return power && !*text;
    }
    return whole && !*text;
}

/* Also behind blanks, which spreadsheets pass over. */
static bool is_formula(const char *text)
{
    const char *first = text + strspn(text, " ");
    return *first && strchr("=+-@\t\r", *first) && !is_number(text);
}

void oc_csv_field(struct oc_buf *out, const char *text)
{
    const bool formula = is_formula(text);
    if (!formula && !strpbrk(text, "\",\r\n") && *text != ' ') {
        oc_buf_adds(out, text);
        return;
    }
    oc_buf_adds(out, formula ? "\"'" : "\"");
    for (; *text; text++) {
        if (*text == '"') {
            oc_buf_addc(out, '"');
        }
        oc_buf_addc(out, *text);
    }
    oc_buf_addc(out, '"');
}
