/* Which services there are, and how they reach each other: the only place that knows all of them. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/daemon/api.h"
#include "core/daemon/check.h"
#include "core/daemon/internal.h"
#include "core/op/bridge.h"
#include "core/sys/file.h"

/* ---- plugins ---- */

/* Those that came with the host: in the build tree, wherever the installed tree was put, or where it was configured. Owned. */
static char *bundled_folder(void)
{
    const char *given = getenv("OPENCLAW_PLUGINS");
    char *self = oc_path_self_dir();
    char *built = oc_path_expand("../plugins", self);
    char *installed = oc_path_expand("../" OC_PLUGIN_SUBDIR, self);
    const char *folder = given && *given             ? given
                         : oc_file_exists(built)     ? built
                         : oc_file_exists(installed) ? installed
                                                     : OC_PLUGIN_DIR;
    char *found = oc_path_expand(folder, NULL);
    char *real = realpath(found, NULL); /* as the folders of the plugins in it are named */
    free(installed);
    free(built);
    free(self);
    if (real) {
        free(found);
    }
    return real ? real : found;
}

void oc_daemon_scan_plugins(struct oc_daemon *h)
{
    h->bundled = h->bundled ? h->bundled : bundled_folder();
    if (h->options.no_plugins) {
        return;
    }
    if (h->options.safe_mode) {
        oc_warn("safe mode: no plugin is loaded", NULL);
        return;
    }
    char *mine = oc_path_join(h->home, "plugins");
    const char *const *more = h->sections.host.plugins.items;
    for (uint64_t i = 0; i < h->sections.host.plugins.count; i++) {
        oc_plugins_scan(h->plugins, more[i]);
    }
    oc_plugins_scan(h->plugins, mine);
    oc_plugins_scan(h->plugins, h->bundled);
    char *packages = oc_path_join(h->home, "packages/current/plugins");
    oc_plugins_sync(h->plugins, packages);
    free(packages);
    free(mine);
}

/* ---- what services ask of the daemon ---- */

static const struct oc_config *hook_config(void *ctx)
{
    return ((struct oc_daemon *)ctx)->config;
}

static const struct oc_diags *hook_diags(void *ctx)
{
    return &((struct oc_daemon *)ctx)->diags;
}

static json_t *hook_sections(void *ctx)
{
    (void)ctx;
    return oc_sections_json();
}

static int hook_reload(void *ctx, struct oc_error *err)
{
    return oc_daemon_reload(ctx, err);
}

static json_t *hook_check(void *ctx, const char *path, const struct oc_buf *draft,
                          struct oc_error *err)
{
    const struct oc_daemon *h = ctx;
    return oc_check_file(path, draft, h->home, h->options.sets, err);
}

struct oc_instance *oc_daemon_find_instance(void *ctx, const char *plugin, const char *name)
{
    struct oc_daemon *h = ctx;
    struct oc_instance *found = h->schedule ? oc_schedule_find(h->schedule, plugin, name) : NULL;
    found = found || !h->alert ? found : oc_alert_find_instance(h->alert, plugin, name);
    found = found || !h->export ? found : oc_export_find_instance(h->export, plugin, name);
    found = found || !h->message ? found : oc_message_find_instance(h->message, plugin, name);
    found = found || !h->units ? found : oc_unit_find_instance(h->units, plugin, name);
    return found || !h->plugin ? found : oc_plugin_service_find(h->plugin, plugin, name);
}

static void hook_each(void *ctx, oc_each_instance_fn fn, void *fn_ctx)
{
    struct oc_daemon *h = ctx;
    oc_schedule_each(h->schedule, fn, fn_ctx);
    oc_alert_each(h->alert, fn, fn_ctx);
    oc_export_each(h->export, fn, fn_ctx);
    oc_message_each(h->message, fn, fn_ctx);
    oc_unit_each(h->units, fn, fn_ctx);
}

/* ---- configuring ---- */

/* What watches, and what it tells. */
static void configure_watch(struct oc_daemon *h, const struct oc_config *config)
{
    oc_health_configure(h->health, config, &h->diags);
    oc_rule_configure(h->rules, config, &h->diags);
    oc_alert_configure(h->alert, config, &h->diags);
    oc_cost_configure(h->cost, config, &h->diags);
    oc_export_configure(h->export, config, &h->diags);
    oc_message_configure(h->message, config, &h->diags);
    if (!h->options.safe_mode && (!h->env.ephemeral || h->options.collect)) {
        oc_schedule_configure(h->schedule, config, &h->diags);
    }
}

/* What acts, and what decides whether it may. */
static void configure_acts(struct oc_daemon *h, const struct oc_config *config)
{
    oc_plugin_service_configure(h->plugin, config, &h->diags);
    oc_audit_configure(h->audit, config, &h->diags);
    oc_governance_configure(h->governance, config, &h->diags);
    if (!h->options.plain) {
        oc_unit_configure(h->units, config, &h->diags);
        oc_runbook_configure(h->runbooks, config, &h->diags);
        oc_cron_service_configure(h->cron, config, &h->diags);
    }
}

void oc_daemon_configure(struct oc_daemon *h, const struct oc_config *config)
{
    oc_plugin_service_prepare(h->plugin, config, &h->diags);
    oc_access_configure(h->access, config, &h->diags);
    oc_policy_service_configure(h->policy, config, &h->diags);
    if (!h->options.plain) {
        configure_watch(h, config);
    }
    configure_acts(h, config);
    oc_schedule_begin(h->schedule); /* the API takes its time */
    oc_daemon_configure_api(h, config);
}

/* What this says of these sections takes the place of what was said of them before. */
static void forget_findings(struct oc_diags *diags)
{
    static const char *const sections[] = {"collectors",   "alerts", "plugins", "isolation",
                                           "remote_write", "bridge", "units",   "evidence"};
    for (size_t i = diags->list.count; i-- > 0;) {
        const char *key = diags->list.items[i].key;
        bool told_again = false;
        for (size_t k = 0; k < OC_COUNT(sections); k++) {
            told_again = told_again || oc_starts(key, sections[k]);
        }
        if (told_again && !oc_starts(key, "alerts.rules")) {
            oc_diags_remove(diags, i);
        }
    }
}

/* Other packages are there: the configuration in force stays, what it means may be another. */
static void hook_changed(void *ctx)
{
    struct oc_daemon *h = ctx;
    if (h->stopping || !h->started || h->options.safe_mode) {
        return;
    }
    char *packages = oc_path_join(h->home, "packages/current/plugins");
    forget_findings(&h->diags);
    oc_plugins_sync(h->plugins, packages);
    oc_bridge_refresh(h->bridge);
    oc_plugin_service_prepare(h->plugin, h->config, &h->diags);
    oc_alert_configure(h->alert, h->config, &h->diags);
    oc_export_configure(h->export, h->config, &h->diags);
    oc_message_configure(h->message, h->config, &h->diags);
    if (!h->env.ephemeral) {
        oc_schedule_configure(h->schedule, h->config, &h->diags);
    }
    oc_plugin_service_configure(h->plugin, h->config, &h->diags);
    if (!h->options.plain) {
        oc_unit_configure(h->units, h->config, &h->diags); /* a driver may have come */
    }
    free(packages);
}

/* ---- making ---- */

void oc_daemon_make_services(struct oc_daemon *h)
{
    struct oc_host_hooks hooks = {.config = hook_config,
                                  .diags = hook_diags,
                                  .sections = hook_sections,
                                  .reload = hook_reload,
                                  .check = hook_check,
                                  .ctx = h,
                                  .socket = h->socket,
                                  .safe_mode = h->options.safe_mode};
    h->env = (struct oc_env){.loop = h->loop,
                             .bus = h->bus,
                             .store = h->store,
                             .plugins = h->plugins,
                             .policies = h->policies,
                             .ops = h->ops,
                             .ledger = h->ledger,
                             .home = h->home,
                             .bundled = h->bundled,
                             .ephemeral = h->env.ephemeral};
    h->host = oc_host_service_create(&h->env, &hooks);
    h->access = oc_access_create(&h->env);
    h->metrics = oc_metrics_create(&h->env);
    h->health = oc_health_create(&h->env);
    h->policy = oc_policy_service_create(&h->env);
    h->alert = oc_alert_create(&h->env);
    h->rules = oc_rule_create(&h->env);
    h->cost = oc_cost_create(&h->env);
    h->schedule = oc_schedule_create(&h->env);
    h->packages = oc_package_service_create(&h->env);
    struct oc_plugin_hooks plugin_hooks = {.config = hook_config,
                                           .each = hook_each,
                                           .changed = hook_changed,
                                           .ctx = h,
                                           .collector_keys = oc_collector_keys + 1,
                                           .channel_keys = oc_channel_keys + 1,
                                           .safe_mode = h->options.safe_mode};
    h->plugin = oc_plugin_service_create(&h->env, &plugin_hooks);
    h->tools = oc_tool_service_create(&h->env, &(struct oc_tool_hooks){oc_daemon_find_instance, h});
    oc_daemon_add_api_op(h);
    h->export = oc_export_create(&h->env);
    h->message = oc_message_create(&h->env);
    h->audit = oc_audit_create(&h->env);
    h->governance = oc_governance_create(&h->env);
    h->units = oc_unit_create(&h->env);
    h->runbooks = oc_runbook_create(&h->env);
    h->cron = oc_cron_service_create(&h->env);
    h->skills = oc_skill_service_create(&h->env, &(struct oc_skill_hooks){hook_config, h});
}
