/* What follows from an agent's signs of life and from its silence. SPDX-License-Identifier: MIT
 *
 * An agent is CRITICAL when its last heartbeat is older than the timeout, after max_failures polls
 * in a row without an answer, or when it says itself that it is in error or offline; WARNING from
 * the first failure on, and while its status is not known; else OK. */
#include "agent.h"

#include <stdio.h>
#include <string.h>

void agent_heard(struct agent *a, const struct agent_heartbeat *beat)
{
    if (!beat->task[0]) {
        a->task_since_ms = 0;
    } else if (!a->task_since_ms || strcmp(a->last.task, beat->task) != 0) {
        a->task_since_ms = beat->at_ms;
    }
    a->last = *beat;
    a->heard = true;
    a->failures = 0;
    a->reason[0] = '\0';
}

/* An agent that pushes in time need not answer polls as well. */
void agent_poll_failed(struct agent *a, const struct agent_limits *limits, int64_t now_ms,
                       const char *reason)
{
    bool pushes = a->last_push_ms > 0 && now_ms - a->last_push_ms <= limits->heartbeat_timeout_ms;
    a->failures += pushes ? 0 : 1;
    snprintf(a->reason, sizeof a->reason, "%s", pushes ? "" : reason);
}

static double seconds_since(int64_t then_ms, int64_t now_ms)
{
    return now_ms > then_ms ? (double)(now_ms - then_ms) / 1000 : 0;
}

double agent_age_seconds(const struct agent *a, int64_t now_ms)
{
    return seconds_since(a->last.at_ms, now_ms);
}

double agent_task_seconds(const struct agent *a, int64_t now_ms)
{
    return a->task_since_ms ? seconds_since(a->task_since_ms, now_ms) : 0;
}

double agent_missed_seconds(const struct agent *a, int64_t now_ms)
{
    return a->polled_well || a->pushed ? 0 : agent_age_seconds(a, now_ms);
}

static bool is_well(enum agent_status status)
{
    return status == AGENT_ACTIVE || status == AGENT_IDLE || status == AGENT_BUSY;
}

static double base_score(enum agent_status status)
{
    switch (status) {
    case AGENT_ACTIVE:
    case AGENT_IDLE:
    case AGENT_BUSY:
        return 1;
    case AGENT_UNKNOWN:
    case AGENT_OTHER:
        return 0.5;
    case AGENT_ERROR:
        return 0.25;
    case AGENT_OFFLINE:
        break;
    }
    return 0;
}

/* base(status) * (1 - failures / max_failures) * freshness, where freshness is 1 up to half of the
 * heartbeat timeout and falls to 0 at the timeout. */
double agent_score(const struct agent *a, const struct agent_limits *limits, int64_t now_ms)
{
    double failed = (double)a->failures / (double)limits->max_failures;
    double age = agent_age_seconds(a, now_ms) * 1000 / (double)limits->heartbeat_timeout_ms;
    double fresh = age <= 0.5 ? 1 : age >= 1 ? 0 : 2 * (1 - age);
    double reached = failed >= 1 ? 0 : 1 - failed;
    return oc_round(base_score(a->last.status) * reached * fresh, 100);
}

int32_t agent_state(const struct agent *a, const struct agent_limits *limits, int64_t now_ms)
{
    if (agent_age_seconds(a, now_ms) * 1000 > (double)limits->heartbeat_timeout_ms ||
        a->failures >= limits->max_failures || a->last.status == AGENT_ERROR ||
        a->last.status == AGENT_OFFLINE) {
        return OC_STATE_CRITICAL;
    }
    return a->failures > 0 || !is_well(a->last.status) ? OC_STATE_WARNING : OC_STATE_OK;
}
