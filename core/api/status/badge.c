/* The drawing of badges. SPDX-License-Identifier: MIT */
#include "core/api/status/badge.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"

#define CHARACTERS_MAX 64
#define MARGIN         60u  /* beside each text, in tenths of a pixel */
#define OTHER_WIDTH    110u /* of a character beyond ASCII: as wide as any of a Latin text */

/* Advance widths of the printable ASCII characters, in tenths of a pixel at 11 px. */
static const unsigned char widths[95] = {
    39,  43, 50, 90, 70, 118, 80, 30,  50, 50, 70, 90, 40, 50,  40, 50, /* space to / */
    70,  70, 70, 70, 70, 70,  70, 70,  70, 70, 50, 50, 90, 90,  90, 60, /* 0 to ? */
    110, 75, 75, 77, 85, 70,  63, 85,  83, 46, 50, 76, 61, 93,  82, 87, /* @ to O */
    66,  87, 76, 75, 68, 81,  75, 109, 75, 68, 75, 50, 50, 50,  90, 70, /* P to _ */
    70,  66, 69, 57, 69, 66,  39, 69,  70, 30, 38, 65, 30, 107, 70, 67, /* ` to o */
    69,  69, 47, 57, 43, 70,  65, 90,  65, 65, 58, 70, 50, 70,  90};

unsigned oc_badge_width(const char *text)
{
    unsigned width = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if ((*p & 0xc0) != 0x80) { /* not the rest of a character */
            width += *p >= 32 && *p < 127 ? widths[*p - 32] : OTHER_WIDTH;
        }
    }
    return width;
}

/* At most CHARACTERS_MAX whole characters of clean UTF-8; owned by the caller. */
static char *cut(const char *text)
{
    char *clean = oc_utf8_clean(text, strlen(text));
    size_t characters = 0;
    for (char *p = clean; *p; p++) {
        if (((unsigned char)*p & 0xc0) != 0x80 && characters++ == CHARACTERS_MAX) {
            *p = '\0';
            break;
        }
    }
    return clean;
}

static void add_text(struct oc_buf *out, const char *text, unsigned x, unsigned width)
{
    oc_buf_addf(out, "<text x=\"%u\" y=\"140\" textLength=\"%u\">", x, width);
    oc_markup_add(out, text);
    oc_buf_adds(out, "</text>");
}

void oc_badge_add(struct oc_buf *out, const char *label, const char *value, const char *color)
{
    char *left = cut(label), *right = cut(value);
    const unsigned left_text = oc_badge_width(left), right_text = oc_badge_width(right);
    const unsigned left_width = left_text + 2 * MARGIN, right_width = right_text + 2 * MARGIN;
    const unsigned width = left_width + right_width;
    oc_buf_addf(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u.%u\" height=\"20\" "
                "viewBox=\"0 0 %u 200\" role=\"img\"><title>",
                width / 10, width % 10, width);
    oc_markup_add(out, left);
    oc_buf_adds(out, ": ");
    oc_markup_add(out, right);
    oc_buf_addf(
        out,
        "</title><clipPath id=\"r\"><rect width=\"%u\" height=\"200\" rx=\"30\"/></clipPath>"
        "<g clip-path=\"url(#r)\"><rect width=\"%u\" height=\"200\" fill=\"#454545\"/>"
        "<rect x=\"%u\" width=\"%u\" height=\"200\" fill=\"%s\"/></g>"
        "<g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,Geneva,sans-serif\" "
        "font-size=\"110\">",
        width, left_width, left_width, right_width, color);
    add_text(out, left, MARGIN, left_text);
    add_text(out, right, left_width + MARGIN, right_text);
    oc_buf_adds(out, "</g></svg>\n");
    free(left);
    free(right);
}
