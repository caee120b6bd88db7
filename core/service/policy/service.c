/* Life of the policy service. SPDX-License-Identifier: MIT */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/policy/internal.h"
#include "core/sys/file.h"

#define LOOK_EVERY (5 * OC_SECOND)

struct section {
    const char *dir;
};
static const struct oc_option section_options[] = {
    {.name = "dir",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct section, dir),
     .help = "folder of Lua policies; default <home>/policies"},
    {0}};

static void look(void *ctx)
{
    struct oc_policy_service *s = ctx;
    oc_policies_reload(s->env->policies);
}

struct oc_policy_service *oc_policy_service_create(const struct oc_env *env)
{
    struct oc_policy_service *s = oc_calloc(1, sizeof(*s));
    s->env = env;
    oc_policy_add_ops(s);
    if (!env->ephemeral) {
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
    oc_timer_destroy(s->timer);
    free(s);
}

void oc_policy_service_describe(json_t *sections)
{
    oc_json_take(sections, "policies",
                 oc_options_json(section_options, sizeof(section_options[0])));
}
