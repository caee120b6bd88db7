/* Writing for people: colour, widths, tables. SPDX-License-Identifier: MIT */
#ifndef OC_CLI_TERM_H
#define OC_CLI_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum term_color {
    TERM_PLAIN,
    TERM_BOLD,
    TERM_DIM,
    TERM_RED,
    TERM_GREEN,
    TERM_YELLOW,
    TERM_BLUE,
    TERM_CYAN
};

/* Columns of a UTF-8 text on a terminal. */
size_t oc_term_width(const char *text);
/* Writes `text` without control characters, cut with "…" and padded to `width` columns (0 = as it
 * is).
 */
void oc_term_cell(FILE *out, const char *text, size_t width, enum term_color color, bool use_color);
/* As oc_term_cell, neither cut nor padded, but with its line breaks. */
void oc_term_text(FILE *out, const char *text);
/* The same of a line that is put together, for whatever others wrote a part of. */
void oc_term_printf(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* JSON as jansson writes it, which escapes what lies below 0x20 only: all else that a terminal may act upon becomes \uXXXX, too. */
void oc_term_json(FILE *out, const char *text);
/* By the first word: "ok", "critical (1/3)", "firing". */
enum term_color oc_term_state_color(const char *state);
/* Fills lines of `width` columns, each indented but for the first, which is where the cursor
 * stands. */
void oc_term_wrap(FILE *out, const char *text, size_t indent, size_t width);

#define OC_TABLE_COLUMNS 24

/* A table whose columns are as wide as their cells; the widest give way to what the terminal
 * leaves. A column that is empty in every row is left out, but for the first. */
struct term_table {
    size_t columns; /* at most OC_TABLE_COLUMNS */
    const char *const *titles;
    char **cells; /* owned, row by row */
    size_t count, cap;
};
void oc_table_add(struct term_table *t, char *cell); /* takes; row by row */
void oc_table_print(const struct term_table *t, FILE *out, int width, bool use_color);
/* The widest of the columns give way until all of them, two spaces between each, fit into `width` or are too narrow to. A width of 0 is
 * no column. */
void oc_table_fit(size_t *widths, size_t columns, size_t width);
/* RFC 4180. Programs get the fields as they are but for formulas (core/base/csv.h), a terminal without control characters. */
void oc_table_csv(const struct term_table *t, FILE *out, bool head, bool terminal);
void oc_table_finish(struct term_table *t);

/* "▁▂▃▅▇" of `count` values over `width` columns; NaN is a space. Owned by the caller. */
char *oc_term_sparkline(const double *values, size_t count, size_t width);

#endif
