/* Answers of the `route` policy that hold for other alerts, too. SPDX-License-Identifier: MIT  [loop]
 *
 * A policy that says what it reads (reads_only, core/policy/ask.h) answers the same for alerts that agree in it: such an alert is routed as
 * the one before, without a question. Answers are kept as they were given; which channels can be used is looked at each time. They are forgotten when policies or channels are
 * others, and each moment when the policy reads the time. What cannot be told from what the alert says in few words (its message, annotations, all labels at once) is asked anew. */
#ifndef OC_SERVICE_ALERT_ROUTE_MEMO_H
#define OC_SERVICE_ALERT_ROUTE_MEMO_H

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/policy/ask.h"
#include "core/service/alert/route/leaf.h"
#include "core/service/alert/table/table.h"

#define OC_ROUTE_MEMO 64 /* answers */

struct oc_route_word {
    char *name;                 /* owned; NULL: it was no string */
    const struct oc_leaf *leaf; /* lives as long as the service */
};

struct oc_route_answer {
    char *key; /* owned; NULL: this place is free */
    size_t len;
    OC_VEC(struct oc_route_word) words;
};

struct oc_route_memo {
    uint64_t generation, version; /* of policies and channels; 0: nothing is known */
    const json_t *reads;          /* borrowed until the generation is another */
    int64_t now;
    bool fits;         /* what it reads can be told */
    bool timed;        /* it reads the time */
    struct oc_buf key; /* of the alert that is being routed */
    struct oc_route_answer answers[OC_ROUTE_MEMO];
};

/* What is known is of these policies, these channels and this time. */
void oc_route_memo_begin(struct oc_route_memo *m, struct oc_question *question, uint64_t generation,
                         uint64_t version, int64_t now);
/* The place of the answer for this alert, known when its key is not NULL; NULL: it is to be asked. Until the next one. */
struct oc_route_answer *oc_route_memo_place(struct oc_route_memo *m, const struct oc_alerts *t,
                                            const struct oc_alert *a);
/* Frees what is in the place, which is then free. */
void oc_route_memo_forget(struct oc_route_answer *answer);
/* The words that were added are the answer for the alert that oc_route_memo_place was called for last. */
void oc_route_memo_keep(struct oc_route_memo *m, struct oc_route_answer *answer);
void oc_route_memo_finish(struct oc_route_memo *m);

#endif
