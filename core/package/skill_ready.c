/* Looks for what a skill requires. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/skill.h"
#include "core/sys/file.h"

struct readiness {
    const struct oc_skill *skill;
    json_t *missing;
};

static bool has_program(const char *name)
{
    const char *path = getenv("PATH");
    char *list = oc_strdup(path ? path : "/usr/local/bin:/usr/bin:/bin"), *rest = list, *dir;
    bool found = false;
    while (!strchr(name, '/') && !found && (dir = strsep(&rest, ":"))) {
        char *file = oc_path_join(dir, name);
        found = *dir && access(file, X_OK) == 0;
        free(file);
    }
    free(list);
    return found;
}

/* What the skill's author says about getting a program; NULL when nothing is said. Borrowed. */
static const char *advice_for(const struct oc_skill *s, const char *program)
{
    const json_t *way, *bin;
    size_t i, k;
    json_array_foreach(s->install, i, way)
    {
        json_array_foreach(json_object_get(way, "bins"), k, bin)
        {
            const char *name = json_string_value(bin);
            if (name && strcmp(name, program) == 0) {
                return oc_json_str(way, "label", NULL);
            }
        }
    }
    return NULL;
}

/* Takes `how`. */
static void add(struct readiness *r, const char *what, const char *name, char *how)
{
    json_t *row = json_object();
    oc_json_set_str(row, "what", what);
    oc_json_set_str(row, "name", name);
    oc_json_set_str(row, "how", how);
    json_array_append_new(r->missing, row);
    free(how);
}

static void check_bins(struct readiness *r)
{
    const json_t *item;
    size_t i;
    json_array_foreach(r->skill->bins, i, item)
    {
        const char *name = json_string_value(item), *advice = advice_for(r->skill, name);
        if (!has_program(name)) {
            add(r, "bin", name,
                advice ? oc_strdup(advice)
                       : oc_asprintf("Install the program %s so that it is in the PATH.", name));
        }
    }
}

static void check_any_bins(struct readiness *r)
{
    const json_t *item;
    size_t i;
    struct oc_buf names = {0};
    bool found = json_array_size(r->skill->any_bins) == 0;
    json_array_foreach(r->skill->any_bins, i, item)
    {
        oc_buf_addf(&names, "%s%s", i ? ", " : "", json_string_value(item));
        found = found || has_program(json_string_value(item));
    }
    if (!found) {
        add(r, "anyBin", names.data, oc_asprintf("Install one of the programs %s.", names.data));
    }
    oc_buf_finish(&names);
}

static void check_env(struct readiness *r)
{
    const json_t *item;
    size_t i;
    json_array_foreach(r->skill->env, i, item)
    {
        const char *name = json_string_value(item), *value = getenv(name);
        if (!value || !*value) {
            add(r, "env", name,
                oc_asprintf("Set the environment variable %s where openclawd is started.", name));
        }
    }
}

static void check_config(struct readiness *r, oc_skill_config_fn config, void *ctx)
{
    const json_t *item;
    size_t i;
    json_array_foreach(r->skill->config, i, item)
    {
        const char *path = json_string_value(item);
        if (!config || !config(ctx, path)) {
            add(r, "config", path,
                oc_asprintf("Give it a value: `openclaw config set %s VALUE`.", path));
        }
    }
}

static void check_os(struct readiness *r)
{
    const json_t *item;
    size_t i;
    bool here = json_array_size(r->skill->os) == 0;
    json_array_foreach(r->skill->os, i, item)
    {
        here = here || strcmp(json_string_value(item), "linux") == 0;
    }
    if (!here) {
        add(r, "os", "linux", oc_strdup("The skill is not meant for Linux."));
    }
}

json_t *oc_skill_readiness(const struct oc_skill *skill, oc_skill_config_fn config, void *ctx)
{
    struct readiness r = {.skill = skill, .missing = json_array()};
    if (!skill->always) {
        check_os(&r);
        check_bins(&r);
        check_any_bins(&r);
        check_env(&r);
        check_config(&r, config, ctx);
    }
    json_t *result = json_object();
    oc_json_set_bool(result, "ready", json_array_size(r.missing) == 0);
    oc_json_take(result, "missing", r.missing);
    return result;
}
