/* The view of health.watch: a table, then a line for every change. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/cli/show.h"
#include "core/cli/term.h"
#include "core/cli/value.h"

#define NAME_WIDTH 26

static void put(const struct cli *cli, const char *text, size_t width, enum term_color color)
{
    oc_term_cell(stdout, text, width, color, cli->color);
}

static void put_state(const struct cli *cli, const char *state)
{
    put(cli, state, 0, oc_term_state_color(state));
}

static void begin(const struct cli *cli, const json_t *event, const char *name)
{
    char now[32];
    int64_t ms;
    const char *at = oc_json_str(event, "time", "");
    bool known = *at && oc_time_parse(at, 0, &ms) == OC_OK;
    put(cli, oc_value_time(known ? ms : oc_time_wall(), now, sizeof now), 0, TERM_DIM);
    fputs("  ", stdout);
    put(cli, name, oc_term_width(name) > NAME_WIDTH ? 0 : NAME_WIDTH, TERM_BOLD);
    fputs("  ", stdout);
}

static void end(const char *text)
{
    if (*text) {
        fputs("  ", stdout);
        oc_term_cell(stdout, text, 0, TERM_PLAIN, false);
    }
    fputc('\n', stdout);
}

static void show_changed(const struct cli *cli, const json_t *event, const json_t *data)
{
    const char *from = oc_json_str(data, "from", "pending"),
               *to = oc_json_str(data, "to", "unknown");
    begin(cli, event, oc_json_str(data, "service", ""));
    if (strcmp(from, to) == 0) { /* seen often enough to be believed */
        put_state(cli, to);
        fputs(", confirmed", stdout);
    } else {
        put_state(cli, from);
        fputs(" -> ", stdout);
        put_state(cli, to);
    }
    if (!oc_json_bool(data, "hard", true) && strcmp(to, "ok") != 0) {
        fputs(" (soft)", stdout);
    }
    end(oc_json_str(data, "output", ""));
}

static void show_flapping(const struct cli *cli, const json_t *event, const json_t *data)
{
    begin(cli, event, oc_json_str(data, "service", ""));
    put(cli, oc_json_bool(data, "flapping", false) ? "flaps" : "is steady again", 0, TERM_YELLOW);
    end("");
}

static void show_alert(const struct cli *cli, const json_t *event, const char *what,
                       const json_t *data)
{
    const char *severity = oc_json_str(data, "severity", ""),
               *channel = oc_json_str(data, "channel", "");
    char text[64];
    snprintf(text, sizeof text, "alert %s", what);
    begin(cli, event, oc_json_str(data, "rule", ""));
    put(cli, text, 0, oc_term_state_color(what));
    if (*severity) {
        fputs(" (", stdout);
        put_state(cli, severity);
        fputc(')', stdout);
    }
    if (*channel) {
        fputs(strcmp(what, "failed") == 0 ? " on " : " through ", stdout);
        put(cli, channel, 0, TERM_PLAIN);
    }
    end(oc_json_str(data, "message", ""));
}

static void show_other(const struct cli *cli, const json_t *event, const char *topic,
                       const json_t *data)
{
    const char *dot = strchr(topic, '.');
    char text[96];
    snprintf(text, sizeof text, "%.*s %s", dot ? (int)(dot - topic) : 0, topic,
             dot ? dot + 1 : topic);
    begin(cli, event, oc_json_str(data, "instance", oc_json_str(data, "plugin", "")));
    put(cli, text, 0, oc_term_state_color(dot ? dot + 1 : topic));
    end(oc_json_str(data, "message", ""));
}

void oc_view_change(const struct cli *cli, const json_t *event)
{
    const char *topic = oc_json_str(event, "event", "");
    const json_t *data = json_object_get(event, "data");
    if (strcmp(topic, "health.changed") == 0) {
        show_changed(cli, event, data);
    } else if (strcmp(topic, "health.flapping") == 0) {
        show_flapping(cli, event, data);
    } else if (oc_starts(topic, "alert.")) {
        show_alert(cli, event, topic + strlen("alert."), data);
    } else {
        show_other(cli, event, topic, data);
    }
}

static void show_row(const struct cli_show *s, const json_t *row)
{
    const json_t *data = json_object_get(row, "data");
    if (strcmp(oc_json_str(row, "event", ""), "snapshot") != 0) {
        oc_view_change(s->cli, row);
        return;
    }
    oc_view_headline(s->cli, data, oc_view_health_exit(data, false), false);
    fputc('\n', stdout);
    oc_view_checks(s->cli, json_object_get(data, "checks"));
    fputc('\n', stdout);
}

static void show(const struct cli_show *s, const json_t *data)
{
    (void)s; /* the rows were all of it */
    (void)data;
}

const struct cli_view oc_view_watch = {"watch", show, show_row, NULL, NULL, NULL};
