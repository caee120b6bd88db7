/* The degraded mode, and what was decided without a vote. SPDX-License-Identifier: MIT
 *
 * When fewer than a majority of the members can be reached for a while (reach.c), a new proposal is not voted on:
 *   strategic is deferred, tactical is decided provisionally, operational and emergency proceed.
 * Once they are back, what was deferred is opened, and what was provisional may be rejected by a majority; silence ratifies it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"

bool oc_governance_is_degraded(const struct oc_governance *g)
{
    return strcmp(oc_json_str(json_object_get(g->state, "mode"), "name", ""), "degraded") == 0;
}

bool oc_governance_is_reachable(const struct oc_governance *g, const char *member)
{
    return oc_json_bool(oc_governance_member(g->state, member), "reachable", true);
}

static bool has_majority(const struct oc_governance *g)
{
    uint32_t reachable = 0;
    for (uint32_t i = 0; i < g->rules.triad_count; i++) {
        reachable += oc_governance_is_reachable(g, g->rules.triad[i]);
    }
    return 2 * reachable > g->rules.triad_count;
}

/* ---- alerts ---- */

void oc_governance_alert(struct oc_governance *g, const char *rule, const char *about,
                         const char *severity, const char *message, bool firing)
{
    char fingerprint[17];
    const int64_t now = oc_time_wall();
    uint64_t hash = oc_hash_bytes(rule, strlen(rule), 0);
    hash = oc_hash_bytes(about, strlen(about), hash);
    snprintf(fingerprint, sizeof fingerprint, "%016" PRIx64, hash);
    json_t *data = json_object();
    oc_json_set_str(data, "rule", rule);
    oc_json_set_str(data, "fingerprint", fingerprint);
    oc_json_set_str(data, "severity", severity);
    oc_json_set_str(data, "category", "governance");
    oc_json_set_str(data, "instance", "governance");
    oc_json_set_str(data, "target", about);
    oc_json_take(data, "labels", json_pack("{s:s}", "about", about));
    oc_json_set_str(data, "message", message);
    oc_json_set_int(data, "since", now);
    oc_json_set_int(data, "at", now);
    oc_bus_publish(g->env->bus, firing ? "rule.firing" : "rule.resolved", data);
}

/* ---- going down, coming back ---- */

static json_t *entry_for(const char *id)
{
    json_t *entry = json_object();
    oc_json_set_str(entry, "proposal", id);
    return entry;
}

static void change_mode(struct oc_governance *g, const char *mode, const char *reason)
{
    json_t *entry = json_object();
    oc_json_set_str(entry, "mode", mode);
    oc_json_set_str(entry, "reason", reason);
    oc_governance_write(g, "mode_changed", entry, NULL, NULL);
}

static void reopen(struct oc_governance *g, const json_t *p)
{
    const char *id = oc_json_str(p, "id", "");
    const int64_t now = oc_governance_now(g, p);
    json_t *entry = entry_for(id);
    oc_json_set_int(entry, "at", now);
    oc_json_set_str(entry, "stage", "review");
    oc_governance_open_cycle(g, p, now, entry);
    oc_json_set_int(entry, "stage_until", now + g->rules.stages.review_ms);
    oc_governance_write(g, "stage_changed", entry, NULL, NULL);
    free(oc_map_remove(&g->clocks, id)); /* a deadline of its own */
    oc_governance_poke(g, id);
}

static void restore_one(struct oc_governance *g, const char *id)
{
    const json_t *p = oc_governance_find(g->state, id), *v = json_object_get(p, "provisional");
    if (strcmp(oc_json_str(p, "stage", ""), "deferred") == 0) {
        reopen(g, p);
    } else if (v && strcmp(oc_json_str(v, "status", ""), "pending") == 0 &&
               !json_object_get(v, "until")) {
        json_t *entry = entry_for(id);
        const int64_t now = oc_time_wall();
        oc_json_set_int(entry, "at", now);
        oc_json_set_int(entry, "until", now + g->rules.ratification_ms);
        oc_governance_write(g, "ratification_opened", entry, NULL, NULL);
    }
}

/* The time that counts is that for which they were watched: neither a clock that is set, nor a host that slept, brings it about. */
static void look_at_members(struct oc_governance *g)
{
    const bool enough = has_majority(g);
    const int64_t now = oc_time_mono();
    if (enough) {
        g->degraded_since = 0;
    } else if (!g->degraded_since) {
        g->degraded_since = now;
    }
    if (enough && oc_governance_is_degraded(g)) {
        change_mode(g, "standard", "a majority of the members can be reached again");
        oc_governance_alert(g, "governance-degraded", "triad", "warning", "", false);
        oc_governance_each(g, restore_one);
    } else if (!enough && !oc_governance_is_degraded(g) &&
               now - g->degraded_since >= g->settings.degraded_after_ms) {
        change_mode(g, "degraded", "fewer than a majority of the members can be reached");
        oc_governance_alert(g, "governance-degraded", "triad", "warning",
                            "too few members can be reached for a vote: governance is degraded",
                            true);
    }
}

void oc_governance_hear(struct oc_governance *g, const char *member, bool reachable)
{
    if (oc_governance_is_reachable(g, member) != reachable) {
        json_t *entry = json_object();
        oc_json_set_str(entry, "member", member);
        oc_json_set_bool(entry, "reachable", reachable);
        oc_governance_write(g, "member_changed", entry, NULL, NULL);
        look_at_members(g);
    }
}

/* ---- new proposals in degraded mode ---- */

/* Until the next one may be posted; watched from the moment of the last one, so that no clock that is set shortens it. */
static int64_t posting_left(struct oc_governance *g)
{
    const int64_t posted = oc_json_int(g->state, "posted", 0);
    return posted ? oc_governance_left(g, "posting", posted, posted + g->settings.posting_ms) : 0;
}

static void decide_alone(struct oc_governance *g, const json_t *p, bool provisional)
{
    json_t *entry = entry_for(oc_json_str(p, "id", ""));
    oc_json_set_int(entry, "at", oc_governance_now(g, p));
    oc_json_set_str(entry, "outcome", "approved");
    oc_json_set_str(entry, "reason", provisional ? "degraded_provisional" : "degraded_proceed");
    oc_json_set_str(entry, "category", oc_json_str(p, "category", ""));
    if (provisional) {
        oc_json_take(entry, "provisional", json_pack("{s:s}", "status", "pending"));
        oc_governance_write(g, "provisional_posted", entry_for(oc_json_str(p, "id", "")), NULL,
                            NULL);
        posting_left(g);
    } else { /* nobody has voted, and nobody ratifies it: it is looked at afterwards */
        oc_json_take(
            entry, "review",
            json_pack("{s:I}", "due",
                      (json_int_t)(oc_governance_now(g, p) + g->settings.review_within_ms)));
    }
    oc_governance_write(g, "decision_reached", entry, NULL, NULL);
}

void oc_governance_degrade(struct oc_governance *g, const char *id)
{
    const json_t *p = oc_governance_find(g->state, id);
    enum oc_gov_category category;
    if (!p || !oc_governance_is_degraded(g) ||
        !oc_gov_category_parse(oc_json_str(p, "category", ""), &category)) {
        return;
    }
    if (category == OC_GOV_STRATEGIC) {
        json_t *entry = entry_for(id);
        oc_json_set_str(entry, "reason", "degraded_defer");
        oc_governance_write(g, "decision_deferred", entry, NULL, NULL);
    } else {
        decide_alone(g, p, category == OC_GOV_TACTICAL);
    }
}

int oc_governance_may_post(struct oc_governance *g, const char *category, struct oc_error *err)
{
    const int64_t wait = posting_left(g);
    char span[32];
    if (!oc_governance_is_degraded(g) || strcmp(category, "tactical") != 0 || wait == 0) {
        return OC_OK;
    }
    /* no OC_E_RETRY: whoever calls again at once, and again, gets the same answer for hours */
    oc_error_set(err, OC_E_CONFLICT, "a provisional decision was made a short time ago");
    oc_error_hint(err, "The next one may be made in %s, or when a majority of the members is back.",
                  oc_duration_human(wait, span, sizeof span));
    return OC_E_CONFLICT;
}

/* ---- ratification ---- */

struct ratification {
    uint32_t yes, no, eligible;
};

static struct ratification count(const json_t *p)
{
    struct oc_member members[OC_ELECTORS_MAX];
    struct ratification n = {.eligible = oc_governance_electorate(p, members)};
    for (uint32_t i = 0; i < n.eligible; i++) {
        const char *word = "";
        const json_t *row;
        size_t k;
        json_array_foreach(json_object_get(p, "ratifications"), k, row)
        {
            if (strcmp(oc_json_str(row, "member", ""), members[i].name) == 0) {
                word = oc_json_str(row, "word", "");
            }
        }
        n.yes += strcmp(word, "yes") == 0;
        n.no += strcmp(word, "no") == 0;
    }
    return n;
}

static void undo(struct oc_governance *g, const json_t *p)
{
    const char *id = oc_json_str(p, "id", "");
    const char *status = oc_json_str(json_object_get(p, "execution"), "status", "");
    if (strcmp(status, "completed") != 0) {
        return; /* there is nothing to undo */
    }
    if (json_object_get(p, "rollback")) {
        oc_governance_write(g, "rollback_started", entry_for(id), NULL, NULL);
    } else {
        char *text =
            oc_asprintf("a provisional decision was rejected and cannot undo itself: %.500s",
                        oc_json_str(p, "rollback_plan", ""));
        oc_governance_alert(g, "governance-rollback", id, "critical", text, true);
        free(text);
    }
}

static void end_provisional(struct oc_governance *g, const char *id, bool ratified,
                            const char *reason)
{
    json_t *entry = entry_for(id);
    oc_governance_forget_left(g, id);
    oc_json_set_str(entry, "status", ratified ? "ratified" : "rejected");
    oc_json_set_str(entry, "reason", reason);
    if (oc_governance_write(g, ratified ? "provisional_ratified" : "provisional_rejected", entry,
                            NULL, NULL) == OC_OK &&
        !ratified) {
        undo(g, oc_governance_find(g->state, id));
    }
}

static void look_at_provisional(struct oc_governance *g, const char *id)
{
    const json_t *p = oc_governance_find(g->state, id), *v = json_object_get(p, "provisional");
    if (!v || strcmp(oc_json_str(v, "status", ""), "pending") != 0) {
        return;
    }
    const struct ratification n = count(p);
    const int64_t until = oc_json_int(v, "until", 0);
    if (2 * n.yes > n.eligible) {
        end_provisional(g, id, true, "majority");
    } else if (2 * n.no > n.eligible) {
        end_provisional(g, id, false, "majority");
    } else if (until && oc_governance_left(g, id, oc_json_int(p, "time", 0), until + 1) == 0) {
        end_provisional(g, id, true, "silence");
    }
}

/* ---- reviews afterwards ---- */

static void look_at_review(struct oc_governance *g, const char *id)
{
    const json_t *p = oc_governance_find(g->state, id), *review = json_object_get(p, "review");
    const bool due = review && !json_object_get(review, "by") &&
                     oc_time_wall() > oc_json_int(review, "due", INT64_MAX);
    const bool told = oc_map_get(&g->overdue, id) != NULL;
    if (due && !told) {
        oc_map_set(&g->overdue, id, g);
        oc_governance_alert(g, "governance-review-overdue", id, "warning",
                            "what was done without a vote has not been reviewed in time", true);
    } else if (!due && told) {
        oc_map_remove(&g->overdue, id);
        oc_governance_alert(g, "governance-review-overdue", id, "warning", "", false);
    }
}

/* ---- the emergency's end ---- */

/* It has a clock as proposals have: the wall clock, set back, does not make it longer. */
bool oc_governance_in_emergency(struct oc_governance *g)
{
    const json_t *e = json_object_get(g->state, "emergency");
    const int64_t at = oc_json_int(e, "at", 0), index = oc_json_int(e, "index", 0) + 1;
    const struct oc_clocks now = oc_clocks_read();
    if (!e) {
        return false;
    }
    if (g->emergency_index != index) {
        g->emergency_index = index;
        oc_deadline_resume(&g->emergency, &now, at, oc_json_int(e, "until", INT64_MAX), at, false);
    }
    return !oc_deadline_passed(&g->emergency, &now);
}

void oc_governance_end_emergency(struct oc_governance *g)
{
    const json_t *e = json_object_get(g->state, "emergency");
    char subject[OC_SHA256_HEX];
    if (!e) {
        return;
    }
    json_t *entry = json_object();
    oc_governance_subject(e, subject);
    oc_governance_in_emergency(g);
    const struct oc_clocks clocks = oc_clocks_read();
    const int64_t now = oc_deadline_now(&g->emergency, &clocks);
    oc_json_set_int(entry, "at", now);
    oc_json_set_str(entry, "id", oc_json_str(e, "id", ""));
    oc_json_set_int(entry, "due", now + g->settings.review_within_ms);
    oc_json_set_str(entry, "subject", subject);
    oc_json_take(entry, "electorate", oc_governance_electorate_json(g));
    oc_governance_write(g, "emergency_ended", entry, NULL, NULL);
}

static void look_at_one(struct oc_governance *g, const char *id)
{
    look_at_provisional(g, id);
    look_at_review(g, id);
}

void oc_governance_mode_tick(struct oc_governance *g)
{
    if (!g->failed) {
        if (!oc_governance_in_emergency(g)) {
            oc_governance_end_emergency(g);
        }
        look_at_members(g);
        posting_left(g);
        oc_governance_each(g, look_at_one);
    }
}
