/* What a plugin may answer an HTTP request with. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_API_ENDPOINT_ANSWER_H
#define OC_API_ENDPOINT_ANSWER_H

#include <jansson.h>

#include "core/base/error.h"

#define OC_ENDPOINT_HEADERS_MAX 16

struct oc_endpoint_answer {
    unsigned status; /* 200 to 599 */
    const char *type, *body;
    size_t body_len;
    struct {
        const char *name, *value;
    } headers[OC_ENDPOINT_HEADERS_MAX];
    size_t header_count;
};

/* Reads {"status","headers","body"}; everything is borrowed from `json`. Headers that are the host's business (cookies,
 * policies, framing) are left out, and so is a Location that leads elsewhere. OC_E_PERMANENT when it is no answer. */
int oc_endpoint_answer_read(const json_t *json, struct oc_endpoint_answer *answer,
                            struct oc_error *err);

#endif
