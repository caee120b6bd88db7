/* What was let in and lasts longer than a request: judged again when the configuration is another. SPDX-License-Identifier: MIT  [loop]
 *
 * A request is judged by what is configured when it comes; a WebSocket or a stream is judged once, and stays for days. What it
 * was judged by is kept here, so that the guard can be asked again. Tokens and sessions that end are told by the access service. */
#ifndef OC_API_ADMISSION_H
#define OC_API_ADMISSION_H

#include "core/api/http.h"

struct oc_admission {
    struct oc_identity who;
    char *host, *origin; /* owned; NULL: none was sent, or none counts */
    bool tls;
    bool certified; /* it has shown a good certificate, whoever it is known as */
};

/* Of a request that was let in. */
void oc_admission_take(struct oc_admission *a, const struct oc_http_request *r);
void oc_admission_finish(struct oc_admission *a);
/* Why it would not be let in as the same any more; NULL when it would. `wants_certificate`: its listener serves nobody without. */
const char *oc_admission_over(const struct oc_admission *a, const struct oc_api_options *o,
                              bool wants_certificate);

#endif
