/* The answer to an HTTP request, and what it means. SPDX-License-Identifier: MIT
 *
 * | answer | class |
 * |---|---|
 * | 2xx | OC_OK |
 * | 408, 425, 429, 5xx | OC_E_RETRY |
 * | 400, 409, 413, 422 | OC_E_PERMANENT: what was sent will never be taken |
 * | 401, 403, 407 | OC_E_AUTH |
 * | all others, redirects too | OC_E_CONFIG: this is not where, or not how, it is taken |
 *
 * [worker] */
#ifndef PLUGIN_TRANSFER_ANSWER_H
#define PLUGIN_TRANSFER_ANSWER_H

#include "transfer/transfer.h"

#define TRANSFER_BODY_MAX 2048 /* bytes of the body that are looked at */
#define TRANSFER_SAID_MAX 340  /* enough for transfer_describe, which cuts */

struct transfer_answer {
    long status;
    char text[TRANSFER_BODY_MAX]; /* NUL-terminated */
    size_t len;
};

/* The next transfers of `curl` put their bodies into `a`, which is empty then. The rest of a longer one is read and dropped,
 * so that the connection can be kept. */
void transfer_answer_expect(CURL *curl, struct transfer_answer *a);
/* After a transfer: fills `status`. */
void transfer_answer_complete(CURL *curl, struct transfer_answer *a);
/* The header Retry-After in seconds; 0: there is none, or it asks for more than a day. */
int64_t transfer_wait_asked_for(CURL *curl);
/* "HTTP 503: the beginning of the body", without control characters: it goes into logs and onto terminals. Returns `said`. */
const char *transfer_describe(const struct transfer_answer *a, char said[TRANSFER_SAID_MAX]);

struct transfer_words {
    const char *who;          /* "the receiver" */
    const char *auth_hint;    /* which option to look at, a full sentence; NULL = none */
    const char *address_hint; /* for all that is OC_E_CONFIG but redirects; NULL = none */
};

/* OC_OK, or the class with `err` filled. */
int32_t transfer_judge(const struct transfer_answer *a, const struct transfer_words *words,
                       struct oc_error *err);

#endif
