/* An operation in the name of the client, its result in the original's shape. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/api/compat/compat.h"
#include "core/base/mem.h"

struct pass {
    struct oc_http_request
        *request; /* NULL: the client has gone; what it asked for is done all the same */
    json_t *(*shape)(const json_t *result);
};

static void on_gone(void *ctx)
{
    ((struct pass *)ctx)->request = NULL;
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct pass *p = ctx;
    if (p->request && code != OC_OK) {
        oc_http_send_error(p->request, code == OC_E_CONFIG ? 422 : oc_http_status(code), err);
    } else if (p->request) {
        json_t *body = p->shape ? p->shape(result) : json_deep_copy(result);
        oc_http_send_json(p->request, 200, body ? body : json_null());
    }
    free(p);
}

void oc_compat_call(struct oc_http_request *r, const char *op, json_t *params,
                    json_t *(*shape)(const json_t *result))
{
    const struct oc_identity *who = oc_http_who(r);
    struct pass *p = oc_calloc(1, sizeof *p);
    p->request = r;
    p->shape = shape;
    oc_http_on_gone(r, on_gone, p);
    const struct oc_call_request req = {
        .op = op,
        .params = params,
        .actor = {.name = *who->actor ? who->actor : "anonymous",
                  .role = who->kind == OC_IDENTITY_NONE ? OC_ROLE_VIEWER : who->role},
        .on_done = on_done,
        .ctx = p};
    oc_ops_call(oc_http_api(r)->env->ops, &req);
}
