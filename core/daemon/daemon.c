/* The life of the host: configuration, folders, store, start, reload, stop. SPDX-License-Identifier: MIT */
#include "core/daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/config/parse.h"
#include "core/daemon/api.h"
#include "core/daemon/embedded.h"
#include "core/daemon/internal.h"
#include "core/daemon/notify.h"
#include "core/op/bridge.h"
#include "core/store/journal.h"
#include "core/store/ledger/ledger_note.h"
#include "core/sys/file.h"

#define WORKERS        4
#define MAINTAIN_EVERY (5 * OC_MINUTE)

/* ---- configuration ---- */

static struct oc_config *load(const struct daemon_options *o, struct oc_diags *diags,
                              struct oc_error *err)
{
    struct oc_config_source source = {
        .file = o->config, .sets = o->sets, .defaults = oc_embedded_defaults};
    struct oc_buf draft = {0};
    struct oc_config *config = NULL;
    if (o->draft) {
        source.text = &draft;
    }
    diags->of_another = o->check;
    if (!o->draft || oc_file_read("/dev/stdin", OC_CONFIG_MAX_BYTES, &draft, err) == OC_OK) {
        config = oc_config_load(&source, diags, err);
    }
    oc_buf_finish(&draft);
    return config;
}

static void log_findings(const struct oc_diags *diags)
{
    for (size_t i = 0; i < diags->list.count; i++) {
        const struct oc_diag *d = &diags->list.items[i];
        oc_log(d->warning ? OC_LOG_WARN : OC_LOG_ERROR, "configuration",
               "at=%s:%d key=%s problem=%s hint=%s", d->file ? d->file : "", d->line, d->key,
               d->message, d->hint);
    }
}

static enum oc_log_format log_format(const struct oc_daemon *h)
{
    switch (h->sections.log.format) {
    case 1:
        return OC_LOG_TEXT;
    case 2:
        return OC_LOG_JSON;
    case 3:
        return OC_LOG_JOURNAL;
    default:
        return getenv("JOURNAL_STREAM") && !h->sections.log.file ? OC_LOG_JOURNAL : OC_LOG_TEXT;
    }
}

/* A log file that cannot be opened leaves the log on stderr and says so there. */
static void open_log(struct oc_daemon *h)
{
    int old = h->log_fd;
    h->log_fd = -1;
    if (h->sections.log.file && !h->env.ephemeral) {
        h->log_fd = open(h->sections.log.file,
                         O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (h->log_fd < 0) {
            oc_err("log file cannot be opened", "file=%s reason=%s", h->sections.log.file,
                   strerror(errno));
        }
    }
    int level =
        h->env.ephemeral && !getenv("OPENCLAW_DEBUG") ? OC_LOG_ERROR : h->sections.log.level;
    oc_log_set(level, log_format(h), h->log_fd >= 0 ? h->log_fd : STDERR_FILENO);
    if (old >= 0) {
        close(old);
    }
}

/* ---- making ---- */

static void make_folders(const struct oc_daemon *h)
{
    static const char *const folders[] = {"run", "data", "logs", "policies"};
    struct oc_error err;
    oc_error_init(&err);
    for (size_t i = 0; i < OC_COUNT(folders); i++) {
        char *path = oc_path_join(h->home, folders[i]);
        if (oc_dir_make(path, 0700, &err) != OC_OK) {
            oc_warn("folder cannot be made", "reason=%s", err.message);
        }
        free(path);
    }
}

static bool keeps_nothing(const struct oc_daemon *h)
{
    return h->options.no_store || h->options.check || h->options.dump_ops;
}

/* Who only looks at a host that has never run makes no home for it. */
static bool finds_nothing(const struct oc_daemon *h)
{
    return h->options.looks && access(h->home, F_OK) != 0 && errno == ENOENT;
}

static bool looks_only(const struct oc_daemon *h)
{
    return h->env.ephemeral && h->lock.pid < 0;
}

/* Checkpoints and journals are written by a daemon that has a store on the disk. */
static bool has_lived(const struct oc_daemon *h)
{
    char *ledger = oc_path_join(h->home, "ledger"), *alerts = oc_path_join(h->home, "data/alerts");
    const bool lived = oc_ledger_note_latest(ledger) > 0 || oc_journal_exists(alerts);
    free(ledger);
    free(alerts);
    return lived;
}

static int open_store(struct oc_daemon *h, struct oc_error *err)
{
    bool memory = keeps_nothing(h) || h->sections.store.backend == 1;
    char *path = memory ? oc_strdup(":memory:") : oc_path_join(h->home, "data/openclaw.db");
    struct oc_store_options o = {.path = path,
                                 .retention_ms = h->sections.store.retention_ms,
                                 .flush_interval_ms = h->sections.store.flush_ms,
                                 .max_series = (size_t)h->sections.store.max_series,
                                 .read_only = looks_only(h) && !memory,
                                 .existed = !memory && has_lived(h)};
    h->store = oc_store_open(&o, h->loop, h->bus, err);
    free(path);
    return h->store ? OC_OK : err->code;
}

static int open_ledger(struct oc_daemon *h, struct oc_error *err)
{
    bool memory = keeps_nothing(h) || h->sections.store.backend == 1;
    char *dir = memory ? NULL : oc_path_join(h->home, "ledger");
    /* As with the store: what cannot be kept is no reason not to watch. */
    const struct oc_ledger_options o = {
        .dir = dir, .read_only = looks_only(h), .tolerant = dir && !h->env.ephemeral};
    h->ledger = oc_ledger_open(&o, h->loop, err);
    free(dir);
    return h->ledger ? OC_OK : err->code;
}

static void maintain(void *ctx)
{
    struct oc_daemon *h = ctx;
    struct oc_error err;
    oc_error_init(&err);
    if (oc_store_maintain(h->store, &err) != OC_OK) {
        oc_warn("store maintenance failed", "reason=%s", err.message);
    }
    malloc_trim(0); /* what starting took and nobody needs any more */
}

struct oc_daemon *oc_daemon_create(const struct daemon_options *options, struct oc_error *err)
{
    struct oc_daemon *h = oc_calloc(1, sizeof *h);
    h->options = *options;
    h->log_fd = -1;
    h->lock = OC_HOME_UNLOCKED;
    h->env.ephemeral = options->ephemeral >= 0 || options->check || options->dump_ops;
    h->config = load(options, &h->diags, err);
    if (!h->config) {
        goto failed;
    }
    oc_sections_bind(&h->sections, h->config, &h->diags);
    h->home = oc_strdup(oc_config_home(h->config));
    h->options.no_store = h->options.no_store || finds_nothing(h);
    h->socket = h->env.ephemeral ? NULL : oc_path_join(h->home, "run/openclawd.sock");
    if (!keeps_nothing(h)) {
        make_folders(h);
    }
    open_log(h);
    h->loop = oc_loop_create();
    h->bus = oc_bus_create();
    h->workers = oc_workers_create(h->loop, WORKERS);
    if (!keeps_nothing(h) && oc_daemon_take_home(h, err) != OC_OK) {
        goto failed;
    }
    oc_daemon_expect_api(h);
    if (open_store(h, err) != OC_OK || open_ledger(h, err) != OC_OK) {
        goto failed;
    }
    h->plugins = oc_plugins_create(h->loop, h->bus, h->workers);
    if (!h->env.ephemeral && !keeps_nothing(h)) {
        oc_plugins_set_home(h->plugins, h->home); /* crashes are remembered by who may have them */
    }
    oc_daemon_scan_plugins(h);
    h->policies = oc_policies_create(h->bus, NULL);
    h->ops = oc_ops_create(h->loop, h->bus);
    oc_daemon_make_services(h);
    h->bridge = oc_bridge_create(h->ops, h->plugins, oc_daemon_find_instance, h);
    oc_bridge_refresh(h->bridge);
    h->maintain = oc_timer_create(h->loop, maintain, h);
    return h;
failed:
    oc_daemon_destroy(h);
    return NULL;
}

void oc_daemon_start(struct oc_daemon *h)
{
    h->started = true;
    oc_daemon_configure(h, h->config);
    log_findings(&h->diags);
    if (!h->env.ephemeral) {
        oc_timer_start(h->maintain, OC_MINUTE, MAINTAIN_EVERY);
    }
}

/* What was opened once: a new value is taken note of, the old one stays in force. */
static void warn_restart(struct oc_daemon *h, const struct oc_sections *old)
{
    const struct oc_node *root = oc_config_root(h->config);
    const struct store_section *a = &old->store, *b = &h->sections.store;
    const char *const hint = "Restart openclawd to put it in force.";
    if (a->backend != b->backend || a->retention_ms != b->retention_ms ||
        a->flush_ms != b->flush_ms || a->max_series != b->max_series) {
        oc_diags_add(&h->diags, true, oc_node_get(root, "store"), "store", hint,
                     "the store was opened with other options");
    }
    if (strcmp(h->home, oc_config_home(h->config)) != 0) {
        oc_diags_add(&h->diags, true, oc_node_get(root, "host"), "host.home", hint,
                     "this host lives in %s", h->home);
    }
}

static void adopt_config(struct oc_daemon *h, struct oc_config *config, struct oc_diags *diags)
{
    struct oc_sections old = h->sections;
    oc_diags_finish(&h->diags);
    h->diags = *diags;
    h->config = config;
    oc_sections_bind(&h->sections, config, &h->diags);
    warn_restart(h, &old);
    oc_sections_finish(&old);
    open_log(h);
}

int oc_daemon_reload(struct oc_daemon *h, struct oc_error *err)
{
    struct oc_diags diags = {0};
    struct oc_error why;
    oc_error_init(&why);
    err = err ? err : &why;
    if (h->stopping) {
        return oc_error_set(err, OC_E_CONFLICT, "the daemon is stopping");
    }
    struct oc_config *old = h->config, *config = load(&h->options, &diags, err);
    if (!config) {
        oc_err("reload refused: the configuration in force stays", "reason=%s hint=%s",
               err->message, err->hint);
        oc_diags_finish(&diags);
        return err->code;
    }
    oc_notify("RELOADING=1");
    adopt_config(h, config, &diags);
    if (!h->options.safe_mode) {
        oc_daemon_scan_plugins(h);
        oc_bridge_refresh(h->bridge);
    }
    oc_daemon_configure(h, config);
    oc_config_destroy(old);
    log_findings(&h->diags);
    oc_info("configuration loaded", "errors=%zu findings=%zu", oc_diags_errors(&h->diags),
            h->diags.list.count);
    oc_bus_publish(h->env.bus, "config.loaded",
                   json_pack("{s:I, s:I}", "errors", (json_int_t)oc_diags_errors(&h->diags),
                             "findings", (json_int_t)h->diags.list.count));
    oc_notify("READY=1");
    return OC_OK;
}

/* ---- leaving ---- */

static void all_stopped(void *ctx)
{
    struct oc_daemon *h = ctx;
    oc_loop_stop(h->loop);
}

static void bridge_stopped(void *ctx)
{
    struct oc_daemon *h = ctx;
    oc_plugin_service_stop(h->plugin, h->grace_ms, all_stopped, h);
}

static void remotes_stopped(void *ctx)
{
    struct oc_daemon *h = ctx;
    oc_message_stop(h->message, h->grace_ms, bridge_stopped, h);
}

static void channels_stopped(void *ctx)
{
    struct oc_daemon *h = ctx;
    oc_export_stop(h->export, h->grace_ms, remotes_stopped, h);
}

static void collectors_stopped(void *ctx)
{
    struct oc_daemon *h = ctx;
    oc_alert_stop(h->alert, h->grace_ms, channels_stopped, h);
}

static void audit_stopped(void *ctx)
{
    struct oc_daemon *h = ctx;
    oc_schedule_stop(h->schedule, h->grace_ms, collectors_stopped, h);
}

static void governance_stopped(void *ctx)
{
    struct oc_daemon *h = ctx;
    oc_audit_stop(h->audit, h->grace_ms, audit_stopped, h);
}

static void units_stopped(void *ctx)
{
    struct oc_daemon *h = ctx;
    oc_governance_stop(h->governance, h->grace_ms, governance_stopped, h);
}

static void runbooks_stopped(void *ctx)
{
    struct oc_daemon *h = ctx;
    oc_unit_stop(h->units, h->grace_ms, units_stopped, h);
}

static void cron_stopped(void *ctx)
{
    struct oc_daemon *h = ctx;
    oc_runbook_stop(h->runbooks, h->grace_ms, runbooks_stopped, h);
}

static void api_stopped(void *ctx)
{
    struct oc_daemon *h = ctx;
    oc_cron_service_stop(h->cron, h->grace_ms, cron_stopped, h);
}

void oc_daemon_stop(struct oc_daemon *h, int64_t grace_ms)
{
    if (h->stopping) {
        return;
    }
    h->stopping = true;
    h->grace_ms = grace_ms;
    oc_ops_stop(h->ops);
    oc_timer_stop(h->maintain);
    oc_daemon_stop_api(h, api_stopped);
}

void oc_daemon_destroy(struct oc_daemon *h)
{
    if (!h) {
        return;
    }
    unsigned lost = h->workers ? oc_workers_destroy(h->workers, OC_SECOND) : 0;
    if (h->ops) {
        oc_ops_cancel_all(h->ops);
    }
    oc_daemon_destroy_api(h);
    oc_bridge_destroy(h->bridge);
    oc_skill_service_destroy(h->skills);
    oc_cron_service_destroy(h->cron);
    oc_runbook_destroy(h->runbooks);
    oc_unit_destroy(h->units);
    oc_governance_destroy(h->governance);
    oc_audit_destroy(h->audit);
    oc_message_destroy(h->message);
    oc_export_destroy(h->export);
    oc_cost_destroy(h->cost);
    oc_tool_service_destroy(h->tools);
    oc_plugin_service_destroy(h->plugin);
    oc_package_service_destroy(h->packages);
    oc_schedule_destroy(h->schedule);
    oc_rule_destroy(h->rules);
    oc_alert_destroy(h->alert);
    oc_policy_service_destroy(h->policy);
    oc_health_destroy(h->health);
    oc_metrics_destroy(h->metrics);
    oc_access_destroy(h->access);
    oc_host_service_destroy(h->host);
    oc_ops_destroy(h->ops);
    oc_policies_destroy(h->policies);
    oc_ledger_close(h->ledger);
    oc_store_close(h->store);
    if (lost) {
        oc_warn("leaving with calls that never returned", "threads=%u", lost);
        _exit(0); /* their stacks still use what would be freed below */
    }
    oc_plugins_destroy(h->plugins);
    oc_timer_destroy(h->maintain);
    if (h->bus) {
        oc_bus_destroy(h->bus);
    }
    oc_loop_destroy(h->loop);
    oc_config_destroy(h->config);
    oc_diags_finish(&h->diags);
    oc_sections_finish(&h->sections);
    if (h->log_fd >= 0) {
        oc_log_set(OC_LOG_INFO, OC_LOG_TEXT, STDERR_FILENO);
        close(h->log_fd);
    }
    oc_home_unlock(&h->lock);
    free(h->home);
    free(h->socket);
    free(h->bundled);
    free(h);
}

/* ---- queries ---- */

struct oc_loop *oc_daemon_loop(struct oc_daemon *h)
{
    return h->loop;
}

struct oc_ops *oc_daemon_ops(struct oc_daemon *h)
{
    return h->ops;
}

const char *oc_daemon_home(const struct oc_daemon *h)
{
    return h->home;
}

const struct oc_diags *oc_daemon_diags(const struct oc_daemon *h)
{
    return &h->diags;
}

int oc_daemon_flush(struct oc_daemon *h)
{
    return oc_store_flush(h->store, NULL);
}

void oc_daemon_check_collectors(struct oc_daemon *h)
{
    if (!h->options.safe_mode) {
        oc_schedule_check(h->schedule, h->config, &h->diags);
        oc_alert_check(&h->env, h->config, &h->diags);
        oc_export_check(&h->env, h->config, &h->diags);
        oc_message_check(&h->env, h->config, &h->diags);
        oc_plugin_service_check(h->plugin, h->config, &h->diags);
        oc_unit_check(h->units, &h->diags);
        oc_daemon_check_api(h->config, &h->diags);
    }
}
