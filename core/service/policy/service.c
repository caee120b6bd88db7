/* Life of the policy service. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/policy/hooks.h"
#include "core/policy/inspect.h"
#include "core/service/policy/internal.h"
#include "core/sys/file.h"

#define LOOK_EVERY (5 * OC_SECOND)
#define WHOLE_LOOK                                                                                 \
    12u /* every so many looks at the files also at the rest, of which events tell before */
#define SPACE      "policy" /* of the store: the last inputs of each hook */
#define INPUTS_MAX 64       /* of each hook, over a restart */

struct section {
    const char *dir;
};
static const struct oc_option section_options[] = {
    {.name = "dir",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct section, dir),
     .help = "folder of Lua policies; default <home>/policies"},
    {0}};

const char *oc_policy_short_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    while (slash != NULL && slash > path && slash[-1] != '/') {
        slash--;
    }
    return slash != NULL ? slash : path;
}

static void look(void *ctx)
{
    struct oc_policy_service *s = ctx;
    oc_policies_reload(s->env->policies);
    if (s->looks++ % WHOLE_LOOK == 0) {
        oc_gate_governed(s->gate); /* so that it is written down, whoever asks */
        s->news = true;
    }
    if (s->news || s->troubles.count > 0) {
        s->news = false;
        oc_policy_look_for_troubles(s);
    }
}

/* "policy.failed", "policy.loaded" and "policy.removed": the alert does not wait for the timer. */
static void on_news(void *ctx, const struct oc_event *event)
{
    struct oc_policy_service *s = ctx;
    (void)event;
    s->news = true;
    oc_timer_start(s->timer, 0, LOOK_EVERY);
}

static void load_inputs(struct oc_policy_service *s)
{
    oc_policies_keep_inputs(s->env->policies);
    for (const struct oc_hook *h = oc_hooks; s->env->store != NULL && h->name != NULL; h++) {
        json_t *inputs = oc_kv_get(s->env->store, SPACE, h->name);
        oc_policies_load_inputs(s->env->policies, h->name, inputs);
        json_decref(inputs);
    }
}

static void save_inputs(struct oc_policy_service *s)
{
    for (const struct oc_hook *h = oc_hooks; s->env->store != NULL && h->name != NULL; h++) {
        json_t *inputs = oc_policies_inputs(s->env->policies, h->name, INPUTS_MAX);
        if (json_array_size(inputs) > 0) {
            oc_kv_put(s->env->store, SPACE, h->name, inputs, false, NULL);
        }
        json_decref(inputs);
    }
}

struct oc_policy_service *oc_policy_service_create(const struct oc_env *env)
{
    struct oc_policy_service *s = oc_calloc(1, sizeof(*s));
    s->env = env;
    oc_policy_add_ops(s);
    oc_policy_add_test_op(s);
    oc_policy_add_change_ops(s);
    oc_policy_add_look_ops(s);
    s->gate = oc_gate_create(env);
    if (!env->ephemeral) {
        load_inputs(s);
        s->failed = oc_bus_subscribe(env->bus, "policy.failed", on_news, s);
        s->loaded = oc_bus_subscribe(env->bus, "policy.loaded", on_news, s);
        s->removed = oc_bus_subscribe(env->bus, "policy.removed", on_news, s);
        oc_policies_keep_last(env->policies);
        s->timer = oc_timer_create(env->loop, look, s);
        oc_timer_start(s->timer, LOOK_EVERY, LOOK_EVERY);
    }
    return s;
}

void oc_policy_service_configure(struct oc_policy_service *s, const struct oc_config *config,
                                 struct oc_diags *diags)
{
    struct section section = {0};
    struct oc_arena arena = {0};
    const struct oc_node *group = oc_node_get(oc_config_root(config), "policies");
    oc_bind(section_options, sizeof(section_options[0]), group, "policies", NULL, &section,
            sizeof(section), &arena, diags);
    const struct oc_node *dir = oc_node_get(group, "dir");
    /* the built-in folder may be absent */
    bool asked_for = dir != NULL && dir->layer != OC_LAYER_DEFAULT;
    if (asked_for && section.dir != NULL && !oc_file_exists(section.dir)) {
        oc_diags_add(
            diags, true, dir, "policies.dir",
            "Make the folder, or leave the key out: the shipped policies are in force without it.",
            "there is no folder %s", section.dir);
    }
    char *fallback = oc_path_join(s->env->home, "policies");
    oc_policies_set_dir(s->env->policies, section.dir != NULL ? section.dir : fallback);
    oc_policies_reload(s->env->policies);
    free(fallback);
    oc_arena_finish(&arena);
}

void oc_policy_service_destroy(struct oc_policy_service *s)
{
    if (s == NULL) {
        return;
    }
    if (!s->env->ephemeral) {
        save_inputs(s);
    }
    oc_bus_unsubscribe(s->failed);
    oc_bus_unsubscribe(s->loaded);
    oc_bus_unsubscribe(s->removed);
    oc_timer_destroy(s->timer);
    oc_gate_destroy(s->gate);
    oc_policy_forget_troubles(s);
    free(s);
}

void oc_policy_service_describe(json_t *sections)
{
    oc_json_take(sections, "policies",
                 oc_options_json(section_options, sizeof(section_options[0])));
}
