/* The operation `login`: a link that signs one browser in. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/service/access/internal.h"

struct params {
    int32_t role;
};

static const struct oc_option options[] = {
    {.name = "role",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct params, role),
     .default_text = "admin",
     .choices = "viewer|operator|admin",
     .help = "what whoever opens the link may do"},
    {0},
};

/* The listener that a browser reaches; NULL: there is none. Borrowed from `listeners`. */
static const char *base_url(const json_t *listeners)
{
    const json_t *row;
    size_t i;
    json_array_foreach(listeners, i, row)
    {
        const char *url = oc_json_str(row, "url", "");
        if (*url && !*oc_json_str(row, "error", "") && !*oc_json_str(row, "unix", "") &&
            strcmp(oc_json_str(row, "serves", "all"), "all") == 0) {
            return url;
        }
    }
    return NULL;
}

static json_t *make_link(struct oc_access *a, const char *base, enum oc_role role)
{
    const size_t len = strlen(base);
    char *code = oc_access_login_code(a, role);
    char *url =
        oc_asprintf("%s%slogin?code=%s", base, len && base[len - 1] == '/' ? "" : "/", code);
    json_t *result = json_object();
    oc_json_set_str(result, "url", url);
    oc_json_set_str(result, "role", oc_access_role_name(role));
    oc_json_set_time(result, "expires", oc_time_wall() + OC_CODES_LIFE);
    oc_secret_wipe(url);
    oc_secret_wipe(code);
    return result;
}

static json_t *ask_listeners(const struct oc_access *a)
{
    return oc_ops_find(a->env.ops, "api.listeners") ? oc_ops_ask(a->env.ops, "api.listeners", NULL)
                                                    : NULL;
}

/* The environment goes before the configuration (core/daemon/api.c). */
static bool is_switched_off(void)
{
    const char *said = getenv("OPENCLAW_API");
    return said && strcmp(said, "off") == 0;
}

static void op_login(struct oc_call *call, void *ctx)
{
    struct oc_access *a = ctx;
    const struct params *p = oc_call_params(call);
    json_t *listeners = ask_listeners(a);
    const char *base = base_url(listeners);
    if (base) {
        oc_access_note(a, "login.offered", "", oc_call_actor(call)->name, (enum oc_role)p->role,
                       NULL);
        oc_call_succeed(call, make_link(a, base, (enum oc_role)p->role));
    } else if (is_switched_off()) {
        oc_call_failf(call, OC_E_CONFLICT,
                      "Start the host without it; the section `api` of its configuration counts "
                      "then.",
                      "this host was started with OPENCLAW_API=off and serves no dashboard");
    } else {
        oc_call_failf(call, OC_E_CONFLICT,
                      "Set api.enabled = true, and see `openclaw doctor` when that is so already.",
                      "no listener of this host serves the dashboard");
    }
    json_decref(listeners);
}

static void op_first(struct oc_call *call, void *ctx)
{
    const struct oc_access *a = ctx;
    json_t *listeners = ask_listeners(a);
    const bool first = oc_access_is_virgin(a) && base_url(listeners);
    oc_call_succeed(call, json_pack("{s:b}", "first", (int)first));
    json_decref(listeners);
}

static const struct oc_op login_op = {
    .name = "login",
    .summary = "Make a link that signs one browser in",
    .role = OC_ROLE_ADMIN,
    .flags = OC_OP_MUTATES | OC_OP_TELLS_SECRET,
    .params = options,
    .params_size = sizeof(struct params),
    .view = "text:url",
    .description = "The link works once, for 15 minutes, and not after a restart of the daemon.",
    .example = "openclaw login --role viewer",
    .handler = op_login,
};

static const struct oc_op first_op = {
    .name = "access.first",
    .summary = "Whether a dashboard is served to which nobody has ever signed in",
    .flags = OC_OP_INTERNAL,
    .handler = op_first,
};

void oc_access_add_login_ops(struct oc_access *a)
{
    oc_ops_add(a->env.ops, &login_op, a);
    oc_ops_add(a->env.ops, &first_op, a);
}
