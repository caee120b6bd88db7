/* The status page as HTML: readable without a script, in light and dark. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/status/status.h"
#include "core/base/text.h"
#include "core/base/time.h"

#define BAR_STEP   10u /* width of a slot with its gap, in units of the drawing */
#define BAR_WIDTH  7u
#define BAR_HEIGHT 32u

static const char *title_of(const struct oc_status_area *s)
{
    const char *title = s->api->options.status_title;
    return title && *title ? title : "Service status";
}

static const char *name_of(const struct oc_status_row *row)
{
    return strcmp(row->service, OC_STATUS_HOST) == 0 ? "All services" : row->service;
}

/* "2026-11-22 13:30" */
static void add_time(struct oc_buf *out, int64_t ms)
{
    char text[40];
    oc_time_format(ms, text, sizeof text);
    oc_buf_addf(out, "<time datetime=\"%s\">%.10s %.5s UTC</time>", text, text, text + 11);
}

static void add_percent(struct oc_buf *out, double percent)
{
    if (isnan(percent)) {
        oc_buf_adds(out, "no data");
    } else { /* never rounded up to a promise */
        oc_buf_addf(out, "%.2f %%", floor(percent * 100) / 100);
    }
}

/* ---- bars ---- */

static void add_slot(struct oc_buf *out, const struct oc_uptime_slot *slot, unsigned at,
                     int64_t when_ms, bool hours)
{
    const enum oc_up worst = oc_uptime_worst(slot);
    char text[40];
    oc_time_format(when_ms, text, sizeof text);
    oc_buf_addf(out, "<rect class=\"%s\" x=\"%u\" width=\"%u\" height=\"%u\" rx=\"2\"><title>%.10s",
                oc_status_word(worst), at * BAR_STEP, BAR_WIDTH, BAR_HEIGHT, text);
    if (hours) {
        oc_buf_addf(out, " %.5s", text + 11);
    }
    oc_buf_addf(out, ": %s", oc_status_word(worst));
    if (slot->ms[OC_UP_DOWN]) {
        char lasted[40];
        oc_duration_human(slot->ms[OC_UP_DOWN] / OC_SECOND * OC_SECOND, lasted, sizeof lasted);
        oc_buf_addf(out, ", down for %s", lasted);
    }
    oc_buf_adds(out, "</title></rect>");
}

/* What nobody watched is one shape for all of it: a young host has little else. */
static void add_slots(struct oc_buf *out, const struct oc_uptime *u, int64_t now, bool hours)
{
    const unsigned count = hours ? OC_UPTIME_HOURS : OC_UPTIME_DAYS;
    const int64_t step = hours ? OC_HOUR : OC_DAY;
    struct oc_buf unknown = {0};
    for (unsigned i = 0; i < count; i++) {
        const unsigned back = count - 1 - i;
        const struct oc_uptime_slot slot =
            hours ? oc_uptime_hour(u, now, back) : oc_uptime_day(u, now, back);
        if (oc_uptime_worst(&slot) == OC_UP_NONE) {
            oc_buf_addf(&unknown, "M%u 0h%uv%uh-%uz", i * BAR_STEP, BAR_WIDTH, BAR_HEIGHT,
                        BAR_WIDTH);
        } else {
            add_slot(out, &slot, i, (now / step - back) * step, hours);
        }
    }
    if (unknown.len) {
        oc_buf_addf(out, "<path class=\"unknown\" d=\"%s\"><title>no data</title></path>",
                    unknown.data);
    }
    oc_buf_finish(&unknown);
}

/* The image says its figure in words, so that who cannot see it misses nothing. */
static void add_bar(struct oc_buf *out, const struct oc_uptime *u, int64_t now, bool hours)
{
    const unsigned count = hours ? OC_UPTIME_HOURS : OC_UPTIME_DAYS;
    oc_buf_addf(out,
                "<figure class=\"%s\"><svg viewBox=\"0 0 %u %u\" preserveAspectRatio=\"none\" "
                "role=\"img\" aria-label=\"Uptime over %s: ",
                hours ? "hours" : "days", count * BAR_STEP, BAR_HEIGHT,
                hours ? "24 hours" : "90 days");
    add_percent(out, oc_uptime_percent(u, now, hours ? 1 : OC_UPTIME_DAYS));
    oc_buf_adds(out, "\">");
    add_slots(out, u, now, hours);
    oc_buf_addf(out, "</svg><figcaption><span>%s</span><span>",
                hours ? "24 hours ago" : "90 days ago");
    add_percent(out, oc_uptime_percent(u, now, hours ? 1 : OC_UPTIME_DAYS));
    oc_buf_addf(out, "</span><span>%s</span></figcaption></figure>", hours ? "now" : "today");
}

/* ---- parts ---- */

static void add_overall(struct oc_buf *out, const struct oc_status_row *whole)
{
    static const char *const told[] = {"All systems operational", "Some systems have trouble",
                                       "Systems are down", "Under maintenance", "No data yet"};
    const enum oc_up now = whole ? whole->now : OC_UP_NONE;
    oc_buf_addf(out, "<p class=\"overall %s\" role=\"status\">%s</p>", oc_status_word(now),
                told[now]);
}

static void add_row(struct oc_buf *out, const struct oc_status_row *row, int64_t now)
{
    oc_buf_adds(out, "<li><div class=\"head\"><h3>");
    oc_markup_add(out, name_of(row));
    oc_buf_addf(out, "</h3><span class=\"state %s\">%s</span></div>", oc_status_word(row->now),
                oc_status_word(row->now));
    oc_buf_adds(out, "<div class=\"bars\">");
    add_bar(out, &row->uptime, now, false);
    add_bar(out, &row->uptime, now, true);
    oc_buf_adds(out, "</div></li>\n");
}

static void add_services(struct oc_buf *out, const struct oc_status_area *s, int64_t now)
{
    const bool named = s->rows.count > 1;
    oc_buf_adds(out,
                "<section aria-labelledby=\"services\"><h2 id=\"services\">Services</h2><ul>\n");
    for (size_t i = 0; i < s->rows.count; i++) {
        const struct oc_status_row *row = s->rows.items[i];
        if (!named || strcmp(row->service, OC_STATUS_HOST) != 0) {
            add_row(out, row, now);
        }
    }
    oc_buf_adds(out, "</ul></section>\n");
}

static void add_incident(struct oc_buf *out, const struct oc_incident *i, bool named, int64_t now)
{
    char lasted[40];
    const int64_t ms = (i->to_ms ? i->to_ms : now) - i->from_ms;
    oc_duration_human(ms - ms % OC_SECOND, lasted, sizeof lasted);
    oc_buf_addf(out, "<li class=\"%s\"><h3>", i->critical ? "down" : "degraded");
    oc_buf_adds(out, "<bdi>"); /* what is from outside cannot turn the words beside it */
    oc_markup_add(out, named ? i->service : "A service");
    oc_buf_addf(out, "</bdi> %s%s</h3><p>", i->to_ms ? "was " : "is ",
                i->critical ? "down" : "degraded");
    if (i->text) {
        oc_buf_adds(out, "<bdi>");
        oc_markup_add(out, i->text);
        oc_buf_adds(out, "</bdi><br>");
    }
    add_time(out, i->from_ms);
    if (i->to_ms) {
        oc_buf_adds(out, " to ");
        add_time(out, i->to_ms);
    }
    oc_buf_addf(out, " (%s%s)</p></li>\n", i->to_ms ? "" : "for ", lasted);
}

static void add_incidents(struct oc_buf *out, const struct oc_status_area *s, int64_t now)
{
    const bool named = s->api->options.status_services.count > 0;
    oc_buf_addf(out,
                "<section aria-labelledby=\"incidents\"><h2 id=\"incidents\">Incidents of the last "
                "%d days</h2>\n",
                OC_INCIDENT_DAYS);
    if (s->incidents.list.count == 0) {
        oc_buf_adds(out, "<p>None.</p>");
    } else {
        oc_buf_adds(out, "<ul class=\"incidents\">");
    }
    for (size_t i = 0; i < s->incidents.list.count; i++) {
        add_incident(out, &s->incidents.list.items[i], named, now);
    }
    oc_buf_adds(out, s->incidents.list.count ? "</ul></section>\n" : "</section>\n");
}

char *oc_status_html(const struct oc_status_area *s, int64_t now_ms, size_t *len)
{
    struct oc_buf out = {0};
    oc_buf_adds(&out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
    oc_markup_add(&out, title_of(s));
    oc_buf_adds(&out, "</title><meta name=\"viewport\" content=\"width=device-width, "
                      "initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">"
                      "<meta name=\"description\" content=\"Uptime and incidents\">"
                      "<link rel=\"icon\" href=\"badge/_/icon.svg\" type=\"image/svg+xml\">"
                      "<link rel=\"stylesheet\" href=\"status.css\"></head><body><main><h1>");
    oc_markup_add(&out, title_of(s));
    oc_buf_adds(&out, "</h1>\n");
    add_overall(&out, oc_status_find(s, OC_STATUS_HOST));
    add_services(&out, s, now_ms);
    add_incidents(&out, s, now_ms);
    oc_buf_adds(&out, "</main><footer>As of ");
    add_time(&out, s->looked_ms ? s->looked_ms : now_ms);
    oc_buf_adds(&out, " · <a href=\"status.json\">JSON</a></footer></body></html>\n");
    *len = out.len;
    return oc_buf_take(&out);
}
