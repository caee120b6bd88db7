/* Writing for people: colour, widths, tables. SPDX-License-Identifier: MIT */
#include "core/cli/term.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

#include "core/base/buf.h"
#include "core/base/csv.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"

#define CELL_MIN   8 /* columns below which no column is squeezed */
#define COLUMN_GAP 2 /* spaces between two columns */

static const char *const codes[] = {"",         "\033[1m",  "\033[2m",  "\033[31m",
                                    "\033[32m", "\033[33m", "\033[34m", "\033[36m"};

/* One character: its bytes, and its columns on a terminal. */
struct glyph {
    size_t bytes, columns;
    bool shown; /* what a terminal may act upon and bytes that are not UTF-8 are not */
};

/* The widths of characters come with a locale for UTF-8; the user's may be another. */
static int columns_of(uint32_t code)
{
    static bool ready;
    if (!ready) {
        setlocale(LC_CTYPE, "C.UTF-8");
        ready = true;
    }
    int columns = wcwidth((wchar_t)code);
    return columns < 0 ? 1 : columns;
}

static struct glyph glyph_at(const char *p)
{
    uint32_t code;
    if ((unsigned char)*p < 0x80) {
        bool shown = !oc_utf8_control((unsigned char)*p);
        return (struct glyph){1, shown, shown};
    }
    size_t bytes = oc_utf8_next(p, strnlen(p, 4), &code);
    if (!bytes || oc_utf8_control(code) || oc_utf8_bidi(code)) {
        return (struct glyph){bytes ? bytes : 1, 0, false};
    }
    return (struct glyph){bytes, (size_t)columns_of(code), true};
}

/* The characters at the beginning that are as they look: most texts hold nothing else. */
static size_t plain_before(const char *text)
{
    size_t len = 0;
    while (text[len] >= ' ' && text[len] <= '~') {
        len++;
    }
    return len;
}

size_t oc_term_width(const char *text)
{
    size_t width = 0;
    while (*text) {
        size_t plain = plain_before(text);
        if (plain > 0) {
            width += plain;
            text += plain;
            continue;
        }
        struct glyph g = glyph_at(text);
        width += *text == '\n' || *text == '\t' ? 1 : g.columns; /* shown as a space */
        text += g.bytes;
    }
    return width;
}

/* Writes up to `limit` columns; returns how many it wrote. */
static size_t put(FILE *out, const char *text, size_t limit)
{
    size_t used = 0;
    while (*text) {
        size_t plain = plain_before(text);
        plain = plain < limit - used ? plain : limit - used;
        if (plain > 0) {
            fwrite(text, 1, plain, out);
            used += plain;
            text += plain;
            continue;
        }
        struct glyph g = glyph_at(text);
        bool blank = *text == '\n' || *text == '\t';
        size_t columns = blank ? 1 : g.columns;
        if (used + columns > limit) {
            fputs("…", out);
            return used + 1;
        }
        if (blank) {
            fputc(' ', out);
        } else if (g.shown) {
            fwrite(text, 1, g.bytes, out);
        }
        used += columns;
        text += g.bytes;
    }
    return used;
}

void oc_term_cell(FILE *out, const char *text, size_t width, enum term_color color, bool use_color)
{
    size_t limit = width && oc_term_width(text) > width ? width - 1 : SIZE_MAX;
    bool colored = use_color && color != TERM_PLAIN;
    if (colored) {
        fputs(codes[color], out);
    }
    size_t used = put(out, text, limit);
    if (colored) {
        fputs("\033[0m", out);
    }
    for (; used < width; used++) {
        fputc(' ', out);
    }
}

void oc_term_text(FILE *out, const char *text)
{
    while (*text) {
        struct glyph g = glyph_at(text);
        if (g.shown || *text == '\n' || *text == '\t') {
            fwrite(text, 1, g.bytes, out);
        }
        text += g.bytes;
    }
}

void oc_term_printf(FILE *out, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    oc_term_text(out, text);
    free(text);
}

void oc_term_json(FILE *out, const char *text)
{
    uint32_t code;
    while (*text) {
        size_t plain = plain_before(text);
        struct glyph g = glyph_at(text + plain);
        fwrite(text, 1, plain, out);
        text += plain;
        if (g.shown || *text == '\n') {
            fwrite(text, 1, g.bytes, out);
        } else if (*text && oc_utf8_next(text, g.bytes, &code)) {
            fprintf(out, "\\u%04x", (unsigned)code);
        }
        text += *text ? g.bytes : 0;
    }
}

/* Columns of the word that begins here; *len becomes its bytes. */
static size_t word_width(const char *word, size_t *len)
{
    size_t width = 0;
    *len = 0;
    while (word[*len] && !strchr(" \t\n", word[*len])) {
        struct glyph g = glyph_at(word + *len);
        width += g.columns;
        *len += g.bytes;
    }
    return width;
}

/* The first `len` bytes, which end with a character. */
static void put_shown(FILE *out, const char *text, size_t len)
{
    for (const char *end = text + len; text < end;) {
        struct glyph g = glyph_at(text);
        if (g.shown) {
            fwrite(text, 1, g.bytes, out);
        }
        text += g.bytes;
    }
}

static void new_line(FILE *out, size_t indent)
{
    fprintf(out, "\n%*s", (int)indent, "");
}

void oc_term_wrap(FILE *out, const char *text, size_t indent, size_t width)
{
    size_t column = indent, len;
    while (*text) {
        size_t columns = word_width(text, &len);
        if (column > indent && column + 1 + columns > width) {
            new_line(out, indent);
            column = indent;
        }
        if (column > indent) {
            fputc(' ', out);
            column++;
        }
        put_shown(out, text, len);
        column += columns;
        text += len;
        if (*text == '\n') {
            new_line(out, indent);
            column = indent;
            text++;
        }
        text += strspn(text, " \t");
    }
}

enum term_color oc_term_state_color(const char *state)
{
    static const struct {
        const char *word;
        enum term_color color;
    } words[] = {
        {"ok", TERM_GREEN},          {"healthy", TERM_GREEN},   {"ready", TERM_GREEN},
        {"resolved", TERM_GREEN},    {"loaded", TERM_GREEN},    {"active", TERM_GREEN},
        {"idle", TERM_GREEN},        {"warning", TERM_YELLOW},  {"degraded", TERM_YELLOW},
        {"pending", TERM_DIM},       {"unknown", TERM_YELLOW},  {"unreachable", TERM_CYAN},
        {"critical", TERM_RED},      {"firing", TERM_RED},      {"failed", TERM_RED},
        {"error", TERM_RED},         {"fenced", TERM_RED},      {"offline", TERM_RED},
        {"busy", TERM_CYAN},         {"info", TERM_BLUE},       {"warn", TERM_YELLOW},
        {"debug", TERM_DIM},         {"inactive", TERM_DIM},    {"silenced", TERM_DIM},
        {"acknowledged", TERM_CYAN}, {"preset", TERM_DIM},      {"found", TERM_DIM},
        {"disabled", TERM_DIM},      {"quarantined", TERM_RED}, {"restarting", TERM_YELLOW}};
    size_t len = 0;
    while (isalpha((unsigned char)state[len])) {
        len++;
    }
    bool alone = !state[len] || strncmp(state + len, " (", 2) == 0;
    for (size_t i = 0; alone && i < OC_COUNT(words); i++) {
        if (strlen(words[i].word) == len && strncasecmp(state, words[i].word, len) == 0) {
            return words[i].color;
        }
    }
    return TERM_PLAIN;
}

/* ---- tables ---- */

void oc_table_add(struct term_table *t, char *cell)
{
    if (t->count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 64;
        t->cells = oc_realloc(t->cells, t->cap * sizeof *t->cells);
    }
    t->cells[t->count++] = cell;
}

struct layout {
    size_t widths[OC_TABLE_COLUMNS]; /* 0 = left out */
    size_t last;                     /* column that is shown */
};

static void measure(const struct term_table *t, struct layout *l)
{
    for (size_t c = 0; c < t->columns; c++) {
        size_t width = 0;
        for (size_t i = c; i < t->count; i += t->columns) {
            size_t w = oc_term_width(t->cells[i]);
            width = w > width ? w : width;
        }
        size_t title = oc_term_width(t->titles[c]);
        bool shown = width > 0 || c == 0;
        l->widths[c] = !shown ? 0 : title > width ? title : width;
        l->last = shown ? c : l->last;
    }
}

void oc_table_fit(size_t *widths, size_t columns, size_t width)
{
    size_t total = 0, c = 0;
    for (size_t i = 0; i < columns; i++) {
        total += widths[i] ? widths[i] + (total ? COLUMN_GAP : 0) : 0;
    }
    for (; total > width; total--) {
        for (size_t i = 0; i < columns; i++) {
            c = widths[i] > widths[c] ? i : c;
        }
        if (widths[c] <= CELL_MIN) {
            return;
        }
        widths[c]--;
    }
}

static void print_row(const char *const *cells, const struct layout *l, bool title, FILE *out,
                      bool use_color)
{
    for (size_t c = 0; c <= l->last; c++) {
        if (!l->widths[c]) {
            continue;
        }
        enum term_color color = title ? TERM_BOLD : oc_term_state_color(cells[c]);
        bool end = c == l->last, fits = oc_term_width(cells[c]) <= l->widths[c];
        oc_term_cell(out, cells[c], end && fits ? 0 : l->widths[c], color, use_color);
        fputs(end ? "\n" : "  ", out);
    }
}

void oc_table_print(const struct term_table *t, FILE *out, int width, bool use_color)
{
    struct layout layout = {{0}, 0};
    OC_ASSERT(t->columns > 0 && t->columns <= OC_TABLE_COLUMNS);
    measure(t, &layout);
    if (width > 0) {
        oc_table_fit(layout.widths, t->columns, (size_t)width);
    }
    print_row(t->titles, &layout, true, out, use_color);
    for (size_t i = 0; i + t->columns <= t->count; i += t->columns) {
        print_row((const char *const *)t->cells + i, &layout, false, out, use_color);
    }
}

static void print_field(const char *text, const char *end, FILE *out, bool terminal)
{
    struct oc_buf field = {0};
    oc_buf_adds(&field, "");
    oc_csv_field(&field, text);
    if (terminal) {
        oc_term_text(out, field.data);
    } else {
        fwrite(field.data, 1, field.len, out);
    }
    fputs(end, out);
    oc_buf_finish(&field);
}

void oc_table_csv(const struct term_table *t, FILE *out, bool head, bool terminal)
{
    for (size_t c = 0; head && c < t->columns; c++) {
        print_field(t->titles[c], c + 1 == t->columns ? "\r\n" : ",", out, terminal);
    }
    for (size_t i = 0; i < t->count; i++) {
        print_field(t->cells[i], (i + 1) % t->columns ? "," : "\r\n", out, terminal);
    }
}

void oc_table_finish(struct term_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->cells[i]);
    }
    free(t->cells);
    t->cells = NULL;
    t->count = t->cap = 0;
}

char *oc_term_sparkline(const double *values, size_t count, size_t width)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    struct oc_buf b = {0};
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (isfinite(values[i])) {
            low = fmin(low, values[i]);
            high = fmax(high, values[i]);
        }
    }
    size_t columns = count < width ? count : width;
    for (size_t c = 0; c < columns; c++) {
        double sum = 0;
        size_t n = 0, from = c * count / columns, to = (c + 1) * count / columns;
        for (size_t i = from; i < to; i++) {
            sum += isfinite(values[i]) ? values[i] : 0;
            n += isfinite(values[i]) ? 1 : 0;
        }
        double share = n && high > low ? (sum / (double)n - low) / (high - low) : 0;
        oc_buf_adds(&b, n ? bars[(size_t)fmin(7, floor(share * 8))] : " ");
    }
    return oc_buf_take(&b);
}
