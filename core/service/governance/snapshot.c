/* The state as it is saved: a shortcut, the ledger holds all of it. SPDX-License-Identifier: MIT
 *
 * <home>/data/governance.json. While the host runs, a worker makes it: it takes the last one up, adds the entries that have
 * reached the disk since, and writes the sum. It shares nothing with the loop, which is never held up, however large the
 * state is. When the host ends, the state itself is written. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"
#include "core/sys/file.h"

#define SIZE_MAX_FILE (UINT32_C(1) << 30) /* bytes */
#define ENTRIES       4096                /* that are not covered yet */
#define EVERY         (10 * OC_MINUTE)    /* when there are fewer */
#define SHARE         20  /* a worker makes snapshots for at most one part in so many of the time */
#define HEAD          128 /* bytes of an entry in which its type is */

struct oc_snapshot {
    struct oc_governance *g;
    char *path, *ledger;
    uint64_t per, size; /* of the segments; entries to look at */
    int64_t began, covers;
    int stop; /* atomic */
    int code;
    struct oc_error err;
};

/* ---- reading entries ---- */

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

bool oc_governance_read_entry(json_t *state, uint64_t index, const char *text, size_t len)
{
    json_t *entry = is_ours(text, len) ? json_loadb(text, len, 0, NULL) : json_null();
    if (entry) {
        oc_governance_apply(state, index, oc_json_str(entry, "type", ""), entry);
    }
    json_decref(entry);
    return entry != NULL;
}

/* ---- the file ---- */

static char *path_of(const struct oc_governance *g)
{
    return g->env->home ? oc_path_join(g->env->home, "data/governance.json") : NULL;
}

static json_t *read_file(const char *path)
{
    struct oc_buf text = {0};
    json_t *state = NULL;
    if (path && oc_file_exists(path) && oc_file_read(path, SIZE_MAX_FILE, &text, NULL) == OC_OK) {
        state = json_loadb(text.data ? text.data : "", text.len, 0, NULL);
    }
    oc_buf_finish(&text);
    /* what an earlier version has saved lacks what is kept now: the ledger has all of it */
    if (state && !json_object_get(state, "floors")) {
        json_decref(state);
        state = NULL;
    }
    return state;
}

/* Compact, and in the order in which it is kept: much faster than sorted. */
static int write_file(const char *path, const json_t *state, struct oc_error *err)
{
    struct oc_buf text = {0};
    char *dir = oc_path_dir(path);
    int rc = oc_dir_make(dir, 0700, err);
    if (rc == OC_OK) {
        oc_json_put(&text, state);
        rc = oc_file_write(path, text.data, text.len, 0600, err);
    }
    oc_buf_finish(&text);
    free(dir);
    return rc;
}

json_t *oc_governance_saved(const struct oc_governance *g)
{
    char *path = path_of(g);
    json_t *state = read_file(path);
    if (!state && path && oc_file_exists(path)) {
        oc_warn("the saved state of governance cannot be read: it is made anew of the ledger",
                "path=%s", path);
    }
    free(path);
    return state;
}

/* ---- [worker] the file, made of the one before and of what came since ---- */

struct reading {
    struct oc_snapshot *snapshot;
    json_t *state;
};

static bool add(void *ctx, uint64_t index, const char *text, size_t len)
{
    struct reading *r = ctx;
    oc_governance_read_entry(r->state, index, text, len);
    return !__atomic_load_n(&r->snapshot->stop, __ATOMIC_RELAXED);
}

static void run(void *ctx)
{
    struct oc_snapshot *s = ctx;
    struct reading r = {s, read_file(s->path)};
    r.state = r.state ? r.state : oc_governance_state_new();
    const int64_t from = oc_json_int(r.state, "covers", -1) + 1;
    oc_error_init(&s->err);
    s->code = OC_OK;
    if ((uint64_t)from < s->size) {
        s->code = oc_ledger_each_in(s->ledger, s->per, (uint64_t)from, s->size, add, &r, &s->err);
    }
    s->covers = oc_json_int(r.state, "covers", -1);
    if (s->code == OC_OK && __atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
        s->code = OC_E_CANCELLED;
    }
    if (s->code == OC_OK && s->covers >= from) {
        s->code = write_file(s->path, r.state, &s->err);
    }
    json_decref(r.state);
}

/* ---- when ---- */

static void snapshot_free(struct oc_snapshot *s)
{
    free(s->path);
    free(s->ledger);
    free(s);
}

static void on_made(void *ctx)
{
    struct oc_snapshot *s = ctx;
    struct oc_governance *g = s->g;
    g->snapshot = NULL;
    g->save_after = oc_time_mono() + SHARE * (oc_time_mono() - s->began);
    if (s->code == OC_OK) {
        g->saved = (uint64_t)(s->covers + 1);
        g->saved_size = s->size;
        g->saved_ms = oc_time_mono();
    } else if (s->code != OC_E_CANCELLED) {
        oc_warn("the state of governance cannot be saved", "reason=%s", s->err.message);
        g->save_after += EVERY;
    }
    snapshot_free(s);
}

/* Enough has come since the last one, or it is long ago. */
static bool is_due(const struct oc_governance *g)
{
    const uint64_t covers = (uint64_t)(oc_json_int(g->state, "covers", -1) + 1);
    const int64_t now = oc_time_mono();
    return !g->env->ephemeral && !g->failed && !g->snapshot && covers != g->saved &&
           now >= g->save_after && oc_ledger_is_kept(g->env->ledger) &&
           oc_ledger_healthy(g->env->ledger, NULL) &&
           (oc_ledger_durable(g->env->ledger) >= g->saved_size + ENTRIES ||
            now - g->saved_ms >= EVERY);
}

void oc_governance_save(struct oc_governance *g)
{
    if (!is_due(g)) {
        return;
    }
    struct oc_snapshot *s = oc_calloc(1, sizeof *s);
    s->g = g;
    s->path = path_of(g);
    s->ledger = oc_strdup(oc_ledger_folder(g->env->ledger));
    s->per = oc_ledger_segment_size(g->env->ledger);
    s->size = oc_ledger_durable(g->env->ledger);
    s->began = oc_time_mono();
    g->snapshot = s;
    oc_workers_submit(oc_governance_workers(g), run, on_made, s);
}

int oc_governance_save_now(struct oc_governance *g, struct oc_error *err)
{
    const uint64_t covers = (uint64_t)(oc_json_int(g->state, "covers", -1) + 1);
    char *path = path_of(g);
    int rc = OC_OK;
    if (path && !g->failed && !g->snapshot && covers != g->saved &&
        covers <= oc_ledger_durable(g->env->ledger)) {
        rc = write_file(path, g->state, err);
        g->saved = rc == OC_OK ? covers : g->saved;
    }
    free(path);
    return rc;
}

void oc_governance_stop_snapshot(struct oc_governance *g)
{
    if (g->snapshot) {
        __atomic_store_n(&g->snapshot->stop, 1, __ATOMIC_RELAXED);
    }
}

void oc_governance_forget_snapshot(struct oc_governance *g)
{
    if (g->snapshot) {
        snapshot_free(g->snapshot);
        g->snapshot = NULL;
    }
}
