/* The journal of governance: the ledger is written first, and the state follows from it. SPDX-License-Identifier: MIT
 *
 * An entry is added to the state as soon as it has its place in the ledger, so that the next one is judged by it; whoever waits
 * for it is told when it is on the disk. Entries reach the disk in their order: what follows from an entry is never there
 * without it. When one cannot be written, everything that waits fails and the state is read again from what is there. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"

struct oc_writing {
    struct oc_governance *g;
    struct oc_writing *next, *prev;
    const char *type;
    uint64_t index;
    json_t *entry, *result;
    struct oc_call *call;
    uint8_t leaf[OC_LEDGER_HASH];
};

/* ---- reading ---- */

struct reader {
    json_t *state;
    size_t bad;
};

static bool read_entry(void *ctx, uint64_t index, const char *text, size_t len)
{
    struct reader *r = ctx;
    r->bad += !oc_governance_read_entry(r->state, index, text, len);
    return true;
}

/* Entries that were seen are no more. What they said is kept; the ledger takes nothing until people have accepted the loss, whoever
 * noticed it first. What comes then counts: it gets their places. Until then nothing of this is saved. */
static void check_length(struct oc_governance *g, json_t *state)
{
    const int64_t covers = oc_json_int(state, "covers", -1),
                  size = (int64_t)oc_ledger_size(g->env->ledger);
    const bool cut = covers >= size;
    if (cut) {
        oc_err("the ledger is shorter than what governance has seen of it",
               "entries=%lld seen=%lld", (long long)size, (long long)covers + 1);
        oc_json_set_int(state, "covers", size - 1);
    }
    if (cut && oc_ledger_healthy(g->env->ledger, NULL)) {
        oc_ledger_distrust(g->env->ledger,
                           "the ledger is shorter than what governance has seen of it");
    }
    if (!g->env->ephemeral) {
        oc_governance_alert(g, "governance-ledger-short", "ledger", "critical",
                            "the ledger is shorter than what governance has seen of it: entries "
                            "were cut off",
                            cut);
    }
}

int oc_governance_load(struct oc_governance *g, struct oc_error *err)
{
    struct reader r = {.state = oc_governance_saved(g)};
    const bool saved = r.state != NULL;
    r.state = saved ? r.state : oc_governance_state_new();
    if (saved) {
        check_length(g, r.state);
    }
    const int64_t covers = oc_json_int(r.state, "covers", -1);
    uint64_t from = (uint64_t)(covers + 1), size = oc_ledger_size(g->env->ledger);
    int rc = OC_OK;
    if (from < oc_ledger_oldest(g->env->ledger)) {
        from = oc_ledger_oldest(g->env->ledger);
    }
    if (from < size) {
        rc = oc_ledger_each(g->env->ledger, from, read_entry, &r, err);
    }
    if (r.bad) {
        oc_err("entries of the ledger cannot be read", "count=%zu", r.bad);
    }
    json_decref(g->state);
    g->state = r.state;
    g->saved = g->saved_size = (uint64_t)(covers + 1);
    g->saved_ms = oc_time_mono();
    *g->frozen.proposal = '\0';
    oc_keyring_forget(g->keyring);
    return rc;
}

/* ---- writing ---- */

static void forget(struct oc_writing *w)
{
    if (w->prev) {
        w->prev->next = w->next;
    } else {
        w->g->writing = w->next;
    }
    if (w->next) {
        w->next->prev = w->prev;
    }
    json_decref(w->entry);
    json_decref(w->result);
    free(w);
}

bool oc_governance_is_writing(const struct oc_governance *g)
{
    return g->writing != NULL;
}

/* The ledger is closed after us: it will not find anybody. */
void oc_governance_forget_writing(struct oc_governance *g)
{
    for (struct oc_writing *w = g->writing; w; w = w->next) {
        w->g = NULL;
    }
    g->writing = NULL;
}

void oc_governance_receipt(struct oc_governance *g, json_t *result, uint64_t index)
{
    struct oc_buf text = {0};
    char hex[OC_SHA256_HEX];
    oc_buf_addc(&text, '\0'); /* RFC 6962: a leaf */
    oc_json_set_int(result, "index", (int64_t)index);
    if (oc_ledger_read(g->env->ledger, index, &text, NULL) == OC_OK) {
        oc_sha256_hex(text.data, text.len, hex);
        oc_json_set_str(result, "leaf", hex);
    }
    oc_buf_finish(&text);
}

static void set_leaf(json_t *result, const uint8_t leaf[OC_LEDGER_HASH])
{
    static const char digits[] = "0123456789abcdef";
    char hex[2 * OC_LEDGER_HASH + 1] = "";
    for (size_t i = 0; i < OC_LEDGER_HASH; i++) {
        hex[2 * i] = digits[leaf[i] >> 4];
        hex[2 * i + 1] = digits[leaf[i] & 15];
    }
    oc_json_set_str(result, "leaf", hex);
}

static void read_again(void *ctx)
{
    struct oc_governance *g = ctx;
    struct oc_error err;
    if (g->failed && !g->writing) {
        g->failed = false;
        oc_governance_load(g, &err);
        oc_governance_write_endings(g);
        oc_governance_poke_all(g);
    }
}

static void give_up(struct oc_writing *w)
{
    struct oc_governance *g = w->g;
    struct oc_call *call = w->call;
    if (!g->failed) {
        oc_err("an entry of governance could not be written", "type=%s index=%llu", w->type,
               (unsigned long long)w->index);
    }
    g->losses += !g->failed;
    g->failed = true;
    oc_governance_ending_settled(g, w->type, w->entry, false);
    forget(w);
    if (call) {
        oc_call_on_cancel(call, NULL, NULL);
        oc_call_failf(call, OC_E_RETRY, "`openclaw governance ledger show` says what is there.",
                      "the ledger could not be written: nothing has changed");
    }
    if (!g->writing) {
        oc_loop_post(g->env->loop, read_again, g);
    }
}

static void settle(struct oc_writing *w)
{
    struct oc_governance *g = w->g;
    struct oc_call *call = w->call;
    json_t *entry = json_incref(w->entry), *result = w->result;
    const char *type = w->type;
    const uint64_t index = w->index;
    uint8_t leaf[OC_LEDGER_HASH];
    memcpy(leaf, w->leaf, sizeof leaf);
    w->result = NULL;
    forget(w);
    char *topic = oc_asprintf("governance.%s", type);
    oc_json_set_str(entry, "type", type); /* it is in the ledger, and nobody else's any more */
    oc_json_set_int(entry, "index", (int64_t)index);
    oc_bus_publish(g->env->bus, topic, json_incref(entry));
    free(topic);
    oc_governance_tell_watches(g, type, index, entry);
    if (call) {
        result = result ? result : json_object();
        oc_call_on_cancel(call, NULL, NULL);
        oc_json_set_int(result, "index", (int64_t)index);
        set_leaf(result, leaf);
        oc_call_succeed(call, result);
    } else {
        json_decref(result);
    }
    oc_governance_written(g, type, entry);
    json_decref(entry);
}

static void on_durable(void *ctx, int code)
{
    struct oc_writing *w = ctx;
    struct oc_governance *g = w->g;
    if (!g) {
        json_decref(w->entry);
        json_decref(w->result);
        free(w);
        return;
    }
    if (code != OC_OK || g->failed) {
        give_up(w);
        return;
    }
    settle(w);
}

/* What is written cannot be taken back: only the caller is let go. */
static void on_cancel(struct oc_call *call, void *ctx)
{
    struct oc_writing *w = ctx;
    w->call = NULL;
    oc_call_failf(call, OC_E_CANCELLED, "It is in the ledger all the same, or will be at once.",
                  "cancelled");
}

int oc_governance_write(struct oc_governance *g, const char *type, json_t *entry,
                        struct oc_call *call, json_t *result)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_writing *w = oc_calloc(1, sizeof *w);
    if (!json_object_get(entry, "at")) {
        oc_json_set_int(entry, "at", oc_time_wall());
    }
    *w = (struct oc_writing){.g = g, .type = type, .entry = entry, .result = result, .call = call};
    const int64_t index = g->failed
                              ? oc_error_set(&err, OC_E_RETRY, "the ledger could not be written")
                              : oc_ledger_add(g->env->ledger, type, entry, on_durable, w, &err);
    if (index < 0) {
        json_decref(entry);
        json_decref(result);
        free(w);
        if (call) {
            oc_call_fail(call, &err);
        }
        return (int)index;
    }
    w->index = (uint64_t)index;
    oc_ledger_newest_leaf(g->env->ledger, w->leaf);
    w->next = g->writing;
    if (w->next) {
        w->next->prev = w;
    }
    g->writing = w;
    oc_governance_apply(g->state, w->index, type, entry);
    if (oc_starts(type, "key_")) {
        oc_keyring_forget(g->keyring);
    }
    if (call) {
        oc_call_on_cancel(call, on_cancel, w);
    }
    return OC_OK;
}

int oc_governance_sync(struct oc_governance *g, struct oc_error *err)
{
    return oc_ledger_sync(g->env->ledger, err);
}

void oc_governance_answer_when_durable(struct oc_governance *g, struct oc_call *call,
                                       json_t *result, uint64_t losses)
{
    struct oc_writing *last = g->writing; /* the newest is the first of the list */
    const bool lost = g->failed || g->losses != losses;
    if (lost || (last && last->call && oc_governance_sync(g, NULL) != OC_OK)) {
        json_decref(result);
        oc_call_failf(call, OC_E_RETRY, "Bring them again: what is there is known.",
                      "the ledger could not be written: some of it, or all, was not taken");
        return;
    }
    if (!last || last->call) {
        oc_call_succeed(call, result);
        return;
    }
    last->call = call;
    json_decref(last->result); /* nobody waits for it */
    last->result = result;
    oc_call_on_cancel(call, on_cancel, last);
}
