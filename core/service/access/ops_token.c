/* Operations over tokens: create, list, revoke. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/access/internal.h"
#include "core/sys/crypto.h"

struct create_params {
    const char *name;
    int32_t role;
    int64_t expires;
};

static const struct oc_option create_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct create_params, name),
     .help = "what the token is for: its name in the list and in the audit trail"},
    {.name = "role",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct create_params, role),
     .default_text = "viewer",
     .choices = "viewer|operator|admin",
     .help = "what it may do: look, act on alerts and checks, or everything"},
    {.name = "expires",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct create_params, expires),
     .default_text = "90d",
     .max = 315360000000.0,
     .help = "how long it is good; 0 = until it is revoked"},
    {0},
};

static json_t *token_json(const struct oc_grant *token, int64_t now)
{
    json_t *o = json_object();
    oc_json_set_str(o, "id", token->id);
    oc_json_set_str(o, "name", token->name);
    oc_json_set_str(o, "role", oc_access_role_name(token->role));
    oc_json_set_str(o, "state", oc_grant_expired(token, now) ? "expired" : "valid");
    oc_json_set_time(o, "created", token->created_ms);
    oc_json_set_time(o, "expires", token->expires_ms);
    oc_json_set_time(o, "used", token->used_ms);
    oc_json_set_str(o, "by", token->by);
    return o;
}

static int check_name(const struct oc_access *a, const char *name, struct oc_error *err)
{
    int rc = OC_OK;
    if (!oc_name_valid(name)) {
        rc = oc_error_set(err, OC_E_CONFIG, "'%.64s' is no name for a token", name);
        oc_error_hint(err, "Use up to 64 letters, digits, '.', '_' and '-', such as \"grafana\".");
    } else if (oc_grants_named(&a->tokens, name)) {
        rc = oc_error_set(err, OC_E_CONFLICT, "there is a token named %s already", name);
        oc_error_hint(err, "Revoke it first (`openclaw token revoke %s`), or take another name.",
                      name);
    }
    return rc;
}

static struct oc_grant *new_token(const struct create_params *p, const char *by, const char *secret)
{
    struct oc_grant *token = oc_calloc(1, sizeof *token);
    oc_id_make(token->id);
    oc_copy(token->name, sizeof token->name, p->name);
    oc_copy(token->by, sizeof token->by, by);
    oc_secret_hash(secret, strlen(secret), token->hash);
    token->role = (enum oc_role)p->role;
    token->created_ms = oc_time_wall();
    token->expires_ms = p->expires ? token->created_ms + p->expires : 0;
    return token;
}

static void op_create(struct oc_call *call, void *ctx)
{
    struct oc_access *a = ctx;
    const struct create_params *p = oc_call_params(call);
    const char *by = oc_call_actor(call)->name;
    struct oc_error err;
    oc_error_init(&err);
    if (check_name(a, p->name, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    char *secret = oc_secret_make();
    struct oc_grant *token = new_token(p, by, secret);
    if (oc_grants_add(&a->tokens, token, &err) == OC_OK) {
        oc_access_note(a, "token.created", token->actor, by, token->role, NULL);
        json_t *result = token_json(token, token->created_ms);
        json_object_del(result, "state");
        json_object_del(result, "used");
        oc_json_set_str(result, "token", secret);
        oc_call_succeed(call, result);
    } else {
        oc_call_fail(call, &err);
    }
    oc_secret_wipe(secret);
}

static void op_list(struct oc_call *call, void *ctx)
{
    const struct oc_access *a = ctx;
    const int64_t now = oc_time_wall();
    json_t *list = json_array();
    for (size_t i = 0; i < a->tokens.list.count; i++) {
        json_array_append_new(list, token_json(a->tokens.list.items[i], now));
    }
    oc_call_succeed(call, list);
}

struct revoke_params {
    const char *token;
};

static const struct oc_option revoke_options[] = {
    {.name = "token",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct revoke_params, token),
     .help = "its name or its id, as in `openclaw token list`"},
    {0},
};

static void op_revoke(struct oc_call *call, void *ctx)
{
    struct oc_access *a = ctx;
    const struct revoke_params *p = oc_call_params(call);
    struct oc_grant *token = oc_grants_named(&a->tokens, p->token);
    struct oc_error err;
    oc_error_init(&err);
    if (!token) { /* what was given may be the secret itself: it is not repeated */
        oc_call_failf(call, OC_E_NOT_FOUND, "See `openclaw token list`.",
                      "no token has this name or id");
        return;
    }
    json_t *result =
        json_pack("{s:s, s:s, s:b}", "id", token->id, "name", token->name, "revoked", 1);
    if (oc_access_revoke(a, &a->tokens, token, oc_call_actor(call)->name, &err) == OC_OK) {
        oc_call_succeed(call, result);
    } else {
        json_decref(result);
        oc_call_fail(call, &err);
    }
}

static const struct oc_op ops[] = {
    {.name = "token.create",
     .summary = "Make a token for a program that uses the API",
     .role = OC_ROLE_ADMIN,
     .flags = OC_OP_MUTATES | OC_OP_EPHEMERAL | OC_OP_TELLS_SECRET,
     .params = create_options,
     .params_size = sizeof(struct create_params),
     .view = "text:token",
     .description =
         "The token is shown this once: only its hash is kept. Programs send it as "
         "`Authorization: Bearer TOKEN`, or as the password of Basic authentication with any user "
         "name.",
     .example = "openclaw token create grafana --role viewer --expires 365d",
     .result = "{id: string, name: string, role: string, created: time, expires: time|null, "
               "by: string, token: string}",
     .handler = op_create},
    {.name = "token.list",
     .summary = "List the tokens, never what they are",
     .role = OC_ROLE_ADMIN,
     .flags = OC_OP_EPHEMERAL,
     .view = "table:name=Name,role=Role,state=State,expires=Expires,used=Last used,by=By",
     .example = "openclaw token list",
     .result = "[{id: string, name: string, role: string, state: string, created: time, "
               "expires: time|null, used: time|null, by: string}]",
     .handler = op_list},
    {.name = "token.revoke",
     .summary = "Make a token worthless at once",
     .role = OC_ROLE_ADMIN,
     .flags = OC_OP_MUTATES | OC_OP_EPHEMERAL,
     .params = revoke_options,
     .params_size = sizeof(struct revoke_params),
     .view = "record",
     .description = "Sessions that were made with it and connections that are open on it end, too.",
     .example = "openclaw token revoke grafana",
     .result = "{id: string, name: string, revoked: boolean}",
     .handler = op_revoke},
};

void oc_access_add_token_ops(struct oc_access *a)
{
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(a->env.ops, &ops[i], a);
    }
}
