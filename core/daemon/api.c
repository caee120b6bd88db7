/* Loading, configuring and leaving the API module. SPDX-License-Identifier: MIT */
#include "core/daemon/api.h"

#include <stdlib.h>
#include <string.h>

#include "core/api/options.h"
#include "core/base/log.h"
#include "core/base/time.h"
#include "core/daemon/peer.h"
#include "core/op/bridge.h"
#include "core/plugin/library/module.h"

#define LEAVE_MS OC_SECOND /* for answers that are on their way when the API is switched off */

/* ---- the operation api.listeners ---- */

static void op_listeners(struct oc_call *call, void *ctx)
{
    const struct oc_daemon *h = ctx;
    oc_call_succeed(call, h->api ? h->api_module->listeners(h->api) : json_array());
}

static const struct oc_op listeners_op = {
    .name = "api.listeners",
    .summary = "Show where the API listens",
    .role = OC_ROLE_VIEWER,
    .view = "table:url=URL,unix=Socket,serves=Serves,tls=TLS,connections=Connections,error=Problem",
    .example = "openclaw api listeners",
    .handler = op_listeners,
};

void oc_daemon_add_api_op(struct oc_daemon *h)
{
    oc_ops_add(h->ops, &listeners_op, h);
}

/* ---- the module ---- */

static bool is_wanted(const struct oc_daemon *h, const struct oc_config *config)
{
    const char *said = getenv("OPENCLAW_API");
    struct oc_arena arena = {0};
    struct oc_diags mute = {0};
    struct oc_api_options o;
    oc_api_options_bind(&o, config, &arena, &mute);
    const bool enabled = o.enabled;
    oc_arena_finish(&arena);
    oc_diags_finish(&mute);
    if (h->env.ephemeral || h->options.no_store) {
        return false;
    }
    return said && *said ? strcmp(said, "off") != 0 : enabled;
}

static const struct oc_config *config_of(void *ctx)
{
    return ((struct oc_daemon *)ctx)->config;
}

/* NULL and err when it is not there, or not ours. */
static const struct oc_api_module *open_module(struct oc_error *err)
{
    const struct oc_api_module *m = oc_module_open(OC_API_MODULE, OC_API_MODULE_SYMBOL, err);
    if (m && strcmp(m->version, OC_VERSION) != 0) {
        oc_error_set(err, OC_E_CONFIG, "the API module is of version %s, this host is %s",
                     m->version, OC_VERSION);
        oc_error_hint(err, "Install the same version of every part of openclaw.");
        return NULL;
    }
    return m;
}

static void make(struct oc_daemon *h, struct oc_diags *diags)
{
    struct oc_error err;
    oc_error_init(&err);
    const struct oc_api_module *m = open_module(&err);
    if (!m) {
        oc_diags_add(diags, true, NULL, "api", err.hint, "%s", err.message);
        oc_warn("no API", "reason=%s", err.message);
        return;
    }
    h->api_module = m;
    h->api = m->create(&(struct oc_api_env){.env = &h->env,
                                            .access = h->access,
                                            .alert = h->alert,
                                            .is_plugin = oc_peer_is_plugin,
                                            .config = config_of,
                                            .ctx = h});
}

void oc_daemon_expect_api(struct oc_daemon *h)
{
    if (is_wanted(h, h->config)) {
        oc_module_expect(OC_API_MODULE, h->workers);
    }
}

/* ---- its end in a running host ---- */

static void api_left(void *ctx)
{
    struct oc_daemon *h = ctx;
    const oc_loop_fn then = h->api_left;
    oc_daemon_destroy_api(h);
    if (then) {
        h->api_left = NULL;
        then(h);
    } else if (is_wanted(h, h->config)) { /* again, meanwhile */
        oc_daemon_configure_api(h, h->config);
    } else {
        oc_bridge_refresh(h->bridge); /* it leaves names that plugins may have had before */
        oc_bus_publish(h->bus, "api.listening", json_object());
    }
}

static void let_api_go(void *ctx)
{
    struct oc_daemon *h = ctx;
    if (h->api) {
        h->api_module->stop(h->api, LEAVE_MS, api_left, h);
    }
}

void oc_daemon_configure_api(struct oc_daemon *h, const struct oc_config *config)
{
    if (h->api_leaving) {
        return; /* api_left looks at what is in force by then */
    }
    if (!is_wanted(h, config)) {
        if (h->env.ephemeral) { /* whoever only looks is told what is wrong with the section */
            struct oc_arena arena = {0};
            struct oc_api_options o;
            oc_api_options_bind(&o, config, &arena, &h->diags);
            oc_api_options_check(&o, config, &h->diags);
            oc_arena_finish(&arena);
        }
        if (h->api) { /* who asked for it may be a client of the API: it goes when all of this has returned */
            h->api_leaving = true;
            oc_loop_post(h->loop, let_api_go, h);
        }
        return;
    }
    if (!h->api) {
        make(h, &h->diags);
    }
    if (h->api) {
        h->api_module->configure(h->api, config, &h->diags);
    }
}

void oc_daemon_check_api(const struct oc_config *config, struct oc_diags *diags)
{
    struct oc_arena arena = {0};
    struct oc_diags mute = {0};
    struct oc_api_options o;
    oc_api_options_bind(&o, config, &arena, &mute);
    const bool has_files = o.tls.certificate || o.tls.key || o.tls.client_ca;
    const struct oc_api_module *m = o.enabled && has_files ? open_module(NULL) : NULL;
    if (m) {
        m->check(config, diags);
    }
    oc_arena_finish(&arena);
    oc_diags_finish(&mute);
}

void oc_daemon_stop_api(struct oc_daemon *h, oc_loop_fn done)
{
    if (h->api_leaving) {
        h->api_left = done;
    } else if (h->api) {
        h->api_module->stop(h->api, h->grace_ms, done, h);
    } else {
        done(h);
    }
}

void oc_daemon_destroy_api(struct oc_daemon *h)
{
    if (h->api) {
        h->api_module->destroy(h->api);
        h->api = NULL;
        h->api_leaving = false;
    }
}
