/* The rules of inhibition of the configuration: what is wrong in them is said where it is written. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/config/bind.h"
#include "core/service/alert/service.h"

struct inhibit_options {
    const char *name;
    struct oc_list source, target, equal;
    int64_t window;
};

#define AT(member) offsetof(struct inhibit_options, member)
static const struct oc_option options[] = {
    {.name = "name", .type = OC_OPT_STRING, .offset = AT(name), .help = "what it is called"},
    {.name = "source",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_REQUIRED,
     .offset = AT(source),
     .help = "matchers of the alerts that keep others quiet: [\"alertname=PowerLost\"]"},
    {.name = "target",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_REQUIRED,
     .offset = AT(target),
     .help = "matchers of those that are kept quiet: [\"severity=~\\\"info|warning\\\"\"]"},
    {.name = "equal",
     .type = OC_OPT_STRINGS,
     .offset = AT(equal),
     .help = "labels that both must have equal: [\"rack\"]"},
    {.name = "window",
     .type = OC_OPT_DURATION,
     .offset = AT(window),
     .default_text = "0",
     .max = 366 * 86400000.0,
     .help = "how long after its source has ended a target is still kept quiet"},
    {0}};
#undef AT

json_t *oc_inhibit_options_json(void)
{
    return oc_options_json(options, sizeof options[0]);
}

static bool check_matchers(const struct oc_list *list, const char *key, const struct oc_node *rule,
                           const char *path, struct oc_diags *diags)
{
    const char *const *texts = list->items;
    const struct oc_node *node = oc_node_get(rule, key);
    size_t before = oc_diags_errors(diags);
    char *where = oc_asprintf("%s.%s", path, key);
    for (uint64_t i = 0; i < list->count && i < OC_INHIBIT_MATCHERS_MAX; i++) {
        struct oc_matcher m;
        struct oc_error err;
        oc_error_init(&err);
        if (oc_matcher_parse_v2(texts[i], &m, &err) == OC_OK) {
            oc_matcher_finish(&m);
        } else {
            const struct oc_node *at = i < node->count ? node->children[i] : node;
            oc_diags_add(diags, false, at, where, err.hint, "%s", err.message);
        }
    }
    if (list->count > OC_INHIBIT_MATCHERS_MAX) {
        oc_diags_add(diags, false, node, where, "One matcher can name several values: =~\"a|b\".",
                     "more than %d matchers", OC_INHIBIT_MATCHERS_MAX);
    }
    free(where);
    return oc_diags_errors(diags) == before;
}

static bool check_rule(const struct oc_node *rule, const char *path, struct oc_diags *diags)
{
    struct inhibit_options o = {0};
    struct oc_arena arena = {0};
    bool sound =
        oc_bind(options, sizeof options[0], rule, path, NULL, &o, sizeof o, &arena, diags) == 0;
    if (sound) {
        sound = check_matchers(&o.source, "source", rule, path, diags);
        sound = check_matchers(&o.target, "target", rule, path, diags) && sound;
    }
    if (sound && o.equal.count > OC_INHIBIT_EQUAL_MAX) {
        oc_diags_add(diags, false, oc_node_get(rule, "equal"), path, "Name fewer labels.",
                     "equal: more than %d labels", OC_INHIBIT_EQUAL_MAX);
        sound = false;
    }
    oc_arena_finish(&arena);
    return sound;
}

json_t *oc_alert_read_inhibition(const struct oc_node *root, struct oc_diags *diags)
{
    const struct oc_node *list = oc_node_get(root, "alerts.inhibit");
    json_t *sound = json_array();
    if (list && (list->type != OC_NODE_LIST || list->count > OC_INHIBIT_RULES_MAX)) {
        oc_diags_add(diags, false, list, "alerts.inhibit",
                     "Write ( { source = [\"severity=critical\"]; target = "
                     "[\"severity=warning\"]; equal = [\"instance\"]; } ).",
                     "expected a list of at most %d groups", OC_INHIBIT_RULES_MAX);
        list = NULL;
    }
    for (size_t i = 0; list && i < list->count; i++) {
        char *path = oc_asprintf("alerts.inhibit[%zu]", i);
        if (check_rule(list->children[i], path, diags)) {
            json_array_append_new(sound, oc_node_json(list->children[i]));
        }
        free(path);
    }
    return sound;
}
