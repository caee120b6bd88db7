/* Entries of what is out of the ordinary: vetoes, deadlocks, emergencies, keys, modes. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/governance/state_internal.h"

#define DELEGATIONS_MAX                                                                            \
    8 /* of one member for one scope: the newest counts, the others are its history */

/* ---- veto and override: whether one stands is the tally's to say ---- */

static void veto_exercised(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry);
    if (p && !oc_governance_is_closed(p)) {
        oc_state_sign(state, p, "vetoes", index, entry);
    }
}

static void override_cast(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry);
    if (p && !oc_governance_is_closed(p)) {
        oc_state_sign(state, p, "overrides", index, entry);
    }
}

/* ---- deadlock ---- */

static void deadlock(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry);
    (void)index;
    if (p && !oc_governance_is_closed(p)) {
        json_t *d = oc_state_object(p, "deadlock");
        oc_state_copy(d, entry, "method");
        oc_state_copy(d, entry, "step");
        oc_state_copy(p, entry, "tally");
        oc_state_copy(d, entry, "at");
        oc_json_set_str(p, "status", "deadlocked");
        oc_json_set_str(p, "stage", "deadlock");
        oc_state_copy(p, entry, "stage_until");
    }
}

/* ---- emergency ---- */

static void emergency_activated(json_t *state, uint64_t index, const json_t *entry)
{
    static const char *const keys[] = {"id", "member", "word", "text", "at", "until"};
    json_t *e = json_object();
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        oc_state_copy(e, entry, keys[i]);
    }
    oc_json_set_int(e, "index", (int64_t)index);
    json_object_set_new(state, "emergency", e);
    oc_state_floor(state, "emergency", NULL, entry);
    oc_state_heard(state, entry);
}

/* What was done in it is looked at afterwards: it stays as a record that waits for a review. */
static void emergency_ended(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *e = json_object_get(state, "emergency");
    const char *id = oc_json_str(e, "id", NULL);
    (void)index;
    if (!id) {
        return;
    }
    json_t *record = json_pack("{s:s,s:s,s:s,s:s,s:{}}", "id", id, "category", "emergency",
                               "status", "ended", "stage", "execution", "review");
    oc_json_set_str(record, "title", "Emergency override");
    oc_json_set_str(record, "description", oc_json_str(e, "text", ""));
    oc_json_set_str(record, "reason", oc_json_str(e, "word", ""));
    oc_state_copy(record, entry, "subject");
    oc_state_copy(record, entry, "electorate");
    oc_json_set_str(record, "submitter", oc_json_str(e, "member", ""));
    oc_json_set_int(record, "submitted_at", oc_json_int(e, "at", 0));
    oc_json_set_int(record, "decided_at", oc_json_int(entry, "at", 0));
    oc_state_copy(record, e, "index");
    oc_state_copy(json_object_get(record, "review"), entry, "due");
    json_object_set_new(json_object_get(state, "proposals"), id, record);
    oc_state_close(state, record);
    json_object_del(state, "emergency");
}

/* ---- members, keys, delegations ---- */

static void key_registered(json_t *state, uint64_t index, const json_t *entry)
{
    const json_t *key = json_object_get(entry, "key");
    if (json_is_object(key)) {
        json_t *row = json_deep_copy(key);
        oc_json_set_int(row, "index", (int64_t)index); /* which proposals it is too late for */
        json_array_append_new(json_object_get(state, "keys"), row);
    }
}

static void key_revoked(json_t *state, uint64_t index, const json_t *entry)
{
    const char *id = oc_json_str(entry, "id", "");
    json_t *key;
    size_t i;
    (void)index;
    json_array_foreach(json_object_get(state, "keys"), i, key)
    {
        if (strcmp(oc_json_str(key, "id", ""), id) == 0) {
            oc_state_copy(key, entry, "revoked_at");
            oc_json_set_int(oc_state_object(state, "revoked"), id,
                            oc_json_int(entry, "revoked_at", 0));
        }
    }
}

static void member_changed(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *m =
        oc_state_object(json_object_get(state, "members"), oc_json_str(entry, "member", ""));
    (void)index;
    oc_state_copy(m, entry, "reachable");
    oc_json_set_int(m, "changed", oc_json_int(entry, "at", 0));
    if (oc_json_bool(entry, "reachable", false)) {
        oc_json_set_int(m, "heard", oc_json_int(entry, "at", 0));
    }
}

/* Nobody's delegation makes room for another one's; nonces outlive what makes room (oc_state_floor). */
static void drop_oldest(json_t *list, const json_t *entry)
{
    size_t count = 0, oldest = 0;
    for (size_t i = json_array_size(list); i-- > 0;) {
        const json_t *d = json_array_get(list, i);
        if (strcmp(oc_json_str(d, "member", ""), oc_json_str(entry, "member", "")) == 0 &&
            strcmp(oc_json_str(d, "scope", ""), oc_json_str(entry, "scope", "")) == 0) {
            count++;
            oldest = i;
        }
    }
    if (count > DELEGATIONS_MAX) {
        json_array_remove(list, oldest);
    }
}

/* One that is taken back goes to "-". */
static void delegation_made(json_t *state, uint64_t index, const json_t *entry)
{
    static const char *const keys[] = {"member", "to", "scope", "nonce", "expires", "key", "at"};
    json_t *list = json_object_get(state, "delegations"), *d = json_object();
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        oc_state_copy(d, entry, keys[i]);
    }
    oc_json_set_int(d, "index", (int64_t)index);
    oc_state_copy(d, entry, "signature");
    json_array_append_new(list, d);
    drop_oldest(list, entry);
    oc_state_floor(state, "delegation", oc_json_str(entry, "scope", ""), entry);
    oc_state_heard(state, entry);
}

/* ---- degraded mode ---- */

static void mode_changed(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *mode = json_object();
    oc_json_set_str(mode, "name", oc_json_str(entry, "mode", "standard"));
    oc_state_copy(mode, entry, "at");
    oc_state_copy(mode, entry, "reason");
    oc_json_set_int(mode, "index", (int64_t)index);
    json_object_set_new(state, "mode", mode);
}

static void deferred(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry);
    (void)index;
    if (p) {
        oc_json_set_str(p, "status", "deferred");
        oc_json_set_str(p, "stage", "deferred");
        oc_state_copy(p, entry, "reason");
        json_object_del(p, "stage_until");
    }
}

static void provisional_posted(json_t *state, uint64_t index, const json_t *entry)
{
    (void)index;
    oc_json_set_int(state, "posted", oc_json_int(entry, "at", 0));
}

static json_t *provisional_of(json_t *state, const json_t *entry)
{
    return json_object_get(oc_state_proposal(state, entry), "provisional");
}

/* The members are back: from now on the window of the ratification runs. */
static void ratification_opened(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *v = provisional_of(state, entry);
    (void)index;
    if (v) {
        oc_state_copy(v, entry, "until");
    }
}

static void ratification_cast(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry);
    if (p) {
        oc_state_sign(state, p, "ratifications", index, entry);
    }
}

static void provisional_ended(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *v = provisional_of(state, entry);
    (void)index;
    if (v) {
        oc_state_copy(v, entry, "status");
        oc_state_copy(v, entry, "reason");
        json_object_del(v, "until");
    }
}

/* What undid it ran, or failed. */
static void rollback_ended(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry);
    (void)index;
    if (p) {
        json_t *x = oc_state_object(p, "execution");
        oc_state_copy(x, entry, "status");
        oc_state_copy(x, entry, "message");
        oc_json_set_int(x, "rolled_back_at", oc_json_int(entry, "at", 0));
        json_object_del(x, "rolling_back");
    }
}

static void rollback_started(json_t *state, uint64_t index, const json_t *entry)
{
    json_t *p = oc_state_proposal(state, entry);
    (void)index;
    if (p) {
        oc_json_set_bool(oc_state_object(p, "execution"), "rolling_back", true);
    }
}

const struct oc_state_type oc_state_power[] = {
    {"deadlock_detected", deadlock},
    {"deadlock_escalated", deadlock},
    {"decision_deferred", deferred},
    {"delegation_made", delegation_made},
    {"emergency_activated", emergency_activated},
    {"emergency_ended", emergency_ended},
    {"key_registered", key_registered},
    {"key_revoked", key_revoked},
    {"member_changed", member_changed},
    {"mode_changed", mode_changed},
    {"override_cast", override_cast},
    {"provisional_posted", provisional_posted},
    {"provisional_ratified", provisional_ended},
    {"provisional_rejected", provisional_ended},
    {"ratification_cast", ratification_cast},
    {"ratification_opened", ratification_opened},
    {"rollback_ended", rollback_ended},
    {"rollback_started", rollback_started},
    {"veto_exercised", veto_exercised},
};
const size_t oc_state_power_count = OC_COUNT(oc_state_power);
