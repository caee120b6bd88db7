/* The status page as JSON, for whoever wants to draw it differently. SPDX-License-Identifier: MIT */
#include "core/base/json.h"

#include <math.h>
#include <string.h>

#include "core/api/status/status.h"
#include "core/base/time.h"

static json_t *row_json(const struct oc_status_area *s, const struct oc_status_row *row,
                        int64_t now)
{
    static const struct {
        const char *key;
        unsigned days;
    } spans[] = {{"day", 1}, {"week", 7}, {"month", 30}, {"quarter", OC_UPTIME_DAYS}};
    json_t *o = json_object(), *uptime = json_object();
    oc_json_set_str(o, "service", strcmp(row->service, OC_STATUS_HOST) == 0 ? NULL : row->service);
    oc_json_set_str(o, "state", oc_status_word(row->now));
    oc_json_set_time(o, "since", row->since_ms);
    oc_json_set_num(o, "response_ms", row->response_ms);
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        oc_json_set_num(uptime, spans[i].key, oc_status_percent(s, row, now, spans[i].days));
    }
    oc_json_take(o, "uptime_percent", uptime);
    return o;
}

static json_t *incident_json(const struct oc_incident *i, bool named)
{
    json_t *o = json_object();
    oc_json_set_str(o, "service", named ? i->service : NULL);
    oc_json_set_str(o, "severity", i->critical ? "critical" : "warning");
    oc_json_set_str(o, "text", i->text);
    oc_json_set_time(o, "from", i->from_ms);
    oc_json_set_time(o, "to", i->to_ms);
    return o;
}

json_t *oc_status_json(const struct oc_status_area *s, int64_t now_ms)
{
    json_t *o = json_object(), *services = json_array(), *incidents = json_array();
    for (size_t i = 0; i < s->rows.count; i++) {
        const bool whole = strcmp(s->rows.items[i]->service, OC_STATUS_HOST) == 0;
        json_t *row = row_json(s, s->rows.items[i], now_ms);
        if (whole) {
            oc_json_take(o, "overall", row);
        } else {
            json_array_append_new(services, row);
        }
    }
    for (size_t i = 0; i < s->incidents.list.count; i++) {
        json_array_append_new(incidents, incident_json(&s->incidents.list.items[i],
                                                       s->api->options.status_services.count > 0));
    }
    oc_json_set_str(o, "title", s->api->options.status_title);
    oc_json_set_time(o, "as_of", s->looked_ms);
    oc_json_take(o, "services", services);
    oc_json_take(o, "incidents", incidents);
    return o;
}
