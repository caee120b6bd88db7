/* An operation in the name of the client, its result in the original's shape. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/api/ask.h"
#include "core/api/compat/compat.h"
#include "core/base/mem.h"

struct pass {
    json_t *(*shape)(const json_t *result);
};

void oc_compat_refuse(struct oc_http_request *r, int code, const struct oc_error *err)
{
    oc_http_send_error(r, code == OC_E_CONFIG ? 422 : oc_http_status(code), err);
}

static void answer(void *ctx, struct oc_http_request *r, int code, const json_t *result,
                   const struct oc_error *err)
{
    const struct pass *p = ctx;
    if (r && code != OC_OK) {
        oc_compat_refuse(r, code, err);
    } else if (r) {
        json_t *body = p->shape ? p->shape(result) : json_deep_copy(result);
        oc_http_send_json(r, 200, body ? body : json_null());
    }
    free(ctx);
}

void oc_compat_call(struct oc_http_request *r, const char *op, json_t *params,
                    json_t *(*shape)(const json_t *result))
{
    struct pass *p = oc_calloc(1, sizeof *p);
    p->shape = shape;
    oc_api_ask(r, op, params, answer, p);
}
