/* When a plugin process that ended is started again. SPDX-License-Identifier: MIT */
#include "core/plugin/lifecycle/supervise.h"

#include <stddef.h>

#define NEVER INT64_MIN

void oc_supervise_reset(struct oc_supervise *s)
{
    s->step = 0;
    s->next = 0;
    for (size_t i = 0; i < OC_SUPERVISE_BUDGET; i++) {
        s->planned[i] = NEVER;
    }
}

void oc_supervise_init(struct oc_supervise *s, uint64_t seed)
{
    *s = (struct oc_supervise){.seed = seed ? seed : 1};
    oc_supervise_reset(s);
}

void oc_supervise_running(struct oc_supervise *s, int64_t now_ms)
{
    s->running = true;
    s->since_ms = now_ms;
}

/* xorshift64: nobody gains by guessing it. */
static uint64_t draw(struct oc_supervise *s)
{
    s->seed ^= s->seed << 13;
    s->seed ^= s->seed >> 7;
    s->seed ^= s->seed << 17;
    return s->seed;
}

static int64_t backed_off(struct oc_supervise *s)
{
    int64_t whole = OC_SUPERVISE_FIRST_MS;
    for (unsigned i = 0; i < s->step && whole < OC_SUPERVISE_MAX_MS; i++) {
        whole *= 2;
    }
    whole = whole < OC_SUPERVISE_MAX_MS ? whole : OC_SUPERVISE_MAX_MS;
    s->step++;
    return whole / 2 + (int64_t)(draw(s) % (uint64_t)(whole / 2 + 1));
}

int64_t oc_supervise_wait(struct oc_supervise *s, int64_t now_ms, bool *spent)
{
    if (s->running && now_ms - s->since_ms >= OC_SUPERVISE_STABLE_MS) {
        s->step = 0;
    }
    s->running = false;
    int64_t at = now_ms + backed_off(s);
    const int64_t oldest = s->planned[s->next]; /* as many restarts ago as the budget has */
    const bool over = oldest != NEVER && oldest + OC_SUPERVISE_BUDGET_MS > at;
    at = over ? oldest + OC_SUPERVISE_BUDGET_MS : at;
    s->planned[s->next] = at;
    s->next = (s->next + 1) % OC_SUPERVISE_BUDGET;
    s->restarts++;
    if (spent) {
        *spent = over;
    }
    return at - now_ms;
}
