/* One target of the http collector: what it must answer, and the verdict. SPDX-License-Identifier: MIT [worker] */
#ifndef OC_HTTP_CHECK_H
#define OC_HTTP_CHECK_H

#include "options.h"
#include "probe/fetch.h"

#include <regex.h>

struct check {
    struct oc_fetch fetch;           /* first */
    const struct http_options *own;  /* what the target says */
    const struct http_options *base; /* what the instance says */
    const struct check_report *report;
    const char *name; /* "" for the target that is the instance */
    char *shown_url;  /* the name of a target that has none; owned, freed by check_finish */
    regex_t *regex;   /* owned; NULL = none */
};

/* Where verdicts go; one for an instance. */
struct check_report {
    const struct oc_sink *out;
    bool phases, details;
};

/* What became of a check. */
struct verdict {
    int32_t state; /* OC_STATE_* */
    bool up;       /* the service did what was expected, however slowly */
    char text[256];
};

/* What applies to the target: its own word, else the instance's. */
#define CHECK_OPTION(c, member) ((c)->own->member ? (c)->own->member : (c)->base->member)
#define CHECK_LIST(c, member)   ((c)->own->member.count ? (c)->own->member : (c)->base->member)

/* The caller has zeroed `c` and set own, base, report and name. OC_E_CONFIG says what is wrong with
 * the target. */
int check_init(struct check *c, struct oc_prober *pr, struct oc_error *err);
void check_finish(struct check *c); /* a zeroed one is fine */

/* Whether a redirect of this status is an answer that was asked for. */
bool check_expects(const struct check *c, int status);
void check_judge(const struct check *c, struct verdict *v);
/* Emits the verdict and the samples. OC_OK, or the sink's wish to stop. */
int32_t check_report(const struct check *c, const struct verdict *v);

#endif
