/* The public status page from inside: what is shown, and the pages made of it. SPDX-License-Identifier: MIT  [loop]
 *
 * Nothing but the names, conditions, times and uptime of the services that the configuration names is in it; without any
 * name the host is shown as one. */
#ifndef OC_API_STATUS_STATUS_H
#define OC_API_STATUS_STATUS_H

#include "core/api/internal.h"
#include "core/api/status/incident.h"
#include "core/api/status/uptime.h"
#include "core/base/map.h"

#define OC_STATUS_HOST                                                                             \
    "_" /* the host as a whole, in place of a service's name: no service has it */

struct oc_status_row {
    char *service; /* owned; OC_STATUS_HOST for the whole */
    enum oc_up now;
    int64_t since_ms;
    double response_ms; /* NaN: not known */
    struct oc_uptime uptime;
    bool seen; /* by the latest look */
};

struct oc_status_area {
    struct oc_api *api; /* borrowed */
    bool on;
    OC_VEC(struct oc_status_row *) rows; /* owned; the whole host first */
    struct oc_incidents incidents;
    bool incidents_old;
    int64_t looked_ms; /* wall; 0 = never */
    int64_t saved_ms;  /* mono */
    struct oc_timer *timer, *soon;
    struct oc_subscription *changes, *alerts;
    struct oc_map blobs; /* answers by path, until the next look */
};

/* look.c: asks for the health, counts the time since the last look, forgets the answers that were made. */
void oc_status_look(struct oc_status_area *s);
void oc_status_save(struct oc_status_area *s);
bool oc_status_shows(const struct oc_status_area *s, const char *service);
/* The share of the last `days` in which it was not down, 0 to 100; NaN: not known. The whole is the mean of the services that are named; where none is,
 * the share in which not everything was down. */
double oc_status_percent(const struct oc_status_area *s, const struct oc_status_row *row,
                         int64_t now_ms, unsigned days);
struct oc_status_row *oc_status_find(const struct oc_status_area *s, const char *service);
void oc_status_row_free(struct oc_status_row *row);

/* Words for people: "operational", "degraded", "down", "maintenance", "unknown". */
const char *oc_status_word(enum oc_up up);

/* page.c and json.c: the documents of what is known; each owned by the caller. */
char *oc_status_html(const struct oc_status_area *s, int64_t now_ms, size_t *len);
json_t *oc_status_json(const struct oc_status_area *s, int64_t now_ms);
extern const char oc_status_css[];

#endif
