/* Hearing of what is done, and writing it down. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/audit/internal.h"

/* The topic, the type of its entry; NULL: governance has written it itself. */
static const struct {
    const char *topic, *type;
} heard[] = {{"audit", "operation"},
             {"op.denied", "denied"},
             {"policy.loaded", "policy_loaded"},
             {"policy.failed", "policy_failed"},
             {"policy.removed", "policy_removed"},
             {"runbook.started", "runbook_started"},
             {"runbook.step", "runbook_step"},
             {"runbook.ended", "runbook_ended"},
             {"governance.*", NULL}};

/* Of what governance does: what belongs to those who watch over the security of the host. */
static const char *const grave[] = {"veto", "override",  "emergency",
                                    "key_", "violation", "inviolable"};

/* What must not be cut off unseen: it is signed at once. */
static const char *const weighty[] = {"decision_reached", "veto", "override", "emergency",
                                      "execution_ended",  "key_"};

void oc_audit_security(struct oc_audit *s, const char *event, json_t *data)
{
    oc_json_set_str(data, "event", event);
    oc_bus_publish(s->env.bus, "security.noted", data);
}

/* A host has an alert and a doctor for it; of a daemon of one operation nobody sees the log. */
static void not_added(struct oc_audit *s, const struct oc_error *err, unsigned tells)
{
    if (s->env.ephemeral) {
        char *text = oc_asprintf("what was done is not in the ledger: %s%s%s", err->message,
                                 err->hint[0] ? ". " : "", err->hint);
        oc_ops_warn(s->env.ops, text);
        free(text);
    }
    oc_audit_lose(s, err, tells);
}

/* Nobody hears of it when a daemon of one operation is gone: it waits for the disk. */
static int add_and_wait(struct oc_audit *s, const char *type, const json_t *entry,
                        struct oc_error *err)
{
    if (!oc_ledger_is_kept(s->env.ledger)) {
        return oc_audit_hand_over(s, type, entry, err);
    }
    const int64_t index = oc_audit_append(s->env.ledger, type, entry, NULL, NULL, err);
    return index < 0 ? (int)index : oc_ledger_sync(s->env.ledger, err);
}

void oc_audit_add(struct oc_audit *s, const char *type, const json_t *entry, unsigned tells)
{
    struct oc_error err;
    oc_error_init(&err);
    const int rc = s->env.ephemeral ? add_and_wait(s, type, entry, &err)
                                    : oc_audit_write(s, type, entry, tells, NULL, &err);
    if (rc != OC_OK) {
        not_added(s, &err, tells);
    } else {
        oc_audit_tell_gap(s);
    }
}

static void on_gap(void *ctx, int code)
{
    struct oc_audit *s = ctx;
    s->unheard -= code == OC_OK ? s->telling : 0;
    s->telling = 0;
}

void oc_audit_tell_gap(struct oc_audit *s)
{
    if (s->unheard == 0 || s->telling > 0 || s->env.ephemeral) {
        return;
    }
    json_t *gap = json_pack("{s:I}", "entries", (json_int_t)s->unheard);
    s->telling = s->unheard;
    if (oc_ledger_add(s->env.ledger, "audit_gap", gap, on_gap, s, NULL) < 0) {
        s->telling = 0;
    }
    json_decref(gap);
}

/* ---- governance-events.log ---- */

static void copy_as(json_t *line, const char *to, const json_t *data, const char *const *from)
{
    const json_t *found = NULL;
    for (; *from && !found; from++) {
        found = json_object_get(data, *from);
    }
    json_object_set(line, to, found ? (json_t *)found : json_null());
}

/* The fields that tools for it expect, whatever the entry has beside them. */
static void write_governance(struct oc_audit *s, const json_t *data)
{
    static const char *const proposal[] = {"proposal", "id", NULL}, *const who[] = {"participants",
                                                                                    "members",
                                                                                    "member",
                                                                                    "by",
                                                                                    "actor",
                                                                                    "submitter",
                                                                                    NULL},
                             *const votes[] = {"votes",  "tally", "ballot", "vote",
                                               "choice", "word",  NULL},
                             *const outcome[] = {"outcome", "decision", "state", "status",
                                                 "stage",   "result",   NULL},
                             *const why[] = {"rationale", "reason",  "text",
                                             "comment",   "message", NULL};
    json_t *line = json_object();
    oc_json_set_time(line, "timestamp", oc_time_wall());
    oc_json_set_str(line, "event_type", oc_json_str(data, "type", ""));
    copy_as(line, "proposal_id", data, proposal);
    copy_as(line, "participants", data, who);
    if (!json_is_array(json_object_get(line, "participants")) &&
        !json_is_string(json_object_get(line, "participants"))) { /* of a new proposal */
        copy_as(line, "participants", json_object_get(data, "record"), who);
    }
    copy_as(line, "votes", data, votes);
    copy_as(line, "outcome", data, outcome);
    copy_as(line, "rationale", data, why);
    json_t *participants = json_object_get(line, "participants");
    if (json_is_string(participants)) {
        oc_json_take(line, "participants", json_pack("[O]", participants));
    }
    if (json_object_get(data, "index")) {
        json_object_set(line, "index", json_object_get(data, "index"));
    }
    oc_linelog_write(&s->governance_log, line);
}

static bool is_one_of(const char *type, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strstr(type, words[i])) {
            return true;
        }
    }
    return false;
}

static void on_governance(struct oc_audit *s, const json_t *data)
{
    const char *type = oc_json_str(data, "type", "");
    write_governance(s, data);
    if (is_one_of(type, weighty, OC_COUNT(weighty))) {
        oc_audit_checkpoint_soon(s);
    }
    if (is_one_of(type, grave, OC_COUNT(grave))) {
        json_t *copy = json_object();
        static const char *const kept[] = {"proposal", "member", "id",   "by",
                                           "actor",    "reason", "index"};
        for (size_t i = 0; i < OC_COUNT(kept); i++) {
            if (json_object_get(data, kept[i])) {
                json_object_set(copy, kept[i], json_object_get(data, kept[i]));
            }
        }
        oc_audit_security(s, type, copy);
    }
}

/* ---- the bus ---- */

static void on_event(void *ctx, const struct oc_event *event)
{
    struct oc_audit *s = ctx;
    const char *type = NULL;
    if (!event->data) {
        return;
    }
    if (oc_starts(event->topic, "governance.")) {
        on_governance(s, event->data);
        return;
    }
    for (size_t i = 0; i < OC_COUNT(heard) && !type; i++) {
        type = strcmp(heard[i].topic, event->topic) == 0 ? heard[i].type : NULL;
    }
    if (!type) {
        return;
    }
    const bool operation = strcmp(type, "operation") == 0, denied = strcmp(type, "denied") == 0;
    if (operation && oc_json_bool(event->data, "refused", false)) {
        return; /* "op.denied" says it */
    }
    if (s->env.ephemeral && !operation && !denied) {
        return; /* what a private daemon finds on its way (policies) is no change */
    }
    if (denied) {
        oc_audit_refused(s, event->data);
    } else {
        oc_audit_add(s, type, event->data, 1);
    }
    if (oc_starts(type, "policy_")) {
        oc_audit_security(s, type, json_copy(event->data));
    }
}

void oc_audit_listen(struct oc_audit *s)
{
    for (size_t i = 0; i < OC_COUNT(heard); i++) {
        OC_VEC_PUSH(&s->heard, oc_bus_subscribe(s->env.bus, heard[i].topic, on_event, s));
    }
}
