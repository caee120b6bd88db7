/* A badge: two words on two colours, as an SVG image. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_API_STATUS_BADGE_H
#define OC_API_STATUS_BADGE_H

#include "core/base/buf.h"

/* The colours of a badge's right half. */
#define OC_BADGE_GREEN  "#2e7d32"
#define OC_BADGE_YELLOW "#946200"
#define OC_BADGE_RED    "#c62828"
#define OC_BADGE_BLUE   "#1565c0"
#define OC_BADGE_GREY   "#616161"

/* Appends the image. The texts are anybody's UTF-8: they are escaped, and cut after 64 characters. */
void oc_badge_add(struct oc_buf *out, const char *label, const char *value, const char *color);

/* Width of a text in the badge's font (Verdana 11 px and what stands in for it), in tenths of a pixel. */
unsigned oc_badge_width(const char *text);

#endif
