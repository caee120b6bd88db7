/* Taking back what a run did, the latest step first; and saying what was taken back and what was not. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/service/runbook/internal.h"

#define NAMED_MAX 8 /* steps that a message names */

typedef bool (*step_fn)(const struct oc_runbook *s, const json_t *step);

static bool is(const json_t *step, const char *state)
{
    return strcmp(oc_json_str(step, "state", "pending"), state) == 0;
}

/* Whether it may have changed something, and nobody has taken it back. */
static bool has_acted(const struct oc_runbook *s, const json_t *step)
{
    const struct oc_op *op = oc_ops_find(s->env->ops, oc_json_str(step, "op", ""));
    const bool looks_only = op && !(op->flags & (OC_OP_MUTATES | OC_OP_ACTS | OC_OP_DESTRUCTIVE));
    const bool begun = is(step, "done") || is(step, "unknown") || is(step, "running") ||
                       (is(step, "failed") && oc_json_bool(step, "acted", false));
    return begun && !looks_only;
}

static bool to_be_undone(const struct oc_runbook *s, const json_t *step)
{
    (void)s;
    return json_object_get(step, "undo") &&
           (is(step, "done") || (is(step, "failed") && oc_json_bool(step, "acted", false)));
}

static bool was_undone(const struct oc_runbook *s, const json_t *step)
{
    (void)s;
    return is(step, "undone");
}

static bool was_not_undone(const struct oc_runbook *s, const json_t *step)
{
    (void)s;
    return is(step, "undo_failed");
}

static size_t count(const struct oc_runbook *s, const json_t *steps, step_fn which)
{
    const json_t *step;
    size_t i, n = 0;
    json_array_foreach(steps, i, step)
    {
        n += which(s, step);
    }
    return n;
}

bool oc_runbook_undo_can(const struct oc_runbook *s, const json_t *doc)
{
    return count(s, json_object_get(doc, "steps"), to_be_undone) > 0;
}

bool oc_runbook_undo_is_left(const struct oc_runbook *s, const json_t *doc)
{
    const json_t *steps = json_object_get(doc, "steps");
    return count(s, steps, has_acted) + count(s, steps, was_not_undone) > 0;
}

/* "; undone: b, a", when there are such steps. */
static void name_them(const struct oc_runbook *s, const json_t *steps, step_fn which,
                      const char *what, struct oc_buf *out)
{
    const size_t all = count(s, steps, which);
    const json_t *step;
    size_t i, named = 0;
    json_array_foreach(steps, i, step)
    {
        if (which(s, step) && named < NAMED_MAX) {
            oc_buf_addf(out, "%s%s%.64s", named == 0 ? what : "", named == 0 ? " " : ", ",
                        oc_json_str(step, "id", ""));
            named++;
        }
    }
    if (all > named) {
        oc_buf_addf(out, " and %zu more", all - named);
    }
}

char *oc_runbook_undo_words(const struct oc_runbook *s, const json_t *doc, const char *message)
{
    const json_t *steps = json_object_get(doc, "steps");
    struct oc_buf out = {0};
    oc_buf_adds(&out, message);
    const bool any = count(s, steps, was_undone) + count(s, steps, was_not_undone) > 0;
    name_them(s, steps, was_undone, "; undone:", &out);
    name_them(s, steps, was_not_undone, "; could not be undone:", &out);
    name_them(s, steps, has_acted,
              any ? "; left as they are, for they have no undo:"
                  : "; nothing was undone, for no step that was done has an undo:",
              &out);
    return oc_buf_take(&out);
}

bool oc_runbook_undo_next(struct run *r)
{
    for (size_t i = json_array_size(r->steps); i-- > 0;) {
        const json_t *step = json_array_get(r->steps, i);
        if (is(step, "undoing")) { /* it was on its way when the host went down */
            const json_t *undo = json_object_get(step, "undo");
            const struct oc_op *op = oc_ops_find(r->service->env->ops, oc_json_str(undo, "op", ""));
            if (op && op->flags & OC_OP_REPLAY_SAFE) {
                oc_runbook_step_undo(r, i);
            } else {
                oc_runbook_step_set(r, i, "undo_failed",
                                    "the host went down while it was undone: check by hand");
            }
            return true;
        }
        if (to_be_undone(r->service, step)) {
            oc_runbook_step_undo(r, i);
            return true;
        }
    }
    return false;
}
