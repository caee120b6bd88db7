/* The operations skill.list, skill.show and skill.check. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/skill.h"
#include "core/service/skill/skill_service.h"
#include "core/sys/file.h"

struct oc_skill_service {
    struct oc_env env;
    struct oc_skill_hooks hooks;
};

/* ---- one skill ---- */

static bool has_skill(const struct oc_manifest *m)
{
    char *path = oc_path_join(m->dir, OC_SKILL_FILE);
    const bool there = oc_file_exists(path);
    free(path);
    return there;
}

static bool is_configured(void *ctx, const char *path)
{
    const struct oc_skill_service *s = ctx;
    const struct oc_config *config = s->hooks.config(s->hooks.ctx);
    return config && oc_node_get(oc_config_root(config), path);
}

/* A front matter that says no name leaves the manifest's. */
static const char *name_of(const struct oc_skill *skill, const struct oc_manifest *m)
{
    return *skill->name ? skill->name : m->name;
}

static json_t *row_of(const struct oc_skill_service *s, const struct oc_manifest *m)
{
    struct oc_skill skill;
    struct oc_error err;
    json_t *row = json_object();
    oc_error_init(&err);
    oc_json_set_str(row, "plugin", m->name);
    if (oc_skill_load(m->dir, &skill, &err) != OC_OK) {
        oc_json_set_str(row, "name", m->name);
        oc_json_set_str(row, "version", m->version);
        oc_json_set_str(row, "state", "broken");
        oc_json_set_str(row, "description", err.message);
        oc_json_take(row, "missing", json_array());
        return row;
    }
    json_t *readiness = oc_skill_readiness(&skill, is_configured, (void *)(uintptr_t)s);
    oc_json_set_str(row, "name", name_of(&skill, m));
    oc_json_set_str(row, "version", skill.version ? skill.version : m->version);
    oc_json_set_str(row, "state", oc_json_bool(readiness, "ready", false) ? "ready" : "missing");
    oc_json_set_str(row, "description", *skill.description ? skill.description : m->summary);
    json_object_set(row, "missing", json_object_get(readiness, "missing"));
    json_decref(readiness);
    oc_skill_finish(&skill);
    return row;
}

/* ---- all of them ---- */

struct gathering {
    const struct oc_skill_service *service;
    json_t *rows;
};

static void gather(void *ctx, struct oc_plugin *plugin)
{
    struct gathering *g = ctx;
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    if (m && has_skill(m)) {
        json_array_append_new(g->rows, row_of(g->service, m));
    }
}

static json_t *all(const struct oc_skill_service *s)
{
    struct gathering g = {s, json_array()};
    oc_plugins_each(s->env.plugins, gather, &g);
    return g.rows;
}

/* The row of a skill, by its name or its plugin's. Owned; NULL when there is none, then the call has failed. */
static json_t *find(const struct oc_skill_service *s, struct oc_call *call, const char *name)
{
    const char *names[256];
    size_t count = 0, i;
    json_t *rows = all(s), *row, *found = NULL;
    json_array_foreach(rows, i, row)
    {
        const char *own = oc_json_str(row, "name", "");
        if (!found &&
            (strcmp(own, name) == 0 || strcmp(oc_json_str(row, "plugin", ""), name) == 0)) {
            found = json_incref(row);
        }
        if (count < OC_COUNT(names)) {
            names[count++] = own;
        }
    }
    if (!found) {
        const char *near = oc_nearest(name, names, count);
        struct oc_error err;
        oc_error_init(&err);
        oc_error_set(&err, OC_E_NOT_FOUND, "no skill is named %s", name);
        oc_error_hint(
            &err, near ? "Did you mean %s?" : "`openclaw skill list` shows what is there.", near);
        oc_call_fail(call, &err);
    }
    json_decref(rows);
    return found;
}

/* ---- the operations ---- */

struct name_params {
    const char *name;
};
static const struct oc_option show_options[] = {{.name = "name",
                                                 .type = OC_OPT_STRING,
                                                 .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                                 .offset = offsetof(struct name_params, name),
                                                 .help = "the skill"},
                                                {0}};
static const struct oc_option check_options[] = {{.name = "name",
                                                  .type = OC_OPT_STRING,
                                                  .flags = OC_OPT_POSITIONAL,
                                                  .offset = offsetof(struct name_params, name),
                                                  .help = "the skill; default: all"},
                                                 {0}};

static void op_list(struct oc_call *call, void *ctx)
{
    oc_call_succeed(call, all(ctx));
}

static void op_show(struct oc_call *call, void *ctx)
{
    const struct oc_skill_service *s = ctx;
    const struct name_params *p = oc_call_params(call);
    struct oc_error err;
    struct oc_skill skill;
    json_t *row = find(s, call, p->name);
    if (!row) {
        return;
    }
    oc_error_init(&err);
    struct oc_plugin *plugin = oc_plugin_find(s->env.plugins, oc_json_str(row, "plugin", ""));
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    if (oc_skill_load(m->dir, &skill, &err) != OC_OK) {
        oc_call_fail(call, &err);
        json_decref(row);
        return;
    }
    oc_json_set_str(row, "folder", m->dir);
    json_object_set(row, "front_matter", skill.front);
    oc_json_set_str(row, "text", skill.text);
    oc_skill_finish(&skill);
    oc_call_succeed(call, row);
}

/* One row for each thing that is missing; an empty table is good news. */
static void add_missing(json_t *rows, const json_t *skill)
{
    const json_t *item;
    size_t i;
    if (strcmp(oc_json_str(skill, "state", ""), "broken") == 0) {
        json_array_append_new(rows, json_pack("{s:O,s:s,s:s,s:O}", "skill",
                                              json_object_get(skill, "name"), "what", "file",
                                              "name", OC_SKILL_FILE, "how",
                                              json_object_get(skill, "description")));
    }
    json_array_foreach(json_object_get(skill, "missing"), i, item)
    {
        json_t *row = json_copy((json_t *)(uintptr_t)item);
        json_object_set(row, "skill", json_object_get(skill, "name"));
        json_array_append_new(rows, row);
    }
}

static void op_check(struct oc_call *call, void *ctx)
{
    const struct oc_skill_service *s = ctx;
    const struct name_params *p = oc_call_params(call);
    json_t *rows = json_array(), *skills, *skill;
    size_t i;
    if (p->name) {
        json_t *one = find(s, call, p->name);
        if (!one) {
            json_decref(rows);
            return;
        }
        skills = json_pack("[o]", one);
    } else {
        skills = all(s);
    }
    json_array_foreach(skills, i, skill)
    {
        add_missing(rows, skill);
    }
    json_decref(skills);
    oc_call_succeed(call, rows);
}

static const struct oc_op ops[] = {
    {.name = "skill.list",
     .summary = "List the skills that are there, and whether this host is ready for them",
     .flags = OC_OP_EPHEMERAL | OC_OP_PLAIN,
     .view = "table:name=Skill,version=Version,state=State,plugin=Plugin,description=Description",
     .example = "openclaw skill list",
     .handler = op_list},
    {.name = "skill.show",
     .summary = "Show the text of a skill",
     .flags = OC_OP_EPHEMERAL | OC_OP_PLAIN,
     .params = show_options,
     .params_size = sizeof(struct name_params),
     .view = "text:text",
     .description = "The text is what an agent reads. With --json the front matter and what is "
                    "missing are there too.",
     .example = "openclaw skill show git-report",
     .handler = op_show},
    {.name = "skill.check",
     .summary = "Say what skills need that is not here, and how to get it",
     .flags = OC_OP_EPHEMERAL,
     .params = check_options,
     .params_size = sizeof(struct name_params),
     .view = "table:skill=Skill,what=What,name=Missing,how=How",
     .description = "Programs are looked for in the PATH and variables in the environment of the "
                    "host, keys in its configuration. An empty table: nothing is missing.",
     .example = "openclaw skill check\nopenclaw skill check git-report",
     .handler = op_check},
};

struct oc_skill_service *oc_skill_service_create(const struct oc_env *env,
                                                 const struct oc_skill_hooks *hooks)
{
    struct oc_skill_service *s = oc_calloc(1, sizeof *s);
    s->env = *env;
    s->hooks = *hooks;
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(env->ops, &ops[i], s);
    }
    return s;
}

void oc_skill_service_destroy(struct oc_skill_service *s)
{
    free(s);
}
