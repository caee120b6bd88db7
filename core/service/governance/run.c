/* Carries out what was approved: once, exactly as it was asked. SPDX-License-Identifier: MIT
 *
 * execution_started is on the disk before the operation is called. Whoever finds it without an execution_ended after a crash
 * cannot know how far the operation came: it is run again only when it says that this does no harm (replay_safe), or that it
 * knows by the decision what it did (once). */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"

#define RESULT_MAX (8u << 10) /* bytes of a result that are kept in the ledger */

struct run {
    struct oc_governance *g;
    char *proposal;
    bool rollback;
};

/* What is known of an end that is not on the disk yet; "proposal" names it. */
struct ending {
    json_t *entry; /* owned */
    bool rollback, under_way;
};

size_t oc_governance_running(const struct oc_governance *g)
{
    return g->runs.count;
}

void oc_governance_forget_runs(struct oc_governance *g)
{
    void *value;
    for (size_t it = 0; oc_map_next(&g->runs, &it, NULL, &value);) {
        ((struct run *)value)->g = NULL;
    }
    oc_map_finish(&g->runs, NULL);
}

/* ---- the end: told until it is on the disk, or it would be done again ---- */

static void ending_free(void *value)
{
    struct ending *e = value;
    json_decref(e->entry);
    free(e);
}

void oc_governance_forget_endings(struct oc_governance *g)
{
    oc_map_finish(&g->endings, ending_free);
}

static const char *ending_type(bool rollback)
{
    return rollback ? "rollback_ended" : "execution_ended";
}

static void write_ending(struct oc_governance *g, struct ending *e)
{
    e->under_way = true;
    e->under_way = oc_governance_write(g, ending_type(e->rollback), json_deep_copy(e->entry), NULL,
                                       NULL) == OC_OK;
}

void oc_governance_write_endings(struct oc_governance *g)
{
    void *value;
    for (size_t it = 0; !g->failed && oc_map_next(&g->endings, &it, NULL, &value);) {
        if (!((struct ending *)value)->under_way) {
            write_ending(g, value);
        }
    }
}

void oc_governance_ending_settled(struct oc_governance *g, const char *type, const json_t *entry,
                                  bool written)
{
    const char *id = oc_json_str(entry, "proposal", "");
    struct ending *e = oc_map_get(&g->endings, id);
    if (!e || strcmp(type, ending_type(e->rollback)) != 0) {
        return;
    }
    e->under_way = false;
    if (written) {
        oc_map_remove(&g->endings, id);
        ending_free(e);
    }
}

static void keep_ending(struct oc_governance *g, const struct run *r, json_t *entry /* taken */)
{
    struct ending *e = oc_calloc(1, sizeof *e);
    *e = (struct ending){.entry = entry, .rollback = r->rollback};
    oc_map_set(&g->endings, r->proposal, e);
    write_ending(g, e);
}

static json_t *ending(const struct run *r, int code, const json_t *result,
                      const struct oc_error *err)
{
    json_t *entry = json_object();
    oc_json_set_str(entry, "proposal", r->proposal);
    oc_json_set_int(entry, "at", oc_time_wall());
    oc_json_set_str(entry, "status",
                    code != OC_OK ? "failed"
                    : r->rollback ? "rolled_back"
                                  : "completed");
    oc_json_set_str(entry, "code", oc_error_name(code));
    if (err && code != OC_OK) {
        oc_json_set_str(entry, "message", err->message);
        oc_json_set_str(entry, "hint", err->hint);
    }
    char *text = result && code == OC_OK ? oc_json_text(result) : NULL;
    if (text && strlen(text) <= RESULT_MAX) {
        oc_json_take(entry, "result", json_deep_copy(result));
    }
    free(text);
    return entry;
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct run *r = ctx;
    struct oc_governance *g = r->g;
    if (!g) { /* the host is going: the next one finds it as interrupted */
        free(r->proposal);
        free(r);
        return;
    }

    const bool interrupted = code == OC_E_CANCELLED && oc_ops_stopping(g->env->ops);
    oc_map_remove(&g->runs, r->proposal);
    if (!interrupted) { /* else as above */
        keep_ending(g, r, ending(r, code, result, err));
    }
    if (code != OC_OK && !interrupted) {
        oc_warn("what was approved has failed", "proposal=%s code=%s", r->proposal,
                oc_error_name(code));
    }
    char *id = r->proposal;
    free(r);
    oc_governance_poke(g, id);
    free(id);
    if (g->stopping && g->stopped && !g->runs.count) {
        oc_loop_fn fn = g->stopped;
        g->stopped = NULL;
        oc_loop_post(g->env->loop, fn, g->stopped_ctx);
    }
}

static void start(struct oc_governance *g, const json_t *p, const char *key, bool rollback)
{
    const json_t *op = json_object_get(p, key), *asked = json_object_get(p, "op");
    const char *id = oc_json_str(p, "id", "");
    if (!op || oc_map_get(&g->runs, id) || oc_map_get(&g->endings, id)) {
        return;
    }
    struct run *r = oc_calloc(1, sizeof *r);
    *r = (struct run){.g = g, .proposal = oc_strdup(id), .rollback = rollback};
    oc_map_set(&g->runs, id, r);
    const struct oc_call_request req = {
        .op = oc_json_str(op, "name", ""),
        .params = json_deep_copy(json_object_get(op, "params")),
        .actor = {.name = oc_json_str(asked, "actor", "governance"),
                  .role = (enum oc_role)oc_json_int(asked, "role", OC_ROLE_VIEWER),
                  .approval = id},
        .on_done = on_done,
        .ctx = r};
    oc_ops_call(g->env->ops, &req); /* r may be gone */
}

void oc_governance_run(struct oc_governance *g, const char *id)
{
    const json_t *p = oc_governance_find(g->state, id);
    const json_t *x = json_object_get(p, "execution");
    if (p && strcmp(oc_json_str(x, "status", ""), "executing") == 0) {
        start(g, p, "op", false);
    }
}

void oc_governance_roll_back(struct oc_governance *g, const char *id)
{
    const json_t *p = oc_governance_find(g->state, id);
    if (p && oc_json_bool(json_object_get(p, "execution"), "rolling_back", false)) {
        start(g, p, "rollback", true);
    }
}

/* ---- after a crash ---- */

static void interrupted(struct oc_governance *g, const json_t *p)
{
    json_t *entry = json_object();
    oc_json_set_str(entry, "proposal", oc_json_str(p, "id", ""));
    oc_json_set_str(entry, "status", "failed");
    oc_json_set_str(entry, "code", "interrupted");
    oc_json_set_str(entry, "message",
                    "the host went down while it ran: nobody knows how far it came");
    oc_json_set_str(entry, "hint",
                    "See what is there, and propose it anew if it is still to be done.");
    oc_governance_write(g, "execution_ended", entry, NULL, NULL);
}

static bool again(struct oc_governance *g, const json_t *p)
{
    const char *name = oc_json_str(json_object_get(p, "op"), "name", "");
    const struct oc_op *op = oc_ops_find(g->env->ops, name);
    return op && op->flags & (OC_OP_REPLAY_SAFE | OC_OP_ONCE);
}

static void resume_one(struct oc_governance *g, const char *id)
{
    const json_t *p = oc_governance_find(g->state, id), *x = json_object_get(p, "execution");
    if (!p || oc_map_get(&g->runs, id) || oc_map_get(&g->endings, id)) {
        return;
    }
    if (oc_json_bool(x, "rolling_back", false)) {
        json_t *entry = json_pack("{s:s,s:s,s:s}", "proposal", id, "status", "failed", "message",
                                  "the host went down while it was rolled back");
        oc_governance_write(g, "rollback_ended", entry, NULL, NULL);
    } else if (strcmp(oc_json_str(x, "status", ""), "executing") != 0) {
        return;
    } else if (again(g, p)) {
        json_t *entry = json_pack("{s:s,s:I,s:s}", "proposal", id, "attempts",
                                  (json_int_t)oc_json_int(x, "attempts", 1) + 1, "op",
                                  oc_json_str(json_object_get(p, "op"), "name", ""));
        oc_governance_write(g, "execution_started", entry, NULL, NULL);
    } else {
        interrupted(g, p);
    }
}

void oc_governance_resume(struct oc_governance *g)
{
    oc_governance_each(g, resume_one);
}
