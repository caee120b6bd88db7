/* The lines of minisign's text files. SPDX-License-Identifier: MIT  [any]
 *
 * Private to keys.c and minisign.c. A line ends with LF or CR LF, or with the text. */
#ifndef OC_PACKAGE_KEYLINES_H
#define OC_PACKAGE_KEYLINES_H

#include <stdbool.h>
#include <string.h>

#include <openclaw/plugin.h>

#define OC_KEY_UNTRUSTED "untrusted comment: "
#define OC_KEY_TRUSTED   "trusted comment: "

struct oc_key_lines {
    const char *at, *end; /* borrowed */
};

/* The next line without its end; false when there is none left. */
static inline bool oc_key_line(struct oc_key_lines *lines, struct oc_view *line)
{
    if (lines->at >= lines->end) {
        return false;
    }
    const size_t left = (size_t)(lines->end - lines->at);
    const char *lf = memchr(lines->at, '\n', left);
    size_t len = lf ? (size_t)(lf - lines->at) : left;
    line->ptr = lines->at;
    lines->at += lf ? len + 1 : len;
    if (len > 0 && line->ptr[len - 1] == '\r') {
        len--;
    }
    line->len = len;
    return true;
}

/* Whether the line begins with `prefix`. */
static inline bool oc_key_line_is(const struct oc_view *line, const char *prefix)
{
    return line->len >= strlen(prefix) && memcmp(line->ptr, prefix, strlen(prefix)) == 0;
}

#endif
