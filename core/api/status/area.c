/* /status, /status.json and /badge/...: the routes, their answers kept until the next look. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/areas.h"
#include "core/api/status/badge.h"
#include "core/api/status/status.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"

#define LOOK_MS   (15 * OC_SECOND)
#define SOON_MS   500 /* changes come in flocks */
#define BLOBS_MAX 256u
#define FRESH     "public, max-age=15"

/* ---- answers ---- */

static struct oc_http_blob *keep(struct oc_status_area *s, const char *path, const char *type,
                                 char *body, size_t len)
{
    struct oc_http_blob *blob = oc_http_blob_create(type, body, len);
    oc_http_blob_set(blob, "Cache-Control", FRESH);
    if (s->blobs.count >= BLOBS_MAX) { /* made for names that somebody tries out */
        void *old;
        const char *key;
        size_t it = 0;
        oc_map_next(&s->blobs, &it, &key, &old);
        oc_map_remove(&s->blobs, key);
        oc_http_blob_destroy(old);
    }
    oc_http_blob_destroy(oc_map_set(&s->blobs, path, blob));
    return blob;
}

/* False: it has been answered, by what was made since the last look or because there is no page. */
static bool begin(struct oc_status_area *s, struct oc_http_request *r)
{
    struct oc_http_blob *blob;
    if (!s->on) {
        oc_http_send_errorf(r, 404, OC_E_NOT_FOUND, "Set api.status_page = true to have one.",
                            "there is no status page");
        return false;
    }
    if (s->incidents_old) {
        oc_incidents_read(&s->incidents, s->api->env->store, oc_time_wall(),
                          (bool (*)(void *, const char *))oc_status_shows, s);
        s->incidents_old = false;
    }
    blob = oc_map_get(&s->blobs, oc_http_path(r));
    if (blob) {
        oc_http_send_blob(r, 200, blob);
        return false;
    }
    return true;
}

static void get_page(struct oc_http_request *r, void *ctx)
{
    struct oc_status_area *s = ctx;
    if (begin(s, r)) {
        size_t len;
        char *html = oc_status_html(s, oc_time_wall(), &len);
        oc_http_send_blob(r, 200, keep(s, oc_http_path(r), OC_HTTP_TYPE_HTML, html, len));
    }
}

static void get_json(struct oc_http_request *r, void *ctx)
{
    struct oc_status_area *s = ctx;
    if (begin(s, r)) {
        json_t *json = oc_status_json(s, oc_time_wall());
        char *text = oc_json_text(json);
        oc_http_send_blob(r, 200, keep(s, oc_http_path(r), OC_HTTP_TYPE_JSON, text, strlen(text)));
        json_decref(json);
    }
}

static void get_style(struct oc_http_request *r, void *ctx)
{
    if (begin(ctx, r)) {
        oc_http_set(r, "Cache-Control", "public, max-age=3600");
        oc_http_send_const(r, 200, "text/css; charset=utf-8", oc_status_css);
    }
}

/* ---- badges ---- */

static const char *color_of(enum oc_up up)
{
    static const char *const colors[] = {OC_BADGE_GREEN, OC_BADGE_YELLOW, OC_BADGE_RED,
                                         OC_BADGE_BLUE, OC_BADGE_GREY};
    return colors[up];
}

static void add_uptime(struct oc_buf *out, const struct oc_status_area *s,
                       const struct oc_status_row *row)
{
    const double percent = oc_status_percent(s, row, oc_time_wall(), OC_UPTIME_DAYS);
    char text[32] = "no data";
    if (!isnan(percent)) {
        snprintf(text, sizeof text, "%.2f%%", floor(percent * 100) / 100);
    }
    oc_badge_add(out, "uptime", text,
                 isnan(percent)    ? OC_BADGE_GREY
                 : percent >= 99.9 ? OC_BADGE_GREEN
                 : percent >= 99   ? OC_BADGE_YELLOW
                                   : OC_BADGE_RED);
}

static void add_response(struct oc_buf *out, const struct oc_status_row *row)
{
    char text[32] = "no data";
    if (!isnan(row->response_ms)) {
        snprintf(text, sizeof text, "%.0f ms", row->response_ms);
    }
    oc_badge_add(out, "response", text, isnan(row->response_ms) ? OC_BADGE_GREY : OC_BADGE_BLUE);
}

static void add_icon(struct oc_buf *out, const struct oc_status_row *row)
{
    oc_buf_addf(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><circle cx=\"8\" "
                "cy=\"8\" r=\"7\" fill=\"%s\"/></svg>\n",
                color_of(row->now));
}

static bool draw(struct oc_buf *out, const struct oc_status_area *s,
                 const struct oc_status_row *row, const char *what)
{
    if (strcmp(what, "state.svg") == 0) {
        oc_badge_add(out, strcmp(row->service, OC_STATUS_HOST) == 0 ? "status" : row->service,
                     oc_status_word(row->now), color_of(row->now));
    } else if (strcmp(what, "uptime.svg") == 0) {
        add_uptime(out, s, row);
    } else if (strcmp(what, "response.svg") == 0) {
        add_response(out, row);
    } else if (strcmp(what, "icon.svg") == 0) {
        add_icon(out, row);
    } else {
        return false;
    }
    return true;
}

/* /badge/<service>/<what>.svg; a service's name may have a slash in it. */
static void get_badge(struct oc_http_request *r, void *ctx)
{
    struct oc_status_area *s = ctx;
    struct oc_buf out = {0};
    if (!begin(s, r)) {
        return;
    }
    char *service = oc_strdup(oc_http_param(r, 0)), *slash = strrchr(service, '/');
    const struct oc_status_row *row = NULL;
    if (slash) {
        *slash = '\0';
        row = oc_status_find(s, service);
    }
    if (row && draw(&out, s, row, slash + 1)) {
        const size_t len = out.len;
        struct oc_http_blob *blob =
            keep(s, oc_http_path(r), "image/svg+xml", oc_buf_take(&out), len);
        oc_http_blob_set(blob, "Cross-Origin-Resource-Policy", "cross-origin"); /* for READMEs */
        oc_http_send_blob(r, 200, blob);
    } else {
        oc_http_send_errorf(r, 404, OC_E_NOT_FOUND,
                            "/badge/<service>/state.svg, uptime.svg or response.svg; the services "
                            "are those of /status, _ is all of them.",
                            "there is no such badge");
    }
    oc_buf_finish(&out);
    free(service);
}

static const struct oc_route routes[] = {
    {"GET", "/status", OC_ROUTE_PUBLIC, 0, get_page, "The public status page"},
    {"GET", "/status.json", OC_ROUTE_PUBLIC, 0, get_json, "The public status page as JSON"},
    {"GET", "/status.css", OC_ROUTE_PUBLIC, 0, get_style, NULL},
    {"GET", "/badge/{path...}", OC_ROUTE_PUBLIC, 0, get_badge,
     "A badge: <service>/state.svg, uptime.svg or response.svg"},
    {0}};

#define ROW                                                                                        \
    "{service: string|null, state: string, since: time|null, response_ms: number|null, "           \
    "uptime_percent: {day: number|null, week: number|null, month: number|null, "                   \
    "quarter: number|null}}"
static const struct oc_route_doc docs[] = {
    {.method = "GET",
     .pattern = "/status",
     .tag = "status",
     .description = "404 unless api.status_page is on, as its JSON and the badges.",
     .response = "string",
     .response_type = "text/html"},
    {.method = "GET",
     .pattern = "/status.json",
     .tag = "status",
     .response = "{title: string, as_of: time|null, overall?: " ROW ", services: [" ROW "], "
                 "incidents: [{service: string|null, severity: string, text: string|null, "
                 "from: time|null, to: time|null}]}"},
    {.method = "GET",
     .pattern = "/badge/{path...}",
     .tag = "status",
     .description = "`_/state.svg` is of all services together.",
     .response = "string",
     .response_type = "image/svg+xml"},
    {0}};

/* ---- keeping up ---- */

static void look(void *ctx)
{
    oc_status_look(ctx);
}

static void on_change(void *ctx, const struct oc_event *event)
{
    struct oc_status_area *s = ctx;
    (void)event;
    if (!oc_timer_active(s->soon)) {
        oc_timer_start(s->soon, SOON_MS, 0);
    }
}

static void on_alert(void *ctx, const struct oc_event *event)
{
    struct oc_status_area *s = ctx;
    s->incidents_old = true;
    on_change(s, event); /* answers that were made are of yesterday */
}

static void turn_off(struct oc_status_area *s)
{
    oc_timer_stop(s->timer);
    oc_timer_stop(s->soon);
    oc_bus_unsubscribe(s->changes);
    oc_bus_unsubscribe(s->alerts);
    s->changes = s->alerts = NULL;
    if (s->on) {
        oc_status_save(s);
    }
    s->on = false;
}

static void free_blob(void *blob)
{
    oc_http_blob_destroy(blob);
}

static void forget(struct oc_status_area *s)
{
    for (size_t i = 0; i < s->rows.count; i++) {
        oc_status_row_free(s->rows.items[i]);
    }
    OC_VEC_FINISH(&s->rows);
    oc_incidents_finish(&s->incidents);
    oc_map_finish(&s->blobs, free_blob);
    s->looked_ms = 0;
}

/* ---- the area ---- */

static void *create(struct oc_api *api)
{
    struct oc_status_area *s = oc_calloc(1, sizeof *s);
    s->api = api;
    s->timer = oc_timer_create(api->env->loop, look, s);
    s->soon = oc_timer_create(api->env->loop, look, s);
    oc_router_add(&api->router, routes, s);
    oc_router_describe(&api->router, docs);
    return s;
}

static void configure(void *area, struct oc_api *api)
{
    struct oc_status_area *s = area;
    const bool was = s->on;
    if (!api->options.status_page) {
        turn_off(s);
        forget(s);
        return;
    }
    s->on = true;
    s->incidents_old = true;
    s->saved_ms = oc_time_mono();
    if (!was) {
        s->changes = oc_bus_subscribe(api->env->bus, "health.changed", on_change, s);
        s->alerts = oc_bus_subscribe(api->env->bus, "alert.*", on_alert, s);
    }
    oc_timer_start(s->timer, LOOK_MS, LOOK_MS);
    oc_timer_start(s->soon, 0, 0); /* the operations are there when the loop turns */
}

static void stop(void *area)
{
    turn_off(area);
}

static void destroy(void *area)
{
    struct oc_status_area *s = area;
    turn_off(s);
    forget(s);
    oc_timer_destroy(s->timer);
    oc_timer_destroy(s->soon);
    free(s);
}

const struct oc_area oc_area_status = {"status", create, configure, stop, destroy};
