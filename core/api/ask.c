/* An operation in the name of a client. SPDX-License-Identifier: MIT */
#include "core/api/ask.h"

#include <stdlib.h>

#include "core/api/internal.h"
#include "core/base/mem.h"

struct asked {
    struct oc_http_request *request; /* NULL: it has left */
    oc_api_answer_fn answer;
    void *ctx;
};

struct oc_actor oc_api_actor(const struct oc_http_request *r)
{
    const struct oc_identity *who = oc_http_who(r);
    const bool known = who->kind != OC_IDENTITY_NONE;
    return (struct oc_actor){.name = known && *who->actor ? who->actor : "anonymous",
                             .role = known ? who->role : OC_ROLE_VIEWER};
}

static void on_gone(void *ctx)
{
    ((struct asked *)ctx)->request = NULL;
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct asked *a = ctx;
    a->answer(a->ctx, a->request, code, result, err);
    free(a);
}

void oc_api_ask(struct oc_http_request *r, const char *op, json_t *params, oc_api_answer_fn answer,
                void *ctx)
{
    struct oc_api *api = oc_http_api(r);
    struct asked *a = oc_calloc(1, sizeof *a);
    *a = (struct asked){r, answer, ctx};
    oc_http_on_gone(r, on_gone, a);
    const struct oc_call_request req = {
        .op = op, .params = params, .actor = oc_api_actor(r), .on_done = on_done, .ctx = a};
    oc_access_asking(api->access, &(struct oc_refusal){.peer = oc_http_peer(r),
                                                       .actor = req.actor.name,
                                                       .method = oc_http_method(r),
                                                       .path = op});
    oc_ops_call(api->env->ops, &req);
    oc_access_asking(api->access, NULL);
}
