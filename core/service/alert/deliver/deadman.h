/* Signs of life: those that we give, and those that we wait for. SPDX-License-Identifier: MIT  [loop]
 *
 * `alerts.deadman` sends a notice to some channels every so often: whoever receives it knows that something is wrong here when it stays away. `alerts.expect` is
 * the other direction: an alert that others keep posting (Prometheus' Watchdog) must be there and not older than `within`; while it is not, an
 * alert of ours fires. What is expected has `within` to come after a start. */
#ifndef OC_SERVICE_ALERT_DEADMAN_H
#define OC_SERVICE_ALERT_DEADMAN_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/config/config.h"
#include "core/service/alert/table/matcher.h"
#include "core/service/alert/table/record.h"

#define OC_EXPECTS_MAX 32

struct oc_alert_service;

struct oc_deadman {
    int64_t interval;        /* ms; 0: off */
    OC_VEC(char *) channels; /* owned */
    int64_t sent_at;         /* wall ms; 0: not yet */
};

struct oc_expect {
    char *name;  /* owned; of the alert that fires */
    char id[17]; /* its fingerprint */
    OC_VEC(struct oc_matcher) matchers;
    int64_t within;
    enum oc_alert_severity severity;
    int64_t look_at; /* wall ms */
};

struct oc_expects {
    OC_VEC(struct oc_expect *) list; /* owned */
};

/* Take `alerts.deadman` and `alerts.expect`; what did not change goes on as it was. `s` NULL: only look. */
void oc_deadman_configure(struct oc_deadman *d, const struct oc_node *root, struct oc_diags *diags);
void oc_deadman_finish(struct oc_deadman *d);
void oc_deadman_round(struct oc_alert_service *s, int64_t now);
int64_t oc_deadman_next(const struct oc_deadman *d);

void oc_expects_configure(struct oc_alert_service *s, struct oc_expects *set,
                          const struct oc_node *root, struct oc_diags *diags);
void oc_expects_finish(struct oc_expects *set);
void oc_expects_round(struct oc_alert_service *s, int64_t now);
int64_t oc_expects_next(const struct oc_expects *set);

json_t *oc_deadman_options_json(void);
json_t *oc_expect_options_json(void);

#endif
