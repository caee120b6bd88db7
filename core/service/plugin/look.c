/* What is known of one plugin: on disk, wanted, running. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/plugin/internal.h"

/* ---- instances ---- */

struct looking {
    const char *plugin;
    struct seen_instances *out;
};

static void see(void *ctx, const char *owner, struct oc_instance *instance)
{
    struct looking *l = ctx;
    if (!l->plugin || strcmp(oc_plugin_name(oc_instance_plugin(instance)), l->plugin) == 0) {
        struct seen_instance seen = {instance, owner};
        OC_VEC_PUSH(&l->out->list, seen);
    }
}

void oc_look_instances(struct oc_plugin_service *s, const char *plugin, struct seen_instances *out)
{
    struct looking l = {plugin, out};
    memset(out, 0, sizeof *out);
    s->hooks.each(s->hooks.ctx, see, &l);
    for (size_t i = 0; i < s->residents.count; i++) {
        if (s->residents.items[i]->instance) {
            see(&l, "plugins", s->residents.items[i]->instance);
        }
    }
}

void oc_look_finish(struct seen_instances *seen)
{
    OC_VEC_FINISH(&seen->list);
}

json_t *oc_look_stats(struct oc_plugin_service *s, const struct seen_instance *seen)
{
    json_t *o = oc_instance_stats(seen->instance);
    const char *name = oc_instance_name(seen->instance);
    const struct oc_error *err = oc_instance_error(seen->instance);
    const int64_t *started = oc_map_get(&s->started, name);
    oc_json_set_str(o, "instance", name);
    oc_json_set_str(o, "plugin", oc_plugin_name(oc_instance_plugin(seen->instance)));
    oc_json_set_str(o, "owner", seen->owner);
    oc_json_take(o, "uptime_ms", started ? json_integer(oc_time_wall() - *started) : json_null());
    if (err->code != OC_OK) {
        oc_json_set_str(o, "error", err->message);
        oc_json_set_str(o, "hint", err->hint);
    }
    return o;
}

/* What a person must hear of first. */
static int gravity(enum oc_instance_state state)
{
    switch (state) {
    case OC_INSTANCE_QUARANTINED:
        return 6;
    case OC_INSTANCE_FAILED:
        return 5;
    case OC_INSTANCE_RESTARTING:
        return 4;
    case OC_INSTANCE_FENCED:
        return 3;
    case OC_INSTANCE_STOPPING:
    case OC_INSTANCE_STOPPED:
        return 2;
    case OC_INSTANCE_STARTING:
        return 1;
    case OC_INSTANCE_READY:
    case OC_INSTANCE_BUSY:
        break;
    }
    return 0;
}

json_t *oc_look_running(const struct seen_instances *seen)
{
    static const char *const keys[] = {"generation", "tier", "pid"};
    const struct oc_instance *gravest = NULL;
    for (size_t i = 0; i < seen->list.count; i++) {
        const struct oc_instance *instance = seen->list.items[i].instance;
        if (!gravest ||
            gravity(oc_instance_state(instance)) > gravity(oc_instance_state(gravest))) {
            gravest = instance;
        }
    }
    if (!gravest) {
        return json_null();
    }
    json_t *o = json_object(), *stats = oc_instance_stats(gravest);
    enum oc_instance_state state = oc_instance_state(gravest);
    oc_json_set_str(o, "state", oc_instance_state_name(state));
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        json_t *value = json_object_get(stats, keys[i]);
        json_object_set_new(o, keys[i], value ? json_incref(value) : json_null());
    }
    oc_json_set_int(o, "instances", (int64_t)seen->list.count);
    json_decref(stats);
    return o;
}

/* ---- plugins ---- */

const struct oc_installed *oc_look_installed(const struct oc_plugin_service *s, const char *name)
{
    return s->state.count ? oc_state_find(&s->state, name) : NULL;
}

struct oc_plugin *oc_look_plugin(struct oc_plugin_service *s, const char *name_or_id)
{
    struct oc_plugin *plugin = oc_plugin_find(s->env.plugins, name_or_id);
    const struct oc_installed *p = plugin ? NULL : oc_look_installed(s, name_or_id);
    return p ? oc_plugin_find(s->env.plugins, p->name) : plugin;
}

struct names {
    OC_VEC(const char *) list;
};

static void add_name(void *ctx, struct oc_plugin *plugin)
{
    struct names *names = ctx;
    OC_VEC_PUSH(&names->list, oc_plugin_name(plugin));
}

struct oc_plugin *oc_look_plugin_or_fail(struct oc_plugin_service *s, struct oc_call *call,
                                         const char *name_or_id)
{
    struct oc_plugin *plugin = oc_look_plugin(s, name_or_id);
    if (plugin) {
        return plugin;
    }
    struct names names = {0};
    oc_plugins_each(s->env.plugins, add_name, &names);
    const char *near = oc_nearest(name_or_id, names.list.items, names.list.count);
    char *hint =
        near ? oc_asprintf("Did you mean %s? `openclaw plugin list` shows what is there.", near)
             : oc_strdup("`openclaw plugin list` shows what is there, `openclaw plugin "
                         "search` what registries offer.");
    oc_call_failf(call, OC_E_NOT_FOUND, hint, "no plugin is named %s", name_or_id);
    free(hint);
    OC_VEC_FINISH(&names.list);
    return NULL;
}

const char *oc_look_state(const struct oc_plugin *plugin)
{
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    const struct oc_terms *terms = oc_plugin_terms(plugin);
    if (terms && terms->disabled) {
        return "disabled";
    }
    if (m && !m->library) {
        return "preset";
    }
    switch (oc_plugin_state(plugin)) {
    case OC_PLUGIN_FOUND:
        return "found";
    case OC_PLUGIN_LOADED:
        return "loaded";
    case OC_PLUGIN_FAILED:
        break;
    }
    return "failed";
}

static void set_installed(json_t *o, const struct oc_installed *p)
{
    json_t *installed = json_object();
    oc_json_set_str(installed, "source", p ? p->source : "bundled");
    if (p) {
        oc_json_set_str(installed, "digest", *p->digest ? p->digest : NULL);
        oc_json_set_str(installed, "trust", p->trust);
        oc_json_set_bool(installed, "enabled", p->enabled);
        oc_json_set_bool(installed, "pinned", p->pinned);
        oc_json_set_str(installed, "why", p->disabled_why);
    }
    oc_json_take(o, "installed", installed);
}

json_t *oc_look_row(struct oc_plugin_service *s, struct oc_plugin *plugin,
                    const struct seen_instances *seen)
{
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    const struct oc_terms *terms = oc_plugin_terms(plugin);
    bool package = terms && (terms->alone || terms->disabled || (terms->digest && *terms->digest));
    const struct oc_installed *p = package ? oc_look_installed(s, oc_plugin_name(plugin)) : NULL;
    json_t *o = json_object();
    oc_json_set_str(o, "name", oc_plugin_name(plugin));
    oc_json_set_str(o, "id", p ? p->id : NULL);
    oc_json_set_str(o, "version", m ? m->version : p ? p->version : NULL);
    oc_json_set_str(o, "kind", m ? m->kind : NULL);
    oc_json_set_str(o, "state", oc_look_state(plugin));
    set_installed(o, p);
    oc_json_set_int(o, "configured", (int64_t)seen->list.count);
    oc_json_take(o, "running", oc_look_running(seen));
    oc_json_set_str(o, "tier", terms ? oc_tier_name(terms->tier) : NULL);
    oc_json_set_str(o, "summary", m ? m->summary : NULL);
    if (oc_plugin_state(plugin) == OC_PLUGIN_FAILED) {
        oc_json_set_str(o, "error", oc_plugin_error(plugin)->message);
    } else {
        oc_json_set_str(o, "error", terms && terms->disabled ? terms->why : NULL);
    }
    return o;
}
