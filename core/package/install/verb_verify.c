/* plugin.verify and plugin.lock. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/install/check_stored.h"
#include "core/package/install/lockfile.h"
#include "core/package/install/refer.h"
#include "core/package/install/verbs.h"
#include "core/package/registry/refuse.h"
#include "core/sys/file.h"

#define LOCK_MAX (16u << 20)

static int bad(struct oc_work *w, const char *name, size_t count, json_t *rows)
{
    oc_work_detail(w, "plugins", json_incref(rows));
    const json_t *row;
    size_t i;
    const char *problem = "";
    json_array_foreach(rows, i, row)
    {
        if (!oc_json_bool(row, "ok", true) && !*problem) {
            name = oc_json_str(row, "name", name);
            problem = json_string_value(json_array_get(json_object_get(row, "problems"), 0));
        }
    }
    oc_error_set(&w->err, OC_E_VERIFY, "%zu plugin%s not what was installed; %s: %s", count,
                 count == 1 ? " is" : "s are", name, problem);
    oc_error_hint(&w->err, "Install it again with `openclaw plugin install --force`, or go back "
                           "with `openclaw plugin rollback`.");
    return oc_work_reason(w, "installed-changed");
}

static int verify(struct oc_work *w, const struct oc_state *state, const char *name)
{
    const struct oc_installed *only = name ? oc_refer_in(w, state, name) : NULL;
    json_t *rows = json_array();
    size_t wrong = 0;
    int code = OC_OK;
    if (name && !only) {
        json_decref(rows);
        return w->err.code;
    }
    for (size_t i = 0; i < state->count && !oc_work_cancelled(); i++) {
        const struct oc_installed *p = &state->plugins[i];
        if (!only || only == p) {
            json_t *row = oc_check_stored(w, p);
            wrong += !oc_json_bool(row, "ok", false);
            json_array_append_new(rows, row);
        }
    }
    if (wrong) {
        code = bad(w, "", wrong, rows);
    } else {
        oc_work_result(w, json_incref(rows));
    }
    json_decref(rows);
    return code;
}

int oc_verb_verify(struct oc_work *w)
{
    struct oc_state state;
    int code = oc_state_load(w->home, &state, &w->err);
    if (code == OC_OK) {
        code = verify(w, &state, oc_json_str(w->params, "name", NULL));
        oc_state_finish(&state);
    }
    return code;
}

/* A lock file replaces a lock file, and nothing else that somebody has written. */
static int check_place(struct oc_work *w, const char *path)
{
    struct oc_buf text = {0};
    const int code = oc_file_read(path, LOCK_MAX, &text, NULL);
    json_t *old = code == OC_OK && text.len ? oc_json_parse(text.data, text.len, NULL) : NULL;
    const bool foreign = (code == OC_OK && text.len && !oc_json_str(old, "schema", NULL)) ||
                         (code != OC_OK && code != OC_E_NOT_FOUND);
    json_decref(old);
    oc_buf_finish(&text);
    return foreign ? oc_refuse(w, OC_E_CONFLICT, "target-exists",
                               "Name another file with --lock-file, or remove this one.",
                               "%s is there and is no lock file", path)
                   : OC_OK;
}

int oc_verb_lock(struct oc_work *w)
{
    struct oc_state state;
    const char *given = oc_json_str(w->params, "lock_file", NULL);
    char *path = given ? oc_strdup(given) : oc_lockfile_path(w);
    int code = check_place(w, path);
    if (code == OC_OK) {
        code = oc_state_load(w->home, &state, &w->err);
    }
    if (code == OC_OK) {
        json_t *lock = oc_lockfile_make(w, &state);
        struct oc_buf text = {0};
        char *body = oc_json_pretty(lock);
        oc_buf_addf(&text, "%s\n", body);
        code = oc_file_write(path, text.data, text.len, 0644, &w->err);
        if (code == OC_OK) {
            json_t *result = json_object();
            oc_json_set_str(result, "file", path);
            oc_json_set_int(result, "generation", (int64_t)state.generation);
            json_object_set(result, "plugins", json_object_get(lock, "plugins"));
            oc_work_result(w, result);
        }
        free(body);
        oc_buf_finish(&text);
        json_decref(lock);
        oc_state_finish(&state);
    }
    free(path);
    return code;
}
