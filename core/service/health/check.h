/* The state machine of one checked service. SPDX-License-Identifier: MIT  [loop]
 *
 * A result that is not OK first makes a *soft* state; after `max_attempts` such results in a row the state is *hard*. OK
 * is hard at once. Flapping follows the monitoring-plugins tradition: the last 21 results are compared pairwise, recent
 * changes weigh more (0.75 to 1.25); at 50 % change a service begins to flap, below 25 % it stops. A service whose parent
 * is down is UNREACHABLE: its own result says nothing about it, so neither attempts, score nor flapping move.
 * Nothing here knows where results come from or who is told. */
#ifndef OC_SERVICE_HEALTH_CHECK_H
#define OC_SERVICE_HEALTH_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include <openclaw/plugin.h>

enum oc_check_state {
    OC_CHECK_OK = OC_STATE_OK,
    OC_CHECK_WARNING = OC_STATE_WARNING,
    OC_CHECK_CRITICAL = OC_STATE_CRITICAL,
    OC_CHECK_UNKNOWN = OC_STATE_UNKNOWN,
    OC_CHECK_UNREACHABLE,
    OC_CHECK_PENDING
};

#define OC_FLAP_RESULTS  21
#define OC_SCORE_RESULTS 10

struct oc_check {
    enum oc_check_state state;      /* of the latest result */
    enum oc_check_state hard_state; /* PENDING until the first hard one */
    uint16_t attempt, max_attempts; /* attempt: bad results in a row, at most max_attempts */
    /* bit n: the result n steps back differed from the one before it */
    uint32_t changes;
    /* 2 bits each: 2 = OK, 1 = warning, 0 = other; the latest lowest */
    uint32_t scores;
    uint8_t results; /* how many results there have been, at most OC_FLAP_RESULTS */
    bool flapping;
    int64_t since_ms;      /* when `state` began */
    int64_t hard_since_ms; /* when `hard_state` began */
    int64_t checked_ms;
};

#define OC_CHECK_CHANGED    1u /* the state differs from the one before */
#define OC_CHECK_HARD       2u /* the hard state differs from the one before */
#define OC_CHECK_SOFT       4u /* the state is bad and still soft */
#define OC_CHECK_FLAP_START 8u
#define OC_CHECK_FLAP_STOP  16u

void oc_check_init(struct oc_check *c, unsigned max_attempts);
/* Takes a result (OK ... UNKNOWN; anything else counts as UNKNOWN). Returns OC_CHECK_* flags. */
uint32_t oc_check_result(struct oc_check *c, int32_t state, bool parent_down, int64_t at_ms);
/* 0..1 over the last OC_SCORE_RESULTS results: OK 1, warning 0.5, other 0. Results that there have not been yet count as
 * OK, so that one failure right after the start is no verdict. */
double oc_check_score(const struct oc_check *c);
bool oc_check_is_hard(const struct oc_check *c);
/* "ok" "warning" "critical" "unknown" "unreachable" "pending" */
const char *oc_check_state_name(enum oc_check_state s);
enum oc_check_state oc_check_state_parse(const char *name); /* PENDING when unknown */

#endif
