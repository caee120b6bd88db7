/* The journal of governance: the ledger is written first, and the state follows from it. SPDX-License-Identifier: MIT
 *
 * An entry is added to the state as soon as it has its place in the ledger, so that the next one is judged by it; whoever waits
 * for it is told when it is on the disk. Entries reach the disk in their order: what follows from an entry is never there
 * without it. When one cannot be written, everything that waits fails and the state is read again from what is there. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"

#define SPACE      "governance"
#define KEY        "state"
#define SAVE_SHARE 200 /* saving takes at most one part in so many of the time */
#define HEAD       128 /* bytes of an entry in which its type is */

struct oc_writing {
    struct oc_governance *g;
    struct oc_writing *next, *prev;
    const char *type;
    uint64_t index;
    json_t *entry, *result;
    struct oc_call *call;
};

/* ---- reading ---- */

struct reader {
    json_t *state;
    size_t bad;
};

/* Other services write to the ledger, too: their entries are not parsed. */
static bool is_ours(const char *text, size_t len)
{
    static const char key[] = "\"type\":\"";
    char head[HEAD + 1], *at;
    len = len < HEAD ? len : HEAD;
    memcpy(head, text, len);
    head[len] = '\0';
    at = strstr(head, key);
    if (!at) {
        return true; /* somewhere else: the parser will find it */
    }
    at += sizeof key - 1;
    at[strcspn(at, "\"")] = '\0';
    return oc_governance_knows(at);
}

static bool read_entry(void *ctx, uint64_t index, const char *text, size_t len)
{
    struct reader *r = ctx;
    if (is_ours(text, len)) {
        json_t *entry = json_loadb(text, len, 0, NULL);
        r->bad += !entry;
        oc_governance_apply(r->state, index, oc_json_str(entry, "type", ""), entry);
        json_decref(entry);
    }
    return true;
}

/* Taken from the store when it fits what the ledger holds. */
static json_t *saved_state(struct oc_governance *g)
{
    json_t *saved = oc_kv_get(g->env->store, SPACE, KEY), *state = NULL;
    const int64_t covers = oc_json_int(saved, "covers", -1);
    if (!saved) {
        return oc_governance_state_new();
    }
    if (covers >= (int64_t)oc_ledger_size(g->env->ledger)) {
        oc_err("the ledger is shorter than what governance has seen of it",
               "entries=%llu seen=%lld", (unsigned long long)oc_ledger_size(g->env->ledger),
               (long long)covers + 1);
        oc_governance_alert(g, "governance-ledger-short", "ledger", "critical",
                            "the ledger is shorter than what governance has seen of it: entries "
                            "were cut off",
                            true);
    }
    /* what an earlier version has saved lacks what is kept now: the ledger has all of it */
    state = json_object_get(saved, "floors") || oc_ledger_oldest(g->env->ledger) > 0
                ? json_incref(saved)
                : oc_governance_state_new();
    json_decref(saved);
    return state;
}

int oc_governance_load(struct oc_governance *g, struct oc_error *err)
{
    struct reader r = {.state = saved_state(g)};
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
    g->saved = (uint64_t)(covers + 1);
    return rc;
}

/* The state is a shortcut: what it lacks is read from the ledger. A large one is saved less often, so that the loop is not held up. */
void oc_governance_save(struct oc_governance *g)
{
    const uint64_t covers = (uint64_t)(oc_json_int(g->state, "covers", -1) + 1);
    struct oc_error err;
    if (g->env->ephemeral || g->failed || covers == g->saved ||
        covers > oc_ledger_durable(g->env->ledger)) {
        return;
    }
    const int64_t began = oc_time_mono();
    if (!g->stopping && began < g->save_after) {
        return;
    }
    if (oc_kv_put(g->env->store, SPACE, KEY, g->state, true, &err) == OC_OK) {
        g->saved = covers;
    }
    g->save_after = oc_time_mono() + SAVE_SHARE * (oc_time_mono() - began);
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

static void read_again(void *ctx)
{
    struct oc_governance *g = ctx;
    struct oc_error err;
    if (g->failed && !g->writing) {
        g->failed = false;
        oc_governance_load(g, &err);
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
    g->failed = true;
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
        oc_governance_receipt(g, result, index);
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
    w->next = g->writing;
    if (w->next) {
        w->next->prev = w;
    }
    g->writing = w;
    oc_governance_apply(g->state, w->index, type, entry);
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
                                       json_t *result)
{
    struct oc_writing *last = g->writing; /* the newest is the first of the list */
    if (!last || last->call) {
        if (last) {
            oc_governance_sync(g, NULL);
        }
        oc_call_succeed(call, result);
        return;
    }
    last->call = call;
    json_decref(last->result); /* nobody waits for it */
    last->result = result;
    oc_call_on_cancel(call, on_cancel, last);
}
