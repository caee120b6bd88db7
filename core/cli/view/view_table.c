/* The generic views: tables and records. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/cli/show.h"
#include "core/cli/term.h"
#include "core/cli/value.h"

#define NESTED   2  /* columns that a nested object is indented */
#define LAST_MIN 24 /* columns that a stream leaves for the last one, and the gap before it */

struct column {
    char key[64], title[48];
    enum cli_unit unit;
};

struct spec {
    struct column columns[OC_TABLE_COLUMNS];
    const char *titles[OC_TABLE_COLUMNS], *keys[OC_TABLE_COLUMNS];
    size_t count;
};

/* Cuts "(age)" off the title; a title without one leaves it to the name of the member. */
static enum cli_unit unit_of(struct column *c)
{
    static const struct {
        const char *suffix;
        enum cli_unit unit;
    } units[] = {{"(duration)", CLI_UNIT_DURATION},
                 {"(size)", CLI_UNIT_SIZE},
                 {"(age)", CLI_UNIT_AGE},
                 {"(figure)", CLI_UNIT_FIGURE}};
    for (size_t i = 0; i < OC_COUNT(units); i++) {
        if (oc_ends(c->title, units[i].suffix)) {
            c->title[strlen(c->title) - strlen(units[i].suffix)] = '\0';
            return units[i].unit;
        }
    }
    bool plain = oc_ends(c->title, " ms"); /* the title tells the unit: the number stays */
    return strcmp(c->title, "Since") == 0 ? CLI_UNIT_AGE
           : plain                        ? CLI_UNIT_NONE
                                          : oc_value_unit(c->key);
}

static void parse_spec(const char *text, struct spec *spec)
{
    spec->count = 0;
    while (*text && spec->count < OC_TABLE_COLUMNS) {
        struct column *c = &spec->columns[spec->count];
        size_t len = strcspn(text, ","), name = strcspn(text, "=,");
        const char *title = name < len ? text + name + 1 : text;
        snprintf(c->key, sizeof c->key, "%.*s", (int)name, text);
        snprintf(c->title, sizeof c->title, "%.*s", (int)(text + len - title), title);
        c->unit = unit_of(c);
        spec->titles[spec->count] = c->title;
        spec->keys[spec->count++] = c->key;
        text += len + (text[len] == ',');
    }
}

static bool is_list(const json_t *data)
{
    const json_t *item;
    size_t i;
    json_array_foreach(data, i, item)
    {
        if (!json_is_object(item)) {
            return false;
        }
    }
    return json_is_array(data);
}

bool oc_view_table(const struct cli_show *s, const char *text, const json_t *data)
{
    struct spec spec;
    const json_t *row;
    size_t i;
    if (!is_list(data)) {
        return false;
    }
    if (json_array_size(data) == 0) {
        oc_view_empty(s);
        return true;
    }
    parse_spec(text, &spec);
    struct term_table table = {.columns = spec.count, .titles = spec.titles};
    json_array_foreach(data, i, row)
    {
        for (size_t c = 0; c < spec.count; c++) {
            const struct column *column = &spec.columns[c];
            oc_table_add(&table, oc_value_text(oc_json_path(row, column->key), column->unit));
        }
    }
    oc_table_print(&table, stdout, s->cli->width, s->cli->color);
    oc_table_finish(&table);
    return true;
}

/* As it is stored: for programs. */
static char *raw_text(const json_t *value)
{
    if (!value || json_is_null(value)) {
        return oc_strdup("");
    }
    return json_is_string(value) ? oc_strdup(json_string_value(value)) : oc_json_text(value);
}

bool oc_view_table_csv(const struct cli_show *s, const char *text, const json_t *data)
{
    struct spec spec;
    const json_t *row;
    size_t i;
    if (!is_list(data)) {
        return false;
    }
    parse_spec(text, &spec);
    struct term_table table = {.columns = spec.count, .titles = spec.keys};
    json_array_foreach(data, i, row)
    {
        for (size_t c = 0; c < spec.count; c++) {
            oc_table_add(&table, raw_text(oc_json_path(row, spec.columns[c].key)));
        }
    }
    oc_table_csv(&table, stdout, !s->rows, s->cli->tty);
    oc_table_finish(&table);
    return true;
}

/* Columns grow with what they have seen, but leave some of the terminal for the last one, which is never cut. */
static void grow(size_t *widths, char *const *cells, size_t count, int terminal)
{
    for (size_t c = 0; c < count; c++) {
        const size_t width = oc_term_width(cells[c]);
        widths[c] = width > widths[c] ? width : widths[c];
    }
    if (terminal > LAST_MIN) {
        oc_table_fit(widths, count, (size_t)(terminal - LAST_MIN));
    }
}

/* Rows of a stream come one by one. */
void oc_view_table_row(const struct cli_show *s, const char *text, const json_t *row)
{
    static size_t widths[OC_TABLE_COLUMNS];
    char *cells[OC_TABLE_COLUMNS];
    struct spec spec;
    parse_spec(text, &spec);
    for (size_t c = 0; c < spec.count; c++) {
        cells[c] = oc_value_text(oc_json_path(row, spec.columns[c].key), spec.columns[c].unit);
    }
    grow(widths, cells, spec.count ? spec.count - 1 : 0, s->cli->width);
    for (size_t c = 0; c < spec.count; c++) {
        const bool last = c + 1 == spec.count;
        oc_term_cell(stdout, cells[c], last ? 0 : widths[c], oc_term_state_color(cells[c]),
                     s->cli->color);
        fputs(last ? "\n" : "  ", stdout);
        free(cells[c]);
    }
}

/* ---- records ---- */

/* An object with nothing in it that would be shown is empty, too. */
static bool is_empty(const json_t *value)
{
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        if (!is_empty(member)) {
            return false;
        }
    }
    return json_is_null(value) || json_is_object(value) ||
           (json_is_string(value) && !*json_string_value(value)) ||
           (json_is_array(value) && json_array_size(value) == 0);
}

/* "started_ms" beside "started" is the same for programs. */
static bool is_twin(const json_t *object, const char *key)
{
    char *plain = oc_ends(key, "_ms") ? oc_strndup(key, strlen(key) - 3) : NULL;
    const bool twin = plain && json_object_get(object, plain);
    free(plain);
    return twin;
}

static char *label_of(const char *key, const json_t *value)
{
    char *label = oc_strndup(key, oc_value_name(key, value));
    for (char *c = label; *c; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
    return label;
}

static size_t label_width(const json_t *object)
{
    size_t widest = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        bool beside = !is_empty(value) && !json_is_object(value) && !is_twin(object, key);
        size_t width = beside ? strlen(key) : 0;
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void show_list(FILE *out, const json_t *list, int indent)
{
    const json_t *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        char *text = oc_value_text(item, CLI_UNIT_NONE);
        fprintf(out, "%*s- ", indent, "");
        oc_term_cell(out, text, 0, TERM_PLAIN, false);
        fputc('\n', out);
        free(text);
    }
}

/* The lines behind the first stand below it. */
static void show_lines(FILE *out, const char *text, size_t indent)
{
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        char *first = oc_strndup(text, (size_t)(end - text));
        oc_term_text(out, first);
        fprintf(out, "\n%*s", (int)indent, "");
        free(first);
    }
    oc_term_text(out, text);
    fputc('\n', out);
}

static void show_member(FILE *out, const char *key, const json_t *value, int indent, size_t width)
{
    char *label = label_of(key, value);
    bool objects = json_is_array(value) && json_is_object(json_array_get(value, 0));
    fprintf(out, "%*s", indent, "");
    if (json_is_object(value) || objects) {
        oc_term_cell(out, label, 0, TERM_PLAIN, false);
        fputs(":\n", out);
        if (objects) {
            show_list(out, value, indent + NESTED);
        } else {
            oc_view_members(out, value, indent + NESTED);
        }
    } else {
        char *text = oc_value_text(value, oc_value_unit(key));
        oc_term_cell(out, label, width + 2, TERM_PLAIN, false);
        show_lines(out, text, (size_t)indent + width + 2);
        free(text);
    }
    free(label);
}

void oc_view_members(FILE *out, const json_t *object, int indent)
{
    size_t width = label_width(object);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        if (!is_empty(value) && !is_twin(object, key)) {
            show_member(out, key, value, indent, width);
        }
    }
}

void oc_view_record(const struct cli_show *s, const json_t *data)
{
    (void)s;
    if (json_object_size(data) == 0) {
        puts("Done.");
    }
    oc_view_members(stdout, data, 0);
}
