/* Maintenance windows: times at which nobody is told about a service. SPDX-License-Identifier: MIT
 *
 * A window that begins makes a silence for each of its services through the operation alert.silence, which ends with the
 * window, also with one that is taken out or made shorter; health goes on being recorded and says "maintenance". Times are
 * those of the window's zone, UTC by default. The store remembers each silence under "window/service". */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/floor.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/matchtext.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/health/table.h"

#define CHECK_EVERY (30 * OC_SECOND)

#define AT(member) offsetof(struct window, member)
static const struct oc_option window_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = AT(name),
     .help = "name of the window"},
    {.name = "services",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_REQUIRED,
     .offset = AT(services),
     .help = "services that it covers; * and ? match"},
    {.name = "days",
     .type = OC_OPT_STRINGS,
     .offset = AT(days),
     .help = "days of the week (\"sunday\"); none = every day"},
    {.name = "start",
     .type = OC_OPT_STRING,
     .offset = AT(start),
     .help = "time of the day, \"02:00\""},
    {.name = "every",
     .type = OC_OPT_STRING,
     .offset = AT(every),
     .help = "instead of days and start: a cron expression of when it begins, \"0 2 1-7 * sun\""},
    {.name = "zone",
     .type = OC_OPT_STRING,
     .offset = AT(zone),
     .default_text = "UTC",
     .help = "the time zone, \"Europe/Berlin\""},
    {.name = "enabled",
     .type = OC_OPT_BOOL,
     .offset = AT(enabled),
     .default_text = "true",
     .help = "whether it is kept"},
    {.name = "duration",
     .type = OC_OPT_DURATION,
     .flags = OC_OPT_REQUIRED,
     .offset = AT(duration_ms),
     .min = 60000,
     .max = 7 * 86400000.0,
     .help = "how long it lasts"},
    {0}};
#undef AT

/* 1970-01-01 was a Thursday. */
static const char *const week[] = {"thursday", "friday",  "saturday", "sunday",
                                   "monday",   "tuesday", "wednesday"};

static int64_t start_of_day(const struct window *w)
{
    int hours, minutes, used = 0;
    if (sscanf(w->start, "%2d:%2d%n", &hours, &minutes, &used) != 2 || w->start[used] ||
        hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
        return -1;
    }
    return hours * OC_HOUR + minutes * OC_MINUTE;
}

static bool names_day(const struct window *w, int64_t day)
{
    const char *const *days = w->days.items;
    for (uint64_t i = 0; i < w->days.count; i++) {
        if (strcasecmp(days[i], week[oc_floor_mod(day, 7)]) == 0) {
            return true;
        }
    }
    return w->days.count == 0;
}

/* The last beginning that can reach into `now`, if there is one. */
static bool covers_by_cron(const struct window *w, int64_t now_ms, int64_t *ends_ms)
{
    int64_t begins = oc_cron_next(&w->cron, &w->clock, now_ms - w->duration_ms);
    bool covers = false;
    while (begins <= now_ms) { /* windows that overlap: until the last of them ends */
        *ends_ms = begins + w->duration_ms;
        covers = true;
        begins = oc_cron_next(&w->cron, &w->clock, begins);
    }
    return covers;
}

bool oc_health_window_covers(const struct window *w, int64_t now_ms, int64_t *ends_ms)
{
    if (w->by_cron) {
        return covers_by_cron(w, now_ms, ends_ms);
    }
    const int64_t today = now_ms / OC_DAY, offset = start_of_day(w);
    const int64_t first =
        today - w->duration_ms / OC_DAY - 1; /* what began then may reach into now */
    for (int64_t day = today; offset >= 0 && day >= first; day--) {
        const int64_t begins = day * OC_DAY + offset;
        if (names_day(w, day) && now_ms >= begins && now_ms < begins + w->duration_ms) {
            *ends_ms = begins + w->duration_ms; /* of windows that overlap the last ends last */
            return true;
        }
    }
    return false;
}

static bool days_are_known(const struct window *w)
{
    const char *const *days = w->days.items;
    for (uint64_t i = 0; i < w->days.count; i++) {
        bool known = false;
        for (size_t d = 0; d < 7; d++) {
            known = known || strcasecmp(days[i], week[d]) == 0;
        }
        if (!known) {
            return false;
        }
    }
    return true;
}

/* "0 2 * * sun,mon" for days and start in a zone. */
static int read_cron(struct window *w, struct oc_error *err)
{
    struct oc_buf days = {0};
    const char *const *names = w->days.items;
    int64_t start = w->every ? 0 : start_of_day(w) / OC_MINUTE;
    for (uint64_t i = 0; i < w->days.count; i++) {
        oc_buf_addf(&days, "%s%.3s", i ? "," : "", names[i]);
    }
    char *text = w->every ? oc_strdup(w->every)
                          : oc_asprintf("%d %d * * %s", (int)(start % 60), (int)(start / 60),
                                        days.len ? days.data : "*");
    int rc = oc_cron_parse(text, &w->cron, err);
    free(text);
    oc_buf_finish(&days);
    return rc;
}

/* What the options say, as a clock that is asked. */
static int read_times(struct window *w, struct oc_error *err)
{
    if ((w->every != NULL) == (w->start != NULL) || (w->every && w->days.count > 0)) {
        oc_error_set(err, OC_E_CONFIG, "expected start, or every");
        oc_error_hint(err,
                      "Write start = \"02:00\"; days = [\"sunday\"], or every = \"0 2 * * sun\".");
        return OC_E_CONFIG;
    }
    if (!w->every && (start_of_day(w) < 0 || !days_are_known(w))) {
        oc_error_set(err, OC_E_CONFIG, "expected a time of the day and days of the week");
        oc_error_hint(err, "Write start = \"02:00\"; days = [\"sunday\"].");
        return OC_E_CONFIG;
    }
    w->by_cron = w->every || strcmp(w->zone, "UTC") != 0;
    if (!w->by_cron) {
        return OC_OK;
    }
    int rc = oc_zone_init(&w->clock, w->zone, err);
    return rc == OC_OK ? read_cron(w, err) : rc;
}

void oc_health_windows_finish(struct oc_health *h)
{
    for (size_t i = 0; i < h->windows.count; i++) {
        oc_zone_finish(&h->windows.items[i].clock);
    }
    OC_VEC_FINISH(&h->windows);
}

static bool window_names(const struct window *w, const char *service)
{
    const char *const *globs = w->services.items;
    for (uint64_t i = 0; i < w->services.count; i++) {
        if (oc_glob(globs[i], service)) {
            return true;
        }
    }
    return false;
}

static void mark_services(struct oc_health *h)
{
    const int64_t now = oc_time_wall();
    int64_t ends;
    for (size_t i = 0; i < h->order.count; i++) {
        struct service *s = h->order.items[i];
        s->maintenance = false;
        for (size_t k = 0; k < h->windows.count && !s->maintenance; k++) {
            const struct window *w = &h->windows.items[k];
            s->maintenance = window_names(w, s->name) && oc_health_window_covers(w, now, &ends);
        }
    }
}

void oc_health_windows_configure(struct oc_health *h, const struct oc_config *config,
                                 struct oc_diags *diags)
{
    const struct oc_node *list = oc_node_get(oc_config_root(config), "maintenance");
    oc_health_windows_finish(h);
    if (list && list->type != OC_NODE_LIST) {
        return; /* told with the other sections */
    }
    for (size_t i = 0; list && i < list->count; i++) {
        char path[64];
        struct window w = {0};
        snprintf(path, sizeof path, "maintenance[%zu]", i);
        if (oc_bind(window_options, sizeof *window_options, list->children[i], path, NULL, &w,
                    sizeof w, &h->arena, diags) != 0) {
            continue;
        }
        struct oc_error err;
        oc_error_init(&err);
        if (read_times(&w, &err) != OC_OK) {
            oc_diags_add(diags, false, list->children[i], path, err.hint, "%s", err.message);
            oc_zone_finish(&w.clock);
        } else if (w.enabled) {
            OC_VEC_PUSH(&h->windows, w);
        } else {
            oc_zone_finish(&w.clock);
        }
    }
    mark_services(h); /* no service is in a window that has been taken out */
    if (!h->env.ephemeral) {
        oc_timer_start(h->window_timer, 0, CHECK_EVERY);
    }
}

/* ---- the silences ---- */

struct asked {
    int code;
    char id[64]; /* of the silence that was made */
};

static void on_answer(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct asked *a = ctx;
    a->code = code;
    snprintf(a->id, sizeof a->id, "%s", oc_json_str(result, "id", ""));
    if (code != OC_OK && code != OC_E_NOT_FOUND) {
        oc_warn("maintenance window not followed", "reason=%s", err->message);
    }
}

/* Operations over silences answer at once. Takes params. */
static struct asked ask(struct oc_health *h, const char *op, json_t *params)
{
    struct asked a = {.code = OC_E_RETRY};
    struct oc_call_request req = {.op = op,
                                  .params = params,
                                  .actor = {.name = "health", .role = OC_ROLE_OPERATOR},
                                  .on_done = on_answer,
                                  .ctx = &a};
    oc_ops_call(h->env.ops, &req);
    return a;
}

static void silence(struct oc_health *h, const char *key, const struct window *w,
                    const struct service *s, int64_t ends_ms)
{
    char text[64], until[40];
    char *instance = oc_match_equal("instance", s->instance);
    char *target = oc_match_equal("target", s->target);
    snprintf(text, sizeof text, "maintenance: %.40s", w->name);
    const struct asked a =
        ask(h, "alert.silence",
            json_pack("{s:[s,s],s:s,s:s}", "matchers", instance, target, "until",
                      oc_time_format(ends_ms, until, sizeof until), "comment", text));
    free(instance);
    free(target);
    if (a.code == OC_OK) {
        json_t *value = json_pack("{s:I, s:s}", "until", (json_int_t)ends_ms, "silence", a.id);
        oc_kv_put(h->env.store, "maintenance", key, value, false, NULL);
        json_decref(value);
    }
}

/* Until when it lasts. Hosts of old knew no more of it than that. */
static int64_t until_of(const json_t *made)
{
    return json_is_integer(made) ? json_integer_value(made) : oc_json_int(made, "until", 0);
}

/* False: the silence is still there, and is ended at the next look. One that somebody has ended already is gone as well. */
static bool unsilence(struct oc_health *h, const char *key, const json_t *made)
{
    const char *id = oc_json_str(made, "silence", "");
    int code = OC_OK;
    if (*id && until_of(made) > oc_time_wall()) {
        code = ask(h, "alert.unsilence", json_pack("{s:s}", "id", id)).code;
    }
    if (code != OC_OK && code != OC_E_NOT_FOUND) {
        return false;
    }
    oc_kv_remove(h->env.store, "maintenance", key, false, NULL);
    return true;
}

/* One silence for each service of a window; what the store remembers of it keeps a restart from making it twice. */
static void silence_services(struct oc_health *h, int64_t now)
{
    int64_t ends;
    for (size_t i = 0; i < h->order.count * h->windows.count; i++) {
        const struct service *s = h->order.items[i / h->windows.count];
        const struct window *w = &h->windows.items[i % h->windows.count];
        if (!window_names(w, s->name) || !oc_health_window_covers(w, now, &ends)) {
            continue;
        }
        char key[400];
        snprintf(key, sizeof key, "%s/%s", w->name, s->name);
        json_t *made = oc_kv_get(h->env.store, "maintenance", key);
        /* two windows of one name share it: it lasts as long as the longer one */
        if (until_of(made) < ends && (!made || unsilence(h, key, made))) {
            silence(h, key, w, s, ends);
        }
        json_decref(made);
    }
}

/* Whether there is a window still for which the silence under this key was made, with this end. */
static bool is_due(const struct oc_health *h, const char *key, int64_t until, int64_t now)
{
    int64_t ends;
    for (size_t i = 0; i < h->windows.count; i++) {
        const struct window *w = &h->windows.items[i];
        const size_t len = strlen(w->name);
        if (oc_starts(key, w->name) && key[len] == '/' && window_names(w, key + len + 1) &&
            oc_health_window_covers(w, now, &ends) && ends == until) {
            return true;
        }
    }
    return false;
}

/* Windows that are over, taken out, off or shorter than they were. Returns how many silences are left. */
static size_t end_silences(struct oc_health *h, int64_t now)
{
    json_t *kept = oc_kv_all(h->env.store, "maintenance"), *made;
    size_t left = 0;
    const char *key;
    json_object_foreach(kept, key, made)
    {
        if (is_due(h, key, until_of(made), now) || !unsilence(h, key, made)) {
            left++;
        }
    }
    json_decref(kept);
    return left;
}

void oc_health_windows_check(void *health)
{
    struct oc_health *h = health;
    const int64_t now = oc_time_wall();
    mark_services(h);
    if (h->env.ephemeral) {
        return;
    }
    const size_t left = end_silences(h, now);
    silence_services(h, now);
    if (h->windows.count == 0 && left == 0) {
        oc_timer_stop(h->window_timer);
    }
}

json_t *oc_health_windows_json(void)
{
    return oc_options_json(window_options, sizeof *window_options);
}
