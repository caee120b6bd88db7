/* Slots of uptime. SPDX-License-Identifier: MIT */
#include "core/api/status/uptime.h"

#include <math.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/time.h"

/* One of the two rings. */
struct ring {
    struct oc_uptime_slot *slots;
    int64_t count, length;
};

static struct ring days_of(struct oc_uptime *u)
{
    return (struct ring){u->days, OC_UPTIME_DAYS, OC_DAY};
}

static struct ring hours_of(struct oc_uptime *u)
{
    return (struct ring){u->hours, OC_UPTIME_HOURS, OC_HOUR};
}

/* ---- counting ---- */

/* Slot n; what it takes the place of is forgotten. */
static struct oc_uptime_slot *take_slot(const struct ring *r, int64_t n)
{
    struct oc_uptime_slot *slot = &r->slots[n % r->count];
    if (slot->n != n) {
        *slot = (struct oc_uptime_slot){.n = (int32_t)n};
    }
    return slot;
}

static void count(struct oc_uptime_slot *slot, enum oc_up what, int64_t ms, int64_t length)
{
    for (size_t i = 0; i < OC_UP_COUNT; i++) {
        length -= slot->ms[i];
    }
    if (length > 0) {
        slot->ms[what] += (uint32_t)(ms > length ? length : ms);
    }
}

static void add(const struct ring *r, int64_t from, int64_t to, enum oc_up what)
{
    const int64_t oldest = ((to - 1) / r->length - r->count + 1) * r->length;
    from = from < oldest ? oldest : from;
    while (from < to) {
        const int64_t n = from / r->length, end = (n + 1) * r->length;
        const int64_t until = end < to ? end : to;
        count(take_slot(r, n), what, until - from, r->length);
        from = until;
    }
}

void oc_uptime_add(struct oc_uptime *u, int64_t from_ms, int64_t to_ms, enum oc_up what)
{
    const struct ring days = days_of(u), hours = hours_of(u);
    if (what < OC_UP_COUNT && from_ms > 0 && to_ms > from_ms && to_ms / OC_HOUR < INT32_MAX) {
        add(&days, from_ms, to_ms, what);
        add(&hours, from_ms, to_ms, what);
    }
}

/* ---- asking ---- */

static struct oc_uptime_slot slot_at(const struct ring *r, int64_t n)
{
    const struct oc_uptime_slot none = {0};
    return n > 0 && r->slots[n % r->count].n == n ? r->slots[n % r->count] : none;
}

struct oc_uptime_slot oc_uptime_day(const struct oc_uptime *u, int64_t now_ms, unsigned back)
{
    const struct ring r = days_of((struct oc_uptime *)(uintptr_t)u);
    return slot_at(&r, now_ms / OC_DAY - back);
}

struct oc_uptime_slot oc_uptime_hour(const struct oc_uptime *u, int64_t now_ms, unsigned back)
{
    const struct ring r = hours_of((struct oc_uptime *)(uintptr_t)u);
    return slot_at(&r, now_ms / OC_HOUR - back);
}

double oc_uptime_percent(const struct oc_uptime *u, int64_t now_ms, unsigned days)
{
    const bool short_term = days <= 1;
    const unsigned slots = short_term ? OC_UPTIME_HOURS : days;
    double up = 0, down = 0;
    for (unsigned i = 0; i < slots; i++) {
        const struct oc_uptime_slot s =
            short_term ? oc_uptime_hour(u, now_ms, i) : oc_uptime_day(u, now_ms, i);
        up += (double)s.ms[OC_UP_OK] + (double)s.ms[OC_UP_DEGRADED];
        down += (double)s.ms[OC_UP_DOWN];
    }
    return up + down > 0 ? 100 * up / (up + down) : (double)NAN;
}

enum oc_up oc_uptime_worst(const struct oc_uptime_slot *slot)
{
    static const enum oc_up order[] = {OC_UP_DOWN, OC_UP_DEGRADED, OC_UP_MAINTENANCE, OC_UP_OK};
    double all = 0;
    for (size_t i = 0; i < OC_UP_COUNT; i++) {
        all += (double)slot->ms[i];
    }
    for (size_t i = 0; all > 0 && i < sizeof order / sizeof *order; i++) {
        if ((double)slot->ms[order[i]] * 100 >= all) {
            return order[i];
        }
    }
    return OC_UP_NONE;
}

/* ---- the store ---- */

/* {"20414":[ms, ms, ms, ms], ...} */
static json_t *ring_json(const struct ring *r)
{
    json_t *o = json_object();
    for (int64_t at = 0; at < r->count; at++) {
        const struct oc_uptime_slot *s = &r->slots[at];
        char key[24];
        if (oc_uptime_worst(s) == OC_UP_NONE) {
            continue;
        }
        snprintf(key, sizeof key, "%d", s->n);
        json_t *ms = json_array();
        for (size_t i = 0; i < OC_UP_COUNT; i++) {
            json_array_append_new(ms, json_integer(s->ms[i]));
        }
        oc_json_take(o, key, ms);
    }
    return o;
}

json_t *oc_uptime_json(const struct oc_uptime *u)
{
    const struct ring days = days_of((struct oc_uptime *)(uintptr_t)u);
    const struct ring hours = hours_of((struct oc_uptime *)(uintptr_t)u);
    json_t *o = json_object();
    oc_json_take(o, "days", ring_json(&days));
    oc_json_take(o, "hours", ring_json(&hours));
    return o;
}

/* The number of a slot within the calendar that we know, or -1. */
static int64_t slot_number(const char *key)
{
    char *end;
    const long long n = strtoll(key, &end, 10);
    return *end || n <= 0 || n > INT32_MAX ? -1 : (int64_t)n;
}

/* Of two that want one place the later is kept, as it was when they were counted. */
static void ring_load(const struct ring *r, const json_t *json)
{
    const char *key;
    json_t *ms;
    json_object_foreach((json_t *)(uintptr_t)json, key, ms)
    {
        const int64_t n = slot_number(key);
        if (n < 0 || n < r->slots[n % r->count].n) {
            continue;
        }
        struct oc_uptime_slot *slot = take_slot(r, n);
        for (size_t i = 0; i < OC_UP_COUNT; i++) {
            const json_int_t value = json_integer_value(json_array_get(ms, i));
            const json_int_t sound = value < 0 ? 0 : value > r->length ? r->length : value;
            slot->ms[i] = (uint32_t)sound;
        }
    }
}

void oc_uptime_load(struct oc_uptime *u, const json_t *json)
{
    memset(u, 0, sizeof *u);
    const struct ring days = days_of(u), hours = hours_of(u);
    ring_load(&days, json_object_get(json, "days"));
    ring_load(&hours, json_object_get(json, "hours"));
}
