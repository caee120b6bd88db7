/* One endpoint of LiteLLM: how it is asked and what its answer was. SPDX-License-Identifier: MIT [worker] */
#ifndef OC_LITELLM_ASK_H
#define OC_LITELLM_ASK_H

#include "options.h"
#include "probe/fetch.h"

/* Never among them: /health, which makes a billed call to every model. */
enum endpoint {
    EP_READINESS,
    EP_LIVELINESS,
    EP_METRICS,
    /* the slow ones, asked every `spend_interval` */
    EP_MODELS,
    EP_KEY,
    EP_SPEND,
    EP_LOGS,
    EP_ACTIVITY,
    EP_COUNT
};
#define EP_FIRST_SLOW EP_MODELS

enum answer {
    ANSWER_NONE,        /* not asked yet */
    ANSWER_OK,          /* 200, and what it says is what was expected */
    ANSWER_UNSUPPORTED, /* the proxy has no such page, or no database behind it */
    ANSWER_REFUSED,     /* 401, 403 */
    ANSWER_FAILED       /* unreachable, too slow, 5xx, too long, garbage */
};

struct litellm;

struct ask {
    struct oc_fetch fetch; /* first: the prober walks an array of these */
    struct litellm *collector;
    enum endpoint endpoint;
    enum answer answer;
    bool keyed;    /* a key was shown */
    char why[200]; /* unless ANSWER_OK */
};

extern const char *const ask_names[EP_COUNT]; /* "readiness" */

/* Prepares (again) the request; `day` and `next` are dates for those that take a range. */
int ask_init(struct ask *a, struct litellm *c, enum endpoint endpoint, struct oc_prober *prober,
             const struct litellm_options *o, const char *day, const char *next,
             const struct oc_fetch_ops *ops, struct oc_error *err);
/* Judges transport and status into `answer` and `why`; true when there is a body to read. */
bool ask_judge(struct ask *a);
void ask_set(struct ask *a, enum answer answer, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
