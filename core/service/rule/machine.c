/* The state machine of a rule. SPDX-License-Identifier: MIT */
#include "core/service/rule/machine.h"

#include <string.h>

#include "core/service/rule/rhythm.h"

static const char *const NAMES[] = {"inactive", "pending", "firing", "resolved"};

static bool enter(struct oc_rule_machine *m, enum oc_rule_state state, int64_t since_ms)
{
    m->state = state;
    m->since_ms = since_ms;
    m->clear_ms = 0;
    m->step_ms = 0;
    m->usual_ms = 0;
    m->resumed = false;
    return true;
}

/* The clock went back: nothing that was waited for has been waited for. */
static void restart_waits(struct oc_rule_machine *m, int64_t at_ms)
{
    if (m->state == OC_RULE_PENDING || m->since_ms > at_ms) {
        m->since_ms = at_ms;
    }
    if (m->clear_ms != 0) {
        m->clear_ms = at_ms;
    }
}

bool oc_rule_machine_doubts(const struct oc_rule_machine *m, int64_t at_ms)
{
    return m->state == OC_RULE_PENDING && oc_rhythm_is_gap(at_ms - m->at_ms, m->step_ms);
}

void oc_rule_machine_expect(struct oc_rule_machine *m, int64_t usual_ms)
{
    m->usual_ms = usual_ms > m->usual_ms ? usual_ms : m->usual_ms;
}

/* The next step may be as long as a gap was: samples that have become rarer for good let the rule fire all the same. What a restart took
 * says nothing of how often samples come. */
static void skip_gap(struct oc_rule_machine *m, int64_t step_ms)
{
    const int64_t usual_ms = m->usual_ms > m->step_ms ? m->usual_ms : m->step_ms;
    if ((m->resumed || usual_ms > 0) && oc_rhythm_is_gap(step_ms, usual_ms)) {
        m->since_ms += step_ms;
        m->usual_ms = m->resumed ? 0 : step_ms;
    } else {
        m->step_ms = step_ms > m->step_ms ? step_ms : m->step_ms;
        m->usual_ms = 0;
    }
    m->resumed = false;
}

void oc_rule_machine_pass(struct oc_rule_machine *m, int64_t at_ms)
{
    if (at_ms < m->at_ms) {
        restart_waits(m, at_ms);
    } else if (m->state == OC_RULE_PENDING) {
        skip_gap(m, at_ms - m->at_ms);
    }
    m->at_ms = at_ms;
}

static bool step_quiet(struct oc_rule_machine *m, const struct oc_rule_times *times, int64_t at_ms,
                       bool truth)
{
    if (!truth) {
        return false;
    }
    return enter(m, times->for_ms > 0 ? OC_RULE_PENDING : OC_RULE_FIRING, at_ms);
}

static bool step_pending(struct oc_rule_machine *m, const struct oc_rule_times *times,
                         int64_t at_ms, bool truth)
{
    if (!truth) {
        return enter(m, OC_RULE_INACTIVE, at_ms);
    }
    return at_ms - m->since_ms >= times->for_ms && enter(m, OC_RULE_FIRING, m->since_ms);
}

static bool step_firing(struct oc_rule_machine *m, const struct oc_rule_times *times, int64_t at_ms,
                        bool release)
{
    if (!release) {
        m->clear_ms = 0;
        return false;
    }
    if (m->clear_ms == 0) {
        m->clear_ms = at_ms;
    }
    return oc_rule_machine_tick(m, times, at_ms);
}

bool oc_rule_machine_step(struct oc_rule_machine *m, const struct oc_rule_times *times,
                          int64_t at_ms, bool truth, bool release)
{
    oc_rule_machine_pass(m, at_ms);
    switch (m->state) {
    case OC_RULE_PENDING:
        return step_pending(m, times, at_ms, truth);
    case OC_RULE_FIRING:
        return step_firing(m, times, at_ms, release && !truth);
    case OC_RULE_INACTIVE:
    case OC_RULE_RESOLVED:
    default:
        return step_quiet(m, times, at_ms, truth);
    }
}

bool oc_rule_machine_tick(struct oc_rule_machine *m, const struct oc_rule_times *times,
                          int64_t now_ms)
{
    if (m->state != OC_RULE_FIRING || m->clear_ms == 0 || now_ms - m->clear_ms < times->keep_ms) {
        return false;
    }
    return enter(m, OC_RULE_RESOLVED, m->since_ms);
}

bool oc_rule_machine_end(struct oc_rule_machine *m, int64_t at_ms)
{
    m->at_ms = at_ms;
    if (m->state == OC_RULE_FIRING) {
        return enter(m, OC_RULE_RESOLVED, m->since_ms);
    }
    return m->state == OC_RULE_PENDING && enter(m, OC_RULE_INACTIVE, at_ms);
}

const char *oc_rule_state_name(enum oc_rule_state state)
{
    return NAMES[state];
}

int oc_rule_state_parse(const char *name)
{
    for (int i = 0; i < 4; i++) {
        if (strcmp(NAMES[i], name) == 0) {
            return i;
        }
    }
    return -1;
}
