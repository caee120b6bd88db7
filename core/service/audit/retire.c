/* Retention: text that is older goes, by a clock that nobody can set. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/time.h"
#include "core/service/audit/internal.h"
#include "core/store/store.h"

#define SPACE    "ledger_clock"
#define KEY      "host"
#define CATCH_UP 10 /* days of the wall clock in a day of the other */

/* ---- how old text is ---- */

/* Every entry begins with its time. */
static int64_t time_of(const char *text, size_t len)
{
    static const char front[] = "{\"time\":";
    const size_t at = sizeof front - 1;
    int64_t time = 0;
    if (len <= at || memcmp(text, front, at) != 0) {
        return 0;
    }
    for (size_t i = at; i < len && i < at + 15 && text[i] >= '0' && text[i] <= '9'; i++) {
        time = time * 10 + (text[i] - '0');
    }
    return time;
}

static bool take_time(void *ctx, uint64_t index, const char *text, size_t len)
{
    (void)index;
    *(int64_t *)ctx = time_of(text, len);
    return false;
}

struct aging {
    uint64_t end;              /* of the segment */
    int64_t now_ms, before_ms; /* younger is what was written after that */
    bool old, young;           /* an entry that is too old was seen; one that is not */
};

/* A time that has not come yet says nothing: the clock was ahead just then. */
static bool look_at_age(void *ctx, uint64_t index, const char *text, size_t len)
{
    struct aging *a = ctx;
    if (index >= a->end) {
        return false;
    }
    const int64_t time = time_of(text, len);
    a->young = time == 0 || (time >= a->before_ms && time <= a->now_ms);
    a->old = a->old || (time > 0 && time < a->before_ms);
    return !a->young;
}

static bool is_old_behind(struct oc_audit *s, uint64_t first, int64_t before_ms)
{
    int64_t time = 0;
    return oc_ledger_each(s->env.ledger, first, take_time, &time, NULL) == OC_OK && time > 0 &&
           time < before_ms;
}

/* A clock that was back for one entry makes that look old: all of the segment has to be. */
static bool is_old(struct oc_audit *s, uint64_t first, uint64_t end, int64_t now_ms)
{
    struct aging a = {.end = end, .now_ms = now_ms, .before_ms = now_ms - s->section.retention_ms};
    return is_old_behind(s, end, a.before_ms) &&
           oc_ledger_each(s->env.ledger, first, look_at_age, &a, NULL) == OC_OK && a.old &&
           !a.young;
}

/* The first entry of the oldest segment that holds anything that is young enough. */
static uint64_t first_young(struct oc_audit *s, int64_t now_ms)
{
    const uint64_t per = oc_ledger_segment_size(s->env.ledger),
                   size = oc_ledger_durable(s->env.ledger);
    uint64_t first = oc_ledger_oldest(s->env.ledger);
    while (first + per < size && is_old(s, first, first + per, now_ms)) {
        first += per;
    }
    return first;
}

/* The time of the newest entry: of a ledger that nobody writes to, nothing grows too old. */
static int64_t newest_time(struct oc_audit *s)
{
    const uint64_t size = oc_ledger_durable(s->env.ledger);
    const int64_t wall = oc_time_wall();
    int64_t time = 0;
    if (size > 0) {
        oc_ledger_each(s->env.ledger, size - 1, take_time, &time, NULL);
    }
    return time < wall ? time : wall;
}

/* ---- the time that was lived through ---- */

/* By the last entry where nothing is remembered: a ledger that nobody wrote to has no text that could be too old. */
static int64_t remembered_time(struct oc_audit *s)
{
    json_t *kept = oc_audit_may_remember(s) ? oc_kv_get(s->env.store, SPACE, KEY) : NULL;
    const int64_t newest = newest_time(s), lived = oc_json_int(kept, "lived", newest);
    json_decref(kept);
    return lived > 0 ? lived : oc_time_wall();
}

/* A clock that was set forward, or that the machine woke up with, must not destroy text. So the time that retention goes by
 * follows the wall clock no faster than CATCH_UP times the one that nobody can set. */
void oc_audit_live(struct oc_audit *s)
{
    const int64_t boot = oc_time_boot(), most = (boot - s->lived_boot) * CATCH_UP,
                  off = oc_time_wall() - s->lived_ms;
    s->lived_ms += off > most ? most : off < -most ? -most : off;
    s->lived_boot = boot;
    if (oc_audit_may_remember(s)) {
        json_t *kept = json_pack("{s:I}", "lived", (json_int_t)s->lived_ms);
        oc_kv_put(s->env.store, SPACE, KEY, kept, false, NULL); /* the store says why it cannot */
        json_decref(kept);
    }
}

void oc_audit_lived_begin(struct oc_audit *s)
{
    s->lived_ms = remembered_time(s);
    s->lived_boot = oc_time_boot();
    oc_audit_live(s); /* from now on it is remembered, whatever time the next entries say */
}

static void tell_lag(struct oc_audit *s, uint64_t before)
{
    const int64_t lag = oc_time_wall() - s->lived_ms;
    if (lag <= OC_DAY || first_young(s, newest_time(s)) <= before) {
        s->leapt = false;
    } else if (!s->leapt) {
        s->leapt = true;
        oc_warn("the clock is ahead of what the host has lived through, old text of the ledger "
                "stays for now",
                "days=%lld hint=\"put the clock right; if it is, the host makes up for ten days "
                "a day\"",
                (long long)(lag / OC_DAY));
    }
}

/* ---- retiring ---- */

void oc_audit_retire(struct oc_audit *s)
{
    oc_audit_live(s);
    const int64_t newest = newest_time(s), now = newest < s->lived_ms ? newest : s->lived_ms;
    const uint64_t before = first_young(s, now);
    tell_lag(s, before);
    if (before <= oc_ledger_oldest(s->env.ledger) || s->verifying || s->copying ||
        !oc_ledger_is_kept(s->env.ledger) || !oc_ledger_healthy(s->env.ledger, NULL)) {
        return;
    }
    json_t *entry = json_pack("{s:I}", "before", (json_int_t)before);
    if (oc_ledger_add(s->env.ledger, OC_LEDGER_TEXT_RETIRED, entry, NULL, NULL, NULL) >= 0 &&
        oc_ledger_sync(s->env.ledger, NULL) == OC_OK) {
        oc_ledger_retire(s->env.ledger, before); /* the entry that says so is on the disk */
    }
    json_decref(entry);
}
