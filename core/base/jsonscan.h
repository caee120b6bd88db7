/* Reading one known JSON document straight from its bytes, without a tree. SPDX-License-Identifier: MIT
 *
 * For documents that are large and come often. The caller asks for what it expects; what is not asked for is skipped. The first thing that is not
 * JSON, or not what was asked for, makes the scan bad: everything after answers "nothing", so one check at the end is enough.
 *
 * Strings are views of the bytes themselves, or of the scan's own memory when they hold escapes; both live until oc_scan_finish. They are valid
 * UTF-8: bytes that are not become U+FFFD, and so do a lone surrogate and a NUL. [any], not shared. */
#ifndef OC_BASE_JSONSCAN_H
#define OC_BASE_JSONSCAN_H

#include <stdbool.h>
#include <stddef.h>

#include <openclaw/plugin.h>

#define OC_SCAN_DEPTH 64 /* of what is skipped */

struct oc_scan {
    const char *begin, *at, *end;
    const char *wrong; /* what is; NULL while all is well */
    struct oc_scan_block *blocks;
    size_t nuls; /* in the strings read so far: for who has to know that there was one */
};

void oc_scan_init(struct oc_scan *s, const char *text, size_t len);
void oc_scan_finish(struct oc_scan *s);
/* Forgets the strings given so far. */
void oc_scan_forget(struct oc_scan *s);

/* The first byte of the next value: '{' '[' '"' 't' 'f' 'n' '-' or a digit; 0 when there is none. */
char oc_scan_peek(struct oc_scan *s);
/* Enters an object '{' or an array '['. */
bool oc_scan_enter(struct oc_scan *s, char open);
/* Inside an array: true when another value follows. `*first` is true before the first one. */
bool oc_scan_item(struct oc_scan *s, bool *first);
/* Inside an object: true when another member follows, whose name is read. */
bool oc_scan_member(struct oc_scan *s, bool *first, struct oc_view *name);
bool oc_scan_string(struct oc_scan *s, struct oc_view *value);
void oc_scan_skip(struct oc_scan *s); /* any value */
/* True when nothing but space is left. */
bool oc_scan_end(struct oc_scan *s);
void oc_scan_fail(struct oc_scan *s, const char *what);

#endif
