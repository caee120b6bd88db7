/* The state machine of one checked service. SPDX-License-Identifier: MIT */
#include "core/service/health/check.h"

#include <string.h>

#include "core/base/mem.h"

#define FLAP_START 0.50
#define FLAP_STOP  0.25

static const char *const names[] = {"ok",      "warning",     "critical",
                                    "unknown", "unreachable", "pending"};

const char *oc_check_state_name(enum oc_check_state s)
{
    return (size_t)s < OC_COUNT(names) ? names[s] : "unknown";
}

enum oc_check_state oc_check_state_parse(const char *name)
{
    for (size_t i = 0; name && i < OC_COUNT(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return (enum oc_check_state)i;
        }
    }
    return OC_CHECK_PENDING;
}

void oc_check_init(struct oc_check *c, unsigned max_attempts)
{
    memset(c, 0, sizeof *c);
    c->state = c->hard_state = OC_CHECK_PENDING;
    c->max_attempts = (uint16_t)(max_attempts ? max_attempts : 1);
}

bool oc_check_is_hard(const struct oc_check *c)
{
    return c->state == c->hard_state;
}

double oc_check_score(const struct oc_check *c)
{
    unsigned n = c->results < OC_SCORE_RESULTS ? c->results : OC_SCORE_RESULTS;
    unsigned sum = 2 * (OC_SCORE_RESULTS - n);
    for (unsigned i = 0; i < n; i++) {
        sum += (c->scores >> (2 * i)) & 3u;
    }
    return sum / (2.0 * OC_SCORE_RESULTS);
}

/* The weighted share of changes among the pairs seen: the latest pair weighs 1.25, the oldest possible 0.75. */
static double change_share(const struct oc_check *c)
{
    const unsigned pairs = OC_FLAP_RESULTS - 1;
    double sum = 0;
    for (unsigned i = 0; i < pairs; i++) {
        if ((c->changes >> i) & 1u) {
            sum += 1.25 - 0.5 * i / (pairs - 1);
        }
    }
    return sum / pairs;
}

static uint32_t update_flapping(struct oc_check *c)
{
    if (c->results < OC_FLAP_RESULTS) {
        return 0;
    }
    double share = change_share(c);
    if (!c->flapping && share >= FLAP_START) {
        c->flapping = true;
        return OC_CHECK_FLAP_START;
    }
    if (c->flapping && share < FLAP_STOP) {
        c->flapping = false;
        return OC_CHECK_FLAP_STOP;
    }
    return 0;
}

static uint32_t set_state(struct oc_check *c, enum oc_check_state state, int64_t at_ms)
{
    if (c->state == state) {
        return 0;
    }
    c->state = state;
    c->since_ms = at_ms;
    return OC_CHECK_CHANGED;
}

static uint32_t set_hard(struct oc_check *c, enum oc_check_state state, int64_t at_ms)
{
    if (c->hard_state == state) {
        return 0;
    }
    c->hard_state = state;
    c->hard_since_ms = at_ms;
    return OC_CHECK_HARD;
}

static void remember(struct oc_check *c, enum oc_check_state state)
{
    bool first = c->results == 0;
    bool changed = !first && c->state != state && c->state != OC_CHECK_UNREACHABLE;
    uint32_t points = state == OC_CHECK_OK ? 2 : state == OC_CHECK_WARNING ? 1 : 0;
    c->changes = ((c->changes << 1) | (changed ? 1u : 0u)) & ((1u << (OC_FLAP_RESULTS - 1)) - 1);
    c->scores = ((c->scores << 2) | points) & ((1u << (2 * OC_SCORE_RESULTS)) - 1);
    if (c->results < OC_FLAP_RESULTS) {
        c->results++;
    }
}

uint32_t oc_check_result(struct oc_check *c, int32_t state, bool parent_down, int64_t at_ms)
{
    enum oc_check_state s = state >= OC_STATE_OK && state <= OC_STATE_UNKNOWN
                                ? (enum oc_check_state)state
                                : OC_CHECK_UNKNOWN;
    c->checked_ms = at_ms;
    if (s != OC_CHECK_OK && parent_down) {
        return set_state(c, OC_CHECK_UNREACHABLE, at_ms) | set_hard(c, OC_CHECK_UNREACHABLE, at_ms);
    }
    remember(c, s);
    uint32_t flags = set_state(c, s, at_ms);
    if (s == OC_CHECK_OK) {
        c->attempt = 0;
        flags |= set_hard(c, s, at_ms);
    } else {
        if (c->attempt < c->max_attempts) {
            c->attempt++;
        }
        flags |= c->attempt >= c->max_attempts ? set_hard(c, s, at_ms) : OC_CHECK_SOFT;
    }
    return flags | update_flapping(c);
}
