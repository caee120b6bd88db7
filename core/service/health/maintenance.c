/* Maintenance windows: times at which nobody is told about a service. SPDX-License-Identifier: MIT
 *
 * A window that begins makes a silence for each of its services through the operation alert.silence, which ends with the
 * window; health goes on being recorded and says "maintenance". Times are those of the window's zone, UTC by default. */
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
    if (h->windows.count && !h->env.ephemeral) {
        oc_timer_start(h->window_timer, 0, CHECK_EVERY);
    } else {
        oc_timer_stop(h->window_timer);
        oc_health_windows_check(h); /* no service is in a window that has been taken out */
    }
}

static void silence_answer(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    (void)result;
    *(int *)ctx = code;
    if (code != OC_OK) {
        oc_warn("maintenance window not silenced", "reason=%s", err->message);
    }
}

/* One silence for one service; its key in the store says until when, so a restart does not make it twice. */
static void silence(struct oc_health *h, const struct window *w, const struct service *s,
                    int64_t ends_ms)
{
    char key[400], text[64], until[40];
    snprintf(key, sizeof key, "%s/%s", w->name, s->name);
    json_t *made = oc_kv_get(h->env.store, "maintenance", key);
    bool known = json_integer_value(made) == ends_ms;
    json_decref(made);
    if (known || h->env.ephemeral) {
        return;
    }
    char *instance = oc_match_equal("instance", s->instance);
    char *target = oc_match_equal("target", s->target);
    snprintf(text, sizeof text, "maintenance: %.40s", w->name);
    json_t *params = json_pack("{s:[s,s],s:s,s:s}", "matchers", instance, target, "until",
                               oc_time_format(ends_ms, until, sizeof until), "comment", text);
    free(instance);
    free(target);
    int code = OC_E_RETRY;
    struct oc_call_request req = {.op = "alert.silence",
                                  .params = params,
                                  .actor = {.name = "health", .role = OC_ROLE_OPERATOR},
                                  .on_done = silence_answer,
                                  .ctx = &code};
    oc_ops_call(h->env.ops, &req); /* this operation answers at once */
    if (code == OC_OK) {
        json_t *value = json_integer(ends_ms);
        oc_kv_put(h->env.store, "maintenance", key, value, false, NULL);
        json_decref(value);
    }
}

/* What the store remembers of windows that are over. */
static void forget_ended(struct oc_health *h, int64_t now_ms)
{
    json_t *kept = oc_kv_all(h->env.store, "maintenance"), *ends;
    const char *key;
    json_object_foreach(kept, key, ends)
    {
        if (json_integer_value(ends) < now_ms) {
            oc_kv_remove(h->env.store, "maintenance", key, false, NULL);
        }
    }
    json_decref(kept);
}

static bool window_names(const struct window *w, const struct service *s)
{
    const char *const *globs = w->services.items;
    for (uint64_t i = 0; i < w->services.count; i++) {
        if (oc_glob(globs[i], s->name)) {
            return true;
        }
    }
    return false;
}

void oc_health_windows_check(void *health)
{
    struct oc_health *h = health;
    int64_t now = oc_time_wall(), ends;
    bool ended = false;
    for (size_t i = 0; i < h->order.count; i++) {
        struct service *s = h->order.items[i];
        bool before = s->maintenance;
        s->maintenance = false;
        for (size_t k = 0; k < h->windows.count; k++) {
            const struct window *w = &h->windows.items[k];
            if (window_names(w, s) && oc_health_window_covers(w, now, &ends)) {
                s->maintenance = true;
                silence(h, w, s, ends);
            }
        }
        ended = ended || (before && !s->maintenance);
    }
    if (ended) {
        forget_ended(h, now);
    }
}

json_t *oc_health_windows_json(void)
{
    return oc_options_json(window_options, sizeof *window_options);
}
