/* A growing string for plugins, which cannot use the host's. SPDX-License-Identifier: MIT
 *
 * Memory that cannot be had leaves `failed` set and the text as it was: check once, at the end.
 * [worker] */
#ifndef PLUGIN_ALERT_TEXT_H
#define PLUGIN_ALERT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *data; /* owned; NUL-terminated unless nothing was ever added (NULL) */
    size_t len, cap;
    bool failed;
};

void text_finish(struct text *t);
void text_add(struct text *t, const char *data, size_t len);
void text_adds(struct text *t, const char *s);
void text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* `s` on one line: control characters, C1 ones and line ends too, become spaces. */
void text_add_line(struct text *t, const char *s);
/* `s` with & < > " as entities; line ends as <br>. */
void text_add_html(struct text *t, const char *s);

/* The length in bytes of the UTF-8 character at s, 1 for a stray byte. */
size_t text_char(const char *s, size_t len);

#endif
