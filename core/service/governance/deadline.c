/* A deadline that neither a clock jump nor a suspended host can move. SPDX-License-Identifier: MIT */
#include "core/service/governance/deadline.h"

#include "core/base/time.h"

#define LATEST (INT64_MAX - 1)

static int64_t max_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* at + ms, ms >= 0, at most LATEST. */
static int64_t later(int64_t at, int64_t ms)
{
    int64_t sum;
    if (__builtin_add_overflow(at, ms, &sum) || sum > LATEST) {
        return LATEST;
    }
    return sum;
}

/* a - b, a >= b, at most INT64_MAX. */
static int64_t between(int64_t a, int64_t b)
{
    int64_t difference;
    return __builtin_sub_overflow(a, b, &difference) ? INT64_MAX : difference;
}

struct oc_clocks oc_clocks_read(void)
{
    return (struct oc_clocks){.wall = oc_time_wall(), .boot = oc_time_boot()};
}

void oc_deadline_open(struct oc_deadline *d, const struct oc_clocks *now, int64_t duration_ms)
{
    *d = (struct oc_deadline){
        .opened = now->wall,
        .deadline = later(now->wall, max_of(duration_ms, 0)),
        .last = now->wall,
        .base = now->wall,
        .boot_base = now->boot,
    };
}

void oc_deadline_resume(struct oc_deadline *d, const struct oc_clocks *now, int64_t opened,
                        int64_t deadline, int64_t recorded, bool decided)
{
    const int64_t base = max_of(max_of(opened, recorded), now->wall);
    *d = (struct oc_deadline){
        .opened = opened,
        .deadline = deadline,
        .last = base,
        .base = base,
        .boot_base = now->boot,
        .decided = decided,
    };
}

int64_t oc_deadline_now(struct oc_deadline *d, const struct oc_clocks *now)
{
    if (now->boot > d->boot_base) {
        d->last = max_of(d->last, later(d->base, between(now->boot, d->boot_base)));
    }
    return d->last;
}

bool oc_deadline_passed(struct oc_deadline *d, const struct oc_clocks *now)
{
    return oc_deadline_now(d, now) > d->deadline;
}

int64_t oc_deadline_until(struct oc_deadline *d, const struct oc_clocks *now, int64_t at)
{
    const int64_t t = oc_deadline_now(d, now);
    return at > t ? between(at, t) : 0;
}

bool oc_deadline_decide(struct oc_deadline *d)
{
    const bool first = !d->decided;
    d->decided = true;
    return first;
}
