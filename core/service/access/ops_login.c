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

static bool serves_pages(const json_t *listener)
{
    return !*oc_json_str(listener, "error", "") &&
           strcmp(oc_json_str(listener, "serves", "all"), "all") == 0;
}

/* What a browser reaches: a listener, or a proxy in front of one that is a unix socket, by the name under which this host is asked ("" when
 * that is not known). NULL: nothing. Owned by the caller. */
static char *base_url(const struct oc_access *a, const json_t *listeners)
{
    const json_t *row;
    size_t i;
    bool behind_proxy = false;
    json_array_foreach(listeners, i, row)
    {
        const char *url = oc_json_str(row, "url", "");
        const bool is_unix = *oc_json_str(row, "unix", "");
        if (*url && !is_unix && serves_pages(row)) {
            return oc_strdup(url);
        }
        behind_proxy = behind_proxy || (is_unix && serves_pages(row));
    }
    const bool v6 = a->host && strchr(a->host, ':');
    return !behind_proxy ? NULL
           : a->host     ? oc_asprintf(v6 ? "https://[%s]" : "https://%s", a->host)
                         : oc_strdup("");
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
    char *base = base_url(a, listeners);
    if (base) {
        if (!*base) {
            oc_call_warn(call,
                         "only a unix socket serves the dashboard, and api.hosts names nobody: "
                         "put the address of your proxy before this path");
        }
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
    free(base);
    json_decref(listeners);
}

static void op_first(struct oc_call *call, void *ctx)
{
    const struct oc_access *a = ctx;
    json_t *listeners = ask_listeners(a);
    char *base = oc_access_is_virgin(a) ? base_url(a, listeners) : NULL;
    oc_call_succeed(call, json_pack("{s:b}", "first", (int)(base != NULL)));
    free(base);
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
