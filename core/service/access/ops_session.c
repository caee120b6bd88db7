/* Operations over the sessions of browsers: list, revoke. SPDX-License-Identifier: MIT */
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/access/internal.h"

static json_t *session_json(const struct oc_grant *session)
{
    json_t *o = json_object();
    oc_json_set_str(o, "id", session->id);
    oc_json_set_str(o, "role", oc_access_role_name(session->role));
    oc_json_set_time(o, "created", session->created_ms);
    oc_json_set_time(o, "expires", session->expires_ms);
    oc_json_set_time(o, "used", session->used_ms);
    oc_json_set_str(o, "by", session->by);
    oc_json_set_str(o, "peer", session->peer);
    return o;
}

static void op_list(struct oc_call *call, void *ctx)
{
    const struct oc_access *a = ctx;
    const int64_t now = oc_time_wall();
    json_t *list = json_array();
    for (size_t i = 0; i < a->sessions.list.count; i++) {
        if (!oc_grant_expired(a->sessions.list.items[i], now)) {
            json_array_append_new(list, session_json(a->sessions.list.items[i]));
        }
    }
    oc_call_succeed(call, list);
}

struct revoke_params {
    const char *id;
};

static const struct oc_option revoke_options[] = {
    {.name = "id",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct revoke_params, id),
     .help = "its id, as in `openclaw session list`, or \"all\""},
    {0},
};

static bool any(const struct oc_grant *session, const void *ctx)
{
    (void)session;
    (void)ctx;
    return true;
}

static void op_revoke(struct oc_call *call, void *ctx)
{
    struct oc_access *a = ctx;
    const struct revoke_params *p = oc_call_params(call);
    const char *by = oc_call_actor(call)->name;
    const bool all = strcmp(p->id, "all") == 0;
    const size_t count = all ? a->sessions.list.count : 1;
    struct oc_grant *session = oc_grants_named(&a->sessions, p->id);
    struct oc_error err;
    oc_error_init(&err);
    if (!session && !all) {
        oc_call_failf(call, OC_E_NOT_FOUND, "See `openclaw session list`.",
                      "no session has this id");
        return;
    }
    int rc = all ? oc_access_revoke_sessions(a, any, NULL, by, &err)
                 : oc_access_revoke(a, &a->sessions, session, by, &err);
    if (rc == OC_OK) {
        oc_call_succeed(call, json_pack("{s:I}", "revoked", (json_int_t)count));
    } else {
        oc_call_fail(call, &err);
    }
}

static const struct oc_op ops[] = {
    {.name = "session.list",
     .summary = "List the browsers that are signed in",
     .role = OC_ROLE_ADMIN,
     .flags = OC_OP_EPHEMERAL,
     .view = "table:id=ID,role=Role,peer=From,by=By,used=Last used,expires=Expires",
     .example = "openclaw session list",
     .handler = op_list},
    {.name = "session.revoke",
     .summary = "Sign a browser out at once",
     .role = OC_ROLE_ADMIN,
     .flags = OC_OP_MUTATES | OC_OP_EPHEMERAL,
     .params = revoke_options,
     .params_size = sizeof(struct revoke_params),
     .view = "record",
     .example = "openclaw session revoke all",
     .handler = op_revoke},
};

void oc_access_add_session_ops(struct oc_access *a)
{
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(a->env.ops, &ops[i], a);
    }
}
