/* The view of metrics.query: a curve for each series, or a table of points.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/cli/show.h"
#include "core/cli/term.h"
#include "core/cli/value.h"

#define CURVE_WIDTH 60
#define TABLE_MAX   (OC_TABLE_COLUMNS - 1) /* series in one table */

static double point_value(const json_t *point)
{
    const json_t *value = json_array_get(point, 1);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static int64_t point_time(const json_t *point)
{
    return json_integer_value(json_array_get(point, 0));
}

/* ---- curves ---- */

/* The values by their time over the whole range, so that a gap is seen as one. */
static char *curve(const json_t *points, int64_t from, int64_t to, size_t width)
{
    double sums[CURVE_WIDTH] = {0}, values[CURVE_WIDTH];
    size_t counts[CURVE_WIDTH] = {0}, i;
    const json_t *point;
    json_array_foreach(points, i, point)
    {
        double value = point_value(point);
        int64_t at = point_time(point) - from;
        if (to > from && at >= 0 && isfinite(value)) {
            size_t slot = (size_t)((double)at / (double)(to - from) * (double)width);
            slot = slot < width ? slot : width - 1;
            sums[slot] += value;
            counts[slot]++;
        }
    }
    for (i = 0; i < width; i++) {
        values[i] = counts[i] ? sums[i] / (double)counts[i] : NAN;
    }
    return oc_term_sparkline(values, width, width);
}

static void show_numbers(const json_t *series)
{
    static const char *const keys[] = {"min", "avg", "max", "last"};
    char text[32];
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        double value = oc_json_num(series, keys[i], NAN);
        printf("  %s %s", keys[i],
               isfinite(value) ? oc_value_number(value, text, sizeof text) : "-");
    }
    printf("  points %lld\n", (long long)oc_json_int(series, "count", 0));
}

static int64_t time_of(const json_t *data, const char *key)
{
    int64_t ms = 0;
    oc_time_parse(oc_json_str(data, key, "@0"), 0, &ms);
    return ms;
}

static void show_curves(const struct cli_show *s, const json_t *data)
{
    const json_t *list = json_object_get(data, "series"), *series;
    int64_t from = time_of(data, "from"), to = time_of(data, "to");
    size_t i, width = s->cli->width > 0 && s->cli->width < CURVE_WIDTH + 2 ? 40 : CURVE_WIDTH;
    char a[32], b[32];
    json_array_foreach(list, i, series)
    {
        char *line = curve(json_object_get(series, "points"), from, to, width);
        oc_term_cell(stdout, oc_json_str(series, "series", ""), 0, TERM_BOLD, s->cli->color);
        fputs("\n  ", stdout);
        oc_term_cell(stdout, line, 0, TERM_CYAN, s->cli->color);
        fputc('\n', stdout);
        show_numbers(series);
        free(line);
    }
    printf("\n%s to %s\n", oc_value_time(from, a, sizeof a), oc_value_time(to, b, sizeof b));
}

/* ---- a table of points ---- */

/* Where each series stands while the times are walked. */
struct walk {
    const json_t *list;
    size_t count, at[TABLE_MAX];
};

static const json_t *points_of(const struct walk *w, size_t series)
{
    return json_object_get(json_array_get(w->list, series), "points");
}

/* The earliest time that has not been shown; INT64_MAX at the end. */
static int64_t next_time(const struct walk *w)
{
    int64_t earliest = INT64_MAX;
    for (size_t i = 0; i < w->count; i++) {
        const json_t *point = json_array_get(points_of(w, i), w->at[i]);
        int64_t at = point ? point_time(point) : INT64_MAX;
        earliest = at < earliest ? at : earliest;
    }
    return earliest;
}

static void add_row(struct walk *w, struct term_table *table, int64_t at, bool raw)
{
    char text[40];
    oc_table_add(table, oc_strdup(raw ? oc_time_format(at, text, sizeof text)
                                      : oc_value_time(at, text, sizeof text)));
    for (size_t i = 0; i < w->count; i++) {
        const json_t *point = json_array_get(points_of(w, i), w->at[i]);
        bool here = point && point_time(point) == at;
        double value = here ? point_value(point) : NAN;
        w->at[i] += here;
        if (!isfinite(value)) {
            oc_table_add(table, oc_strdup(""));
        } else if (raw) {
            oc_table_add(table, oc_asprintf("%.15g", value));
        } else {
            oc_table_add(table, oc_strdup(oc_value_number(value, text, sizeof text)));
        }
    }
}

static void fill(struct term_table *table, const char **titles, const json_t *list, bool raw)
{
    struct walk w = {.list = list, .count = json_array_size(list)};
    w.count = w.count < TABLE_MAX ? w.count : TABLE_MAX;
    titles[0] = raw ? "time" : "Time";
    for (size_t i = 0; i < w.count; i++) {
        titles[i + 1] = oc_json_str(json_array_get(list, i), "series", "");
    }
    *table = (struct term_table){.columns = w.count + 1, .titles = titles};
    for (int64_t at; (at = next_time(&w)) != INT64_MAX;) {
        add_row(&w, table, at, raw);
    }
}

static void warn_left_out(const struct cli_show *s, const json_t *list)
{
    if (json_array_size(list) > TABLE_MAX) {
        oc_show_warning(s->cli, "only the first series are in the table; `metrics export` has all");
    }
}

static void show(const struct cli_show *s, const json_t *data)
{
    const char *titles[OC_TABLE_COLUMNS];
    struct term_table table;
    const json_t *list = json_object_get(data, "series");
    if (!s->params || !json_object_get(s->params, "step")) {
        show_curves(s, data);
        return;
    }
    warn_left_out(s, list);
    fill(&table, titles, list, false);
    oc_table_print(&table, stdout, s->cli->width, s->cli->color);
    oc_table_finish(&table);
}

static void csv(const struct cli_show *s, const json_t *data)
{
    const char *titles[OC_TABLE_COLUMNS];
    struct term_table table;
    const json_t *list = json_object_get(data, "series");
    warn_left_out(s, list);
    fill(&table, titles, list, true);
    oc_table_csv(&table, stdout, true, s->cli->tty);
    oc_table_finish(&table);
}

const struct cli_view oc_view_query = {"query", show, NULL, csv, NULL, NULL};
