/* The view of cost.summary and cost.forecast: what is not known is called unknown. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/cli/show.h"
#include "core/cli/term.h"

#define BUDGETS                                                                                    \
    "agent=Agent,period=Period,unit=Unit,used=Used(figure),limit=Limit,used_percent=Used "         \
    "%(figure),state=State,pace_1h=Pace 1h(figure),pace_6h=Pace 6h(figure)"

/* The members that are no lists, with "unknown" for what is null. */
static json_t *figures_of(const json_t *data)
{
    json_t *o = json_object(), *value;
    const char *key;
    json_object_foreach((json_t *)(uintptr_t)data, key, value)
    {
        if (json_is_null(value)) {
            oc_json_set_str(o, key, "unknown");
        } else if (!json_is_array(value) && !json_is_object(value)) {
            json_object_set(o, key, value);
        }
    }
    return o;
}

static void show_budgets(const struct cli_show *s, const json_t *list, const char *title)
{
    if (json_array_size(list) > 0) {
        oc_term_printf(stdout, "\n%s\n", title);
        oc_view_table(s, BUDGETS, list);
    }
}

static void show_text(const struct cli_show *s, const char *text, enum term_color style)
{
    oc_term_cell(stdout, text, 0, style, s->cli->color);
}

static void show_source(const struct cli_show *s, const json_t *source)
{
    json_t *endpoint;
    const char *name, *state = oc_json_str(source, "state", "unknown");
    fputs("  ", stdout);
    show_text(s, oc_json_str(source, "source", ""), TERM_BOLD);
    fputs(": ", stdout);
    show_text(s, state, strcmp(state, "ok") == 0 ? TERM_GREEN : TERM_YELLOW);
    oc_term_printf(stdout, ", last figures %s\n", oc_json_str(source, "last_figures", "never"));
    json_object_foreach(json_object_get(source, "endpoints"), name, endpoint)
    {
        if (strcmp(oc_json_str(endpoint, "state", ""), "ok") != 0) {
            fputs("    ", stdout);
            show_text(s, name, TERM_PLAIN);
            fputs(": unknown, ", stdout);
            show_text(s, oc_json_str(endpoint, "why", "not asked yet"), TERM_PLAIN);
            fputc('\n', stdout);
        }
    }
}

static void show(const struct cli_show *s, const json_t *data)
{
    const json_t *sources = json_object_get(data, "sources");
    const json_t *efficiency = json_object_get(data, "efficiency");
    json_t *figures = figures_of(data);
    size_t i;
    const json_t *source;
    oc_view_members(stdout, figures, 0);
    json_decref(figures);
    if (efficiency) {
        fputs("\nEfficiency\n", stdout);
        figures = figures_of(efficiency);
        oc_view_members(stdout, figures, 2);
        json_decref(figures);
    }
    show_budgets(s, json_object_get(data, "budgets_reached"), "Budgets that are reached");
    show_budgets(s, json_object_get(data, "budgets"), "Budgets");
    if (json_array_size(sources) > 0) {
        fputs("\nSources\n", stdout);
    }
    json_array_foreach(sources, i, source)
    {
        show_source(s, source);
    }
}

const struct cli_view oc_view_cost = {"cost", show, NULL, NULL, NULL, NULL};
