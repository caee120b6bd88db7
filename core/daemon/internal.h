/* The host's own state, shared by the files of the daemon. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_DAEMON_INTERNAL_H
#define OC_DAEMON_INTERNAL_H

#include "core/api/api.h"
#include "core/daemon/daemon.h"
#include "core/daemon/sections.h"
#include "core/loop/worker.h"
#include "core/service/access/access.h"
#include "core/service/alert/alert.h"
#include "core/service/audit/audit.h"
#include "core/service/cost/cost.h"
#include "core/service/cron/cron_service.h"
#include "core/service/env.h"
#include "core/service/export/export.h"
#include "core/service/governance/governance.h"
#include "core/service/health/health.h"
#include "core/service/host/service.h"
#include "core/service/message/message.h"
#include "core/service/metrics/metrics.h"
#include "core/service/package/package.h"
#include "core/service/plugin/plugin_service.h"
#include "core/service/policy/policy_service.h"
#include "core/service/rule/rule.h"
#include "core/service/runbook/runbook.h"
#include "core/service/schedule/schedule.h"
#include "core/service/skill/skill_service.h"
#include "core/service/tool/tool_service.h"
#include "core/service/unit/unit.h"
#include "core/sys/lock.h"

struct oc_daemon {
    struct daemon_options options;
    struct oc_config *config;
    struct oc_diags diags;
    struct oc_sections sections;
    char *home, *socket, *bundled;
    int log_fd;
    struct oc_home_lock lock;
    struct oc_loop *loop;
    struct oc_bus *bus;
    struct oc_workers *workers;
    struct oc_store *store;
    struct oc_plugins *plugins;
    struct oc_policies *policies;
    struct oc_ops *ops;
    struct oc_bridge *bridge;
    struct oc_timer *maintain;
    struct oc_env env;
    struct oc_host_service *host;
    struct oc_access *access;
    struct oc_schedule *schedule;
    struct oc_health *health;
    struct oc_cost *cost;
    struct oc_metrics *metrics;
    struct oc_rule_service *rules;
    struct oc_policy_service *policy;
    struct oc_alert_service *alert;
    struct oc_package_service *packages;
    struct oc_plugin_service *plugin;
    struct oc_tool_service *tools;
    struct oc_skill_service *skills;
    struct oc_export *export;
    struct oc_message_service *message;
    struct oc_ledger *ledger;
    struct oc_audit *audit;
    struct oc_governance *governance;
    struct oc_unit *units;
    struct oc_runbook *runbooks;
    struct oc_cron_service *cron;
    const struct oc_api_module *api_module; /* NULL: not loaded */
    struct oc_api *api;
    bool api_leaving;    /* it goes as soon as what is under way in it has ended */
    oc_loop_fn api_left; /* what the stopping host does then; may be NULL */
    int64_t grace_ms;
    bool started, stopping;
};

/* ---- wiring.c ---- */

/* Reads the folders of plugins, and that of the packages; once more: what is new and what is gone. */
void oc_daemon_scan_plugins(struct oc_daemon *h);
/* The instance that answers for a plugin, whichever service owns it; for the bridge. `ctx` is the daemon. */
struct oc_instance *oc_daemon_find_instance(void *ctx, const char *plugin, const char *name);
void oc_daemon_make_services(struct oc_daemon *h);
/* Gives every service its part; findings go to h->diags. */
void oc_daemon_configure(struct oc_daemon *h, const struct oc_config *config);

/* ---- home.c ---- */

/* One daemon owns the home folder. A private one that finds it taken (the daemon has just started) only looks. Where no pid lock can be made the
 * folders alone are locked; with any other error nobody knows who else writes there. */
int oc_daemon_take_home(struct oc_daemon *h, struct oc_error *err);

#endif
