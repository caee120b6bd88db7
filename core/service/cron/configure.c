/* The section `schedules`, and the schedules that people added, become entries. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/service/cron/internal.h"

struct work {
    struct oc_cron_service *s;
    struct oc_diags *diags;
    struct oc_map kept; /* names of items with mistakes: what is known of them stays */
};

static void put(struct work *w, struct oc_cron_definition *def, enum oc_cron_origin origin)
{
    struct oc_cron_entry *e = oc_cron_find(w->s, def->o.name);
    if (!e) {
        e = oc_cron_entry_add(w->s, def, origin);
    } else if (e->origin == origin && json_equal(e->def.json, def->json)) {
        oc_cron_definition_finish(def);
        oc_cron_check(e);
    } else {
        oc_cron_entry_change(e, def, origin);
    }
    e->marked = true;
}

/* Items merge by name, and these two are one thing: of cron and every the one of the later layer takes the other's place. */
static json_t *item_json(const struct oc_node *item)
{
    const struct oc_node *cron = oc_node_get(item, "cron"), *every = oc_node_get(item, "every");
    json_t *json = oc_node_json(item);
    if (cron && every && cron->layer != every->layer) {
        json_object_del(json, cron->layer < every->layer ? "cron" : "every");
    }
    return json;
}

/* An operation that is not there may come with a plugin; one that is there and cannot be called so is a mistake. */
static void check_call(struct work *w, const struct oc_node *item, const char *path,
                       const char *name)
{
    struct oc_error err;
    const struct oc_cron_entry *e = oc_cron_find(w->s, name);
    oc_error_init(&err);
    if (item->layer != OC_LAYER_DEFAULT && oc_cron_check_op(w->s, &e->def, &err) != OC_OK &&
        err.code != OC_E_NOT_FOUND) {
        oc_diags_add(w->diags, false, item, path, err.hint, "%s", err.message);
    }
}

/* Mistakes are told with file and line; the rest of the list is good all the same. */
static void take_item(struct work *w, const struct oc_node *item, const char *path)
{
    static const char *const others[] = {"params", NULL};
    struct oc_cron_options o = {0};
    struct oc_cron_definition def;
    struct oc_arena arena = {0};
    struct oc_error err;
    oc_error_init(&err);
    const char *name = NULL;
    const struct oc_node *named = oc_node_get(item, "name");
    if (named && named->type == OC_NODE_STRING) {
        name = named->string;
    }
    bool good = oc_bind(oc_cron_options, sizeof *oc_cron_options, item, path, others, &o, sizeof o,
                        &arena, w->diags) == 0;
    if (good && oc_cron_definition_init(&def, item_json(item), &err) != OC_OK) {
        oc_diags_add(w->diags, false, item, path, err.hint, "%s", err.message);
        good = false;
    }
    oc_arena_finish(&arena);
    if (good) {
        put(w, &def, item->layer == OC_LAYER_DEFAULT ? OC_CRON_SHIPPED : OC_CRON_CONFIG);
        check_call(w, item, path, name);
    } else if (name && *name) {
        oc_map_set(&w->kept, name, w);
    }
}

/* As it is called in the list as it was written, which does not know those that are shipped. */
static void path_of(const struct oc_node *item, size_t index, char *path, size_t size)
{
    const struct oc_node *name = oc_node_get(item, "name");
    if (name && name->type == OC_NODE_STRING && oc_name_valid(name->string)) {
        snprintf(path, size, "schedules[%s]", name->string);
    } else {
        snprintf(path, size, "schedules[%zu]", index);
    }
}

static void take_section(struct work *w, const struct oc_node *list)
{
    char path[96];
    size_t written = 0;
    if (list && list->type != OC_NODE_LIST) {
        oc_diags_add(w->diags, false, list, "schedules", "Write schedules = ( { ... } );",
                     "expected a list, found a %s", oc_node_type_name(list->type));
        return;
    }
    for (size_t i = 0; list && i < list->count && i < OC_CRON_ENTRIES_MAX; i++) {
        path_of(list->children[i], written, path, sizeof path);
        take_item(w, list->children[i], path);
        written += list->children[i]->layer != OC_LAYER_DEFAULT;
    }
}

static void take_added(struct work *w)
{
    json_t *all = oc_cron_definitions(w->s), *json;
    const char *name;
    json_object_foreach(all, name, json)
    {
        struct oc_cron_entry *e = oc_cron_find(w->s, name);
        struct oc_cron_definition def;
        struct oc_error err;
        oc_error_init(&err);
        if ((e && e->marked) || oc_map_get(&w->kept, name)) {
            oc_warn("a schedule that was added is hidden by one of the configuration",
                    "schedule=%s", name);
        } else if (oc_cron_definition_init(&def, json_incref(json), &err) != OC_OK) {
            oc_warn("a schedule that was added cannot be read", "schedule=%s reason=%s", name,
                    err.message);
            oc_map_set(&w->kept, name, w);
        } else {
            put(w, &def, OC_CRON_SET);
        }
    }
    json_decref(all);
}

/* What is not wanted any more, and what the store knows of it. */
static void sweep(struct work *w)
{
    struct oc_cron_service *s = w->s;
    if (!s->env.ephemeral) {
        oc_cron_flush(s, NULL); /* what it waits for is known when it is forgotten */
    }
    for (size_t i = s->entries.count; i-- > 0;) {
        struct oc_cron_entry *e = s->entries.items[i];
        bool wanted = e->marked;
        e->marked = false;
        if (!wanted) {
            oc_cron_entry_drop(s, e);
        }
    }
    json_t *states = s->env.ephemeral ? NULL : oc_cron_states(s), *state;
    const char *name;
    json_object_foreach(states, name, state)
    {
        if (!oc_cron_find(s, name) && !oc_map_get(&w->kept, name)) {
            oc_cron_forget(s, name, oc_json_int(state, "number", 0), NULL);
        }
    }
    json_decref(states);
}

void oc_cron_service_configure(struct oc_cron_service *s, const struct oc_config *config,
                               struct oc_diags *diags)
{
    struct work w = {.s = s, .diags = diags};
    if (!config) {
        return; /* what is known stays */
    }
    take_section(&w, oc_node_get(oc_config_root(config), "schedules"));
    take_added(&w);
    sweep(&w);
    oc_map_finish(&w.kept, NULL);
    s->configured_ms = s->configured ? s->configured_ms : oc_time_mono();
    s->configured = true;
    s->generation = oc_ops_generation(s->env.ops);
    oc_timer_start(s->decider, 0, 0); /* decisions that fell, withdrawals that are left */
    oc_cron_wake(s);
}
