/* Life of the audit service: its section, its clock, its end. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/audit/internal.h"
#include "core/sys/file.h"

#define LOGS_KEPT    5 /* older files of governance-events.log */
#define TICK         (10 * OC_SECOND)
#define UNCOVERED    OC_MINUTE /* so long an entry waits for a checkpoint at the most */
#define SOON         OC_SECOND
#define RETIRE_EVERY (6 * OC_HOUR)
#define CLOSE_GRACE  10000

#define SECTION(member) offsetof(struct oc_audit_section, member)
static const struct oc_option section_options[] = {
    {.name = "checkpoint_interval",
     .type = OC_OPT_DURATION,
     .offset = SECTION(checkpoint_every_ms),
     .default_text = "1h",
     .min = 1000,
     .max = 604800000.0,
     .help = "how often what was added is signed: one minute after it was added at the latest, "
             "decisions at once"},
    {.name = "checkpoint_entries",
     .type = OC_OPT_INT,
     .offset = SECTION(checkpoint_entries),
     .default_text = "10000",
     .min = 1,
     .max = 1e9,
     .help = "so many entries are signed before that"},
    {.name = "retention",
     .type = OC_OPT_DURATION,
     .offset = SECTION(retention_ms),
     .default_text = "365d",
     .min = 86400000.0,
     .max = 3153600000000.0,
     .help = "how long the text of entries is kept; their hashes stay"},
    {.name = "copy_to",
     .type = OC_OPT_PATH,
     .offset = SECTION(copy_to),
     .help = "a folder, best on another machine, that gets a copy of segments and checkpoints"},
    {.name = "log_size",
     .type = OC_OPT_SIZE,
     .offset = SECTION(log_size),
     .default_text = "10MB",
     .min = 4096,
     .max = 1073741824.0,
     .help = "a governance-events.log that is larger is put aside; five are kept"},
    {0}};

struct oc_workers *oc_audit_workers(struct oc_audit *s)
{
    s->workers = s->workers ? s->workers : oc_workers_create(s->env.loop, 1);
    return s->workers;
}

void oc_audit_add_op(struct oc_audit *s, const struct oc_op *op, struct oc_op *twin,
                     const char *twin_name)
{
    *twin = *op;
    twin->name = twin_name;
    twin->example = NULL;
    oc_ops_add(s->env.ops, op, s);
    oc_ops_add(s->env.ops, twin, s);
}

/* ---- audit.note ---- */

struct note_params {
    const char *type, *entry;
};
static const struct oc_option note_options[] = {{.name = "type",
                                                 .type = OC_OPT_STRING,
                                                 .flags = OC_OPT_REQUIRED,
                                                 .offset = offsetof(struct note_params, type),
                                                 .help = "type of the entry"},
                                                {.name = "entry",
                                                 .type = OC_OPT_STRING,
                                                 .flags = OC_OPT_REQUIRED,
                                                 .offset = offsetof(struct note_params, entry),
                                                 .help = "what was done: an object, as text"},
                                                {0}};

/* From a daemon of one operation, through the socket that only this user and root can reach. */
static void op_note(struct oc_call *call, void *ctx)
{
    struct oc_audit *s = ctx;
    const struct note_params *p = oc_call_params(call);
    json_t *own = oc_json_parse(p->entry, strlen(p->entry), NULL);
    const bool known = strcmp(p->type, "operation") == 0 || strcmp(p->type, "denied") == 0;
    struct oc_error err;
    oc_error_init(&err);
    if (strncmp(oc_call_actor(call)->name, "cli:", 4) != 0 || !known || !json_is_object(own)) {
        json_decref(own);
        oc_call_failf(call, OC_E_DENIED, NULL, "only what was done on this host is noted");
        return;
    }
    oc_json_set_bool(own, "private", true);
    oc_json_set_str(own, "peer", oc_call_actor(call)->name);
    if (oc_audit_write(s, p->type, own, 1, call, &err) != OC_OK) {
        oc_audit_lose(s, &err, 1);
        oc_call_fail(call, &err);
    }
    json_decref(own);
}

static const struct oc_op note_op = {
    .name = "audit.note",
    .summary = "Note what a private daemon has done",
    .role = OC_ROLE_ADMIN,
    .flags = OC_OP_INTERNAL,
    .params = note_options,
    .params_size = sizeof(struct note_params),
    .handler = op_note,
};

/* ---- the clock ---- */

bool oc_audit_alert(struct oc_audit *s, enum oc_audit_alarm alarm, bool firing, const char *message)
{
    static const struct {
        const char *rule, *severity;
    } alarms[OC_AUDIT_ALARMS] = {
        [OC_AUDIT_UNHEALTHY] = {"ledger-unhealthy", "critical"},
        [OC_AUDIT_COPY_FAILED] = {"ledger-copy-failed", "warning"},
        [OC_AUDIT_COPY_CONFLICT] = {"ledger-copy-conflict", "critical"},
    };
    const enum oc_audit_told now = firing ? OC_AUDIT_FIRING : OC_AUDIT_RESOLVED;
    const char *rule = alarms[alarm].rule;
    char fingerprint[17];
    if (s->told[alarm] == now) {
        return false;
    }
    s->told[alarm] = now;
    snprintf(fingerprint, sizeof fingerprint, "%016llx",
             (unsigned long long)oc_hash_bytes(rule, strlen(rule), 0));
    json_t *data =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:s}, s:s, s:I, s:I}", "rule", rule, "fingerprint",
                  fingerprint, "severity", alarms[alarm].severity, "category", "governance",
                  "instance", "ledger", "labels", "instance", "ledger", "message", message, "since",
                  (json_int_t)oc_time_wall(), "at", (json_int_t)oc_time_wall());
    oc_bus_publish(s->env.bus, firing ? "rule.firing" : "rule.resolved", data);
    return true;
}

/* Whoever follows alerts hears of it. */
static void tell_health(struct oc_audit *s)
{
    struct oc_error why;
    oc_error_init(&why);
    const bool sick = !oc_ledger_healthy(s->env.ledger, &why);
    if (oc_audit_alert(s, OC_AUDIT_UNHEALTHY, sick,
                       sick ? why.message : "the ledger is written again") &&
        sick) {
        oc_audit_security(s, "ledger_unhealthy", json_pack("{s:s}", "reason", why.message));
    }
}

static void sign(void *ctx)
{
    struct oc_audit *s = ctx;
    uint64_t covered = 0;
    struct oc_error err;
    oc_error_init(&err);
    s->checkpointed_ms = oc_time_mono();
    s->uncovered_ms = 0;
    if (oc_ledger_durable(s->env.ledger) > s->checkpointed &&
        oc_audit_checkpoint(s, NULL, &covered, &err) != OC_OK) {
        oc_warn("the ledger could not be signed", "reason=%s", err.message);
    }
}

void oc_audit_checkpoint_soon(struct oc_audit *s)
{
    if (s->soon && !oc_timer_active(s->soon)) {
        oc_timer_start(s->soon, SOON, 0);
    }
}

/* What no checkpoint covers can be cut off unseen: a minute at the most, less when it is said so. */
static bool is_due(struct oc_audit *s, int64_t now)
{
    const uint64_t size = oc_ledger_durable(s->env.ledger);
    if (size <= s->checkpointed) {
        s->uncovered_ms = 0;
        return false;
    }
    s->uncovered_ms = s->uncovered_ms ? s->uncovered_ms : now;
    /* it is looked every TICK: an entry may have been there since the last look */
    return now - s->uncovered_ms >= UNCOVERED - TICK ||
           now - s->checkpointed_ms >= s->section.checkpoint_every_ms ||
           size - s->checkpointed >= (uint64_t)s->section.checkpoint_entries;
}

static void tick(void *ctx)
{
    struct oc_audit *s = ctx;
    const int64_t now = oc_time_mono();
    tell_health(s);
    oc_audit_tell_gap(s);
    oc_audit_refused_settle(s, now);
    if (is_due(s, now)) {
        sign(s);
    }
    if (s->section.copy_to) {
        oc_audit_copy_again(s, now);
    } else {
        oc_audit_copy_moved(s); /* also of what the run before has told */
    }
    if (now - s->retired_ms >= RETIRE_EVERY) {
        s->retired_ms = now;
        oc_audit_retire(s);
        oc_audit_thin(s);
    }
}

/* ---- life ---- */

struct oc_audit *oc_audit_create(const struct oc_env *env)
{
    struct oc_audit *s = oc_calloc(1, sizeof *s);
    s->env = *env;
    s->dir = oc_path_join(env->home, "ledger");
    s->section = (struct oc_audit_section){
        .checkpoint_every_ms = OC_HOUR, .checkpoint_entries = 10000, .retention_ms = 365 * OC_DAY};
    s->checkpointed = oc_ledger_is_kept(env->ledger) ? oc_ledger_note_latest(s->dir) : 0;
    s->checkpointed_ms = s->retired_ms = oc_time_mono();
    oc_audit_lived_begin(s);
    oc_linelog_init(&s->governance_log, env->home, "governance-events.log", 10 << 20, LOGS_KEPT);
    oc_audit_compare(s);
    oc_audit_refused_begin(s);
    oc_audit_listen(s);
    oc_audit_add_show_ops(s);
    oc_audit_add_status_ops(s);
    oc_audit_add_prove_ops(s);
    oc_audit_add_verify_ops(s);
    oc_audit_add_witness_ops(s);
    oc_audit_add_seen_ops(s);
    oc_ops_add(env->ops, &note_op, s);
    if (!env->ephemeral) {
        s->tick = oc_timer_create(env->loop, tick, s);
        oc_timer_start(s->tick, TICK, TICK);
        s->soon = oc_timer_create(env->loop, sign, s);
    }
    return s;
}

void oc_audit_configure(struct oc_audit *s, const struct oc_config *config, struct oc_diags *diags)
{
    const struct oc_node *group = oc_node_get(oc_config_root(config), "ledger");
    struct oc_audit_section section = {0};
    struct oc_arena arena = {0};
    oc_bind(section_options, sizeof *section_options, group, "ledger", NULL, &section,
            sizeof section, &arena, diags);
    if (section.copy_to && oc_audit_is_within(section.copy_to, s->dir)) {
        oc_diags_add(diags, false, oc_node_get(group, "copy_to"), "ledger.copy_to",
                     "Name a folder elsewhere, best on another machine.",
                     "this is the ledger's own folder: nothing would be copied");
        section.copy_to = NULL;
    } else if (section.copy_to && oc_audit_is_within(section.copy_to, s->env.home)) {
        oc_diags_add(diags, true, oc_node_get(group, "copy_to"), "ledger.copy_to",
                     "Name a folder elsewhere, best on another machine, from / on.",
                     "%s is in the home folder: what destroys the ledger takes the copy along",
                     section.copy_to);
    }
    const bool moved = s->section.copy_to &&
                       (!section.copy_to || strcmp(section.copy_to, s->section.copy_to) != 0);
    oc_arena_finish(&s->arena);
    s->arena = arena;
    s->section = section;
    s->governance_log.max = section.log_size;
    oc_audit_copy_anew(s, 1); /* it may be another folder */
    if (moved) {
        oc_audit_copy_moved(s);
        oc_audit_copy(s);
    }
}

void oc_audit_leave(void *audit)
{
    struct oc_audit *s = audit;
    oc_loop_fn done = s->stopped;
    s->stopped = NULL;
    oc_timer_destroy(s->leave);
    s->leave = NULL;
    if (done) {
        done(s->stopped_ctx);
    }
}

/* The last thing that a daemon does in peace: what it leaves behind is signed, and copied. */
void oc_audit_stop(struct oc_audit *s, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    struct oc_error err;
    uint64_t covered = 0;
    oc_error_init(&err);
    oc_audit_stop_verify(s);
    oc_audit_live(s);
    if (!s->env.ephemeral && oc_ledger_is_kept(s->env.ledger)) {
        oc_audit_refused_settle(s, INT64_MAX);
        oc_audit_tell_gap(s);
        int rc = oc_ledger_sync(s->env.ledger, &err);
        if (rc == OC_OK && oc_ledger_durable(s->env.ledger) > s->checkpointed) {
            rc = oc_audit_checkpoint(s, NULL, &covered, &err);
        }
        if (rc != OC_OK) {
            oc_warn("the ledger could not be signed at the end", "reason=%s", err.message);
        }
    }
    if (!s->copying) {
        done(ctx);
        return;
    }
    s->stopped = done;
    s->stopped_ctx = ctx;
    s->leave = oc_timer_create(s->env.loop, oc_audit_leave, s);
    oc_timer_start(s->leave, grace_ms < CLOSE_GRACE ? grace_ms : CLOSE_GRACE, 0);
}

void oc_audit_describe(json_t *sections)
{
    oc_json_take(sections, "ledger", oc_options_json(section_options, sizeof *section_options));
}

void oc_audit_destroy(struct oc_audit *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < s->heard.count; i++) {
        oc_bus_unsubscribe(s->heard.items[i]);
    }
    OC_VEC_FINISH(&s->heard);
    oc_ledger_leave(s->env.ledger, s);
    oc_audit_write_forget(s);
    oc_timer_destroy(s->tick);
    oc_timer_destroy(s->soon);
    oc_timer_destroy(s->leave);
    oc_audit_stop_verify(s);
    s->copy_again = false;
    if (s->workers && oc_workers_destroy(s->workers, CLOSE_GRACE) > 0) {
        return; /* a copy hangs, and uses what would be freed */
    }
    oc_audit_forget_copy(s);
    oc_audit_forget_verify(s);
    oc_ration_finish(&s->refusals);
    oc_linelog_finish(&s->governance_log);
    oc_arena_finish(&s->arena);
    oc_bytes_wipe(&s->key, sizeof s->key);
    free(s->copy_problem);
    free(s->dir);
    free(s);
}
