/* The sections of the configuration that belong to the host itself. SPDX-License-Identifier: MIT */
#include "core/daemon/sections.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/api/options.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/config/dump.h"
#include "core/config/host_name.h"
#include "core/service/alert/alert.h"
#include "core/service/audit/audit.h"
#include "core/service/cost/cost.h"
#include "core/service/cron/cron_service.h"
#include "core/service/export/export.h"
#include "core/service/governance/governance.h"
#include "core/service/health/health.h"
#include "core/service/message/message.h"
#include "core/service/plugin/plugin_service.h"
#include "core/service/policy/policy_service.h"
#include "core/service/rule/rule.h"
#include "core/service/runbook/runbook.h"
#include "core/service/schedule/schedule.h"
#include "core/service/unit/unit.h"

#define HOST(member) offsetof(struct host_section, member)
static const struct oc_option host_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .offset = HOST(name),
     .help = "name of this host in alerts; default: the machine's host name"},
    {.name = "home",
     .type = OC_OPT_PATH,
     .offset = HOST(home),
     .help = "folder for state, sockets and logs; default ~/.openclaw; OPENCLAW_HOME overrides it"},
    {.name = "plugins",
     .type = OC_OPT_STRINGS,
     .offset = HOST(plugins),
     .help = "more folders in which plugins are looked for"},
    {0}};

#define STORE(member) offsetof(struct store_section, member)
static const struct oc_option store_options[] = {
    {.name = "backend",
     .type = OC_OPT_ENUM,
     .offset = STORE(backend),
     .default_text = "sqlite",
     .choices = "sqlite|memory",
     .help = "where state is kept; memory keeps nothing across a restart"},
    {.name = "retention",
     .type = OC_OPT_DURATION,
     .offset = STORE(retention_ms),
     .default_text = "30d",
     .min = 3600000,
     .max = 315360000000.0,
     .help = "how long samples and events are kept"},
    {.name = "flush_interval",
     .type = OC_OPT_DURATION,
     .offset = STORE(flush_ms),
     .default_text = "10s",
     .min = 100,
     .max = 3600000,
     .help = "how often samples reach the disk: what a crash can lose of them"},
    {.name = "max_series",
     .type = OC_OPT_INT,
     .offset = STORE(max_series),
     .default_text = "200000",
     .min = 100,
     .max = 10000000,
     .help = "series beyond this number are refused"},
    {0}};

#define LOG(member) offsetof(struct log_section, member)
static const struct oc_option log_options[] = {
    {.name = "level",
     .type = OC_OPT_ENUM,
     .offset = LOG(level),
     .default_text = "info",
     .choices = "error|warn|info|debug",
     .help = "what is logged: this level and graver ones"},
    {.name = "format",
     .type = OC_OPT_ENUM,
     .offset = LOG(format),
     .default_text = "auto",
     .choices = "auto|text|json|journal",
     .help = "how lines look; auto is journal under systemd and text elsewhere"},
    {.name = "file",
     .type = OC_OPT_PATH,
     .offset = LOG(file),
     .help = "log to this file instead of stderr; SIGHUP opens it anew"},
    {0}};

/* Sections of the services: each validates its own. */
static const char *const known[] = {
    "host",         "store",        "log",         "thresholds", "alerts",    "policies",
    "health",       "dependencies", "maintenance", "collectors", "isolation", "plugins",
    "remote_write", "api",          "cost",        "bridge",     "units",     "runbooks",
    "schedules",    "governance",   "ledger",      "evidence"};

static void check_names(const struct oc_node *root, struct oc_diags *diags)
{
    for (size_t i = 0; i < root->count; i++) {
        const struct oc_node *n = root->children[i];
        bool found = false;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
            found = found || strcmp(n->key, known[k]) == 0;
        }
        if (!found) {
            const char *near = oc_nearest(n->key, known, sizeof known / sizeof *known);
            char hint[128] = "";
            if (near) {
                snprintf(hint, sizeof hint, "Did you mean `%s`?", near);
            }
            oc_diags_add(diags, false, n, n->key, hint, "unknown section");
        }
    }
}

/* Sections that are lists; the services read what is in them, and take anything else for nothing. */
static void check_lists(const struct oc_node *root, struct oc_diags *diags)
{
    static const char *const lists[] = {"collectors", "dependencies", "maintenance", "units"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct oc_node *n = oc_node_get(root, lists[i]);
        if (!n || n->type == OC_NODE_LIST) {
            continue;
        }
        char hint[64];
        struct oc_buf value = {0};
        snprintf(hint, sizeof hint, "Write %s = ( { ... } );", lists[i]);
        if (n->type == OC_NODE_INT || n->type == OC_NODE_FLOAT) {
            oc_buf_adds(&value, "the number ");
            oc_dump_value(n, &value);
        } else {
            oc_buf_addf(&value, "a %s", oc_node_type_name(n->type));
        }
        oc_diags_add(diags, false, n, lists[i], hint, "expected a list, found %s", value.data);
        oc_buf_finish(&value);
    }
}

static void check_host_name(const struct host_section *host, const struct oc_node *root,
                            struct oc_diags *diags)
{
    if (host->name && !oc_host_name_is_sound(host->name)) {
        oc_diags_add(diags, false, oc_node_get(root, "host.name"), "host.name",
                     "Until then the machine's name holds.",
                     "expected one line without control characters, of less than %d bytes",
                     OC_HOST_NAME_SIZE);
    }
}

void oc_sections_bind(struct oc_sections *s, const struct oc_config *config, struct oc_diags *diags)
{
    const struct oc_node *root = oc_config_root(config);
    memset(s, 0, sizeof *s);
    check_names(root, diags);
    check_lists(root, diags);
    oc_bind(host_options, sizeof *host_options, oc_node_get(root, "host"), "host", NULL, &s->host,
            sizeof s->host, &s->arena, diags);
    check_host_name(&s->host, root, diags);
    oc_bind(store_options, sizeof *store_options, oc_node_get(root, "store"), "store", NULL,
            &s->store, sizeof s->store, &s->arena, diags);
    oc_bind(log_options, sizeof *log_options, oc_node_get(root, "log"), "log", NULL, &s->log,
            sizeof s->log, &s->arena, diags);
}

void oc_sections_finish(struct oc_sections *s)
{
    oc_arena_finish(&s->arena);
}

json_t *oc_sections_json(void)
{
    json_t *o = json_object();
    oc_json_take(o, "host", oc_options_json(host_options, sizeof *host_options));
    oc_json_take(o, "store", oc_options_json(store_options, sizeof *store_options));
    oc_json_take(o, "log", oc_options_json(log_options, sizeof *log_options));
    oc_schedule_describe(o);
    oc_health_describe(o);
    oc_alert_describe(o);
    oc_rule_describe(o);
    oc_policy_service_describe(o);
    oc_plugin_service_describe(o);
    oc_cost_describe(o);
    oc_export_describe(o);
    oc_message_describe(o);
    oc_audit_describe(o);
    oc_governance_describe(o);
    oc_unit_describe(o);
    oc_runbook_describe(o);
    oc_cron_service_describe(o);
    oc_api_describe(o);
    return o;
}
