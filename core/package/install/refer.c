/* Finds installed plugins and forms answers. SPDX-License-Identifier: MIT */
#include "core/package/install/refer.h"

#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/registry/refuse.h"

const struct oc_installed *oc_refer_in(struct oc_work *w, const struct oc_state *state,
                                       const char *word)
{
    const struct oc_installed *p = oc_state_find(state, word ? word : "");
    if (p) {
        return p;
    }
    const char **names = oc_calloc(state->count + 1, sizeof *names);
    for (size_t i = 0; i < state->count; i++) {
        names[i] = state->plugins[i].name;
    }
    const char *near = oc_nearest(word ? word : "", names, state->count);
    oc_error_set(&w->err, OC_E_NOT_FOUND, "%s is not installed", word ? word : "it");
    if (near) {
        oc_error_hint(&w->err, "Did you mean %s?", near);
    } else {
        oc_error_hint(
            &w->err,
            "`openclaw plugin list` shows what is. One that came with openclaw works where "
            "the configuration has a section for it.");
    }
    free(names);
    oc_work_reason(w, "not-installed");
    return NULL;
}

const struct oc_installed *oc_refer_find(struct oc_txn *t, const char *word)
{
    return oc_refer_in(t->w, &t->now, word);
}

char *oc_refer_about(const json_t *actions)
{
    struct oc_buf text = {0};
    const json_t *a;
    size_t i;
    json_array_foreach(actions, i, a)
    {
        if (text.len < 200) {
            oc_buf_addf(&text, "%s%s %s", text.len ? ", " : "", oc_json_str(a, "name", ""),
                        oc_json_str(a, "version", ""));
        }
    }
    return oc_buf_take(&text);
}

json_t *oc_refer_answer(const json_t *plan, uint64_t generation)
{
    json_t *result = json_object();
    oc_json_set_int(result, "generation", (int64_t)generation);
    json_object_set(result, "actions", json_object_get(plan, "actions"));
    json_object_set(result, "warnings", json_object_get(plan, "warnings"));
    return result;
}
