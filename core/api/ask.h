/* An operation in the name of a client. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_API_ASK_H
#define OC_API_ASK_H

#include "core/api/http.h"
#include "core/op/op.h"

/* Who asks; the name is borrowed from the request. */
struct oc_actor oc_api_actor(const struct oc_http_request *r);

/* Told once. `r` is NULL when the client has left: what it asked for was done all the same, and `ctx` is still to be freed. */
typedef void (*oc_api_answer_fn)(void *ctx, struct oc_http_request *r, int code,
                                 const json_t *result, const struct oc_error *err);
/* Takes params. A refusal stands in the trail with the client's address. */
void oc_api_ask(struct oc_http_request *r, const char *op, json_t *params, oc_api_answer_fn answer,
                void *ctx);

#endif
