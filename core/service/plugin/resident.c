/* Instances of plugins that no other service owns: tools, endpoints, deployers, skills. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/plugin/internal.h"
#include "core/service/plugin/sections.h"

#define STOP_GRACE (5 * OC_SECOND)

/* The methods by which other services know what is theirs. */
static const char *const foreign[] = {"collector.collect/1", "alert.send/1"};

/* One whose methods are not known before it runs is judged by the kind that its manifest names. */
bool oc_resident_is_foreign(const struct oc_plugin *plugin)
{
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    const json_t *described = oc_plugin_description((struct oc_plugin *)plugin);
    const json_t *methods = json_object_get(described, "methods"), *method;
    size_t i;
    if (!methods) {
        const char *kind = m && m->kind ? m->kind : "";
        return strcmp(kind, "collector") == 0 || strcmp(kind, "alert") == 0;
    }
    json_array_foreach(methods, i, method)
    {
        for (size_t k = 0; k < OC_COUNT(foreign); k++) {
            if (strcmp(json_string_value(method), foreign[k]) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void resident_free(struct resident *r)
{
    free(r->plugin);
    free(r->digest);
    free(r);
}

struct leaving {
    struct oc_plugin_service *service;
    struct resident *resident;
};

static void one_gone(struct oc_plugin_service *s)
{
    if (--s->stopping == 0 && s->stopped) {
        oc_loop_fn fn = s->stopped;
        s->stopped = NULL;
        fn(s->stopped_ctx);
    }
}

static void on_gone(void *ctx)
{
    struct leaving leaving = *(struct leaving *)ctx;
    free(ctx);
    resident_free(leaving.resident);
    one_gone(leaving.service);
}

void oc_resident_stop(struct oc_plugin_service *s, struct resident *r, int64_t grace_ms)
{
    if (!r->instance) {
        resident_free(r);
        return;
    }
    struct leaving *leaving = oc_alloc(sizeof *leaving);
    *leaving = (struct leaving){s, r};
    s->stopping++;
    oc_instance_destroy(r->instance, grace_ms, on_gone, leaving);
}

static struct resident *find(const struct oc_plugin_service *s, const char *plugin)
{
    for (size_t i = 0; i < s->residents.count; i++) {
        if (strcmp(s->residents.items[i]->plugin, plugin) == 0) {
            return s->residents.items[i];
        }
    }
    return NULL;
}

static char *digest_of(const struct oc_node *group)
{
    json_t *json = group ? oc_node_json(group) : json_object();
    char *text = oc_json_text(json);
    json_decref(json);
    return text;
}

static bool runs_on(const struct resident *r, const char *digest, const struct oc_node *group)
{
    return r->instance && strcmp(r->digest, digest) == 0 &&
           !(group && oc_node_has_secret_file(group)) &&
           oc_instance_state(r->instance) != OC_INSTANCE_FAILED;
}

struct making {
    struct oc_plugin_service *service;
    const struct oc_config *config;
    struct oc_diags *diags;
};

static struct resident *make(struct making *m, struct oc_plugin *plugin,
                             const struct oc_node *group, char *digest /* taken */)
{
    struct resident *r = oc_calloc(1, sizeof *r);
    const char *name = oc_plugin_name(plugin);
    char *path = oc_asprintf("plugins.%s", name);
    oc_error_init(&r->error);
    r->plugin = oc_strdup(name);
    r->digest = digest;
    if (oc_plugin_load(plugin, &r->error) == OC_OK) {
        r->instance = oc_instance_create(plugin, name, group, path, NULL, m->diags, &r->error);
    }
    if (!r->instance) {
        oc_err("plugin not started", "plugin=%s reason=%s", name, r->error.message);
    }
    free(path);
    return r;
}

static void want(void *ctx, struct oc_plugin *plugin)
{
    struct making *m = ctx;
    struct oc_plugin_service *s = m->service;
    const struct oc_terms *terms = oc_plugin_terms(plugin);
    const struct oc_manifest *manifest = oc_plugin_manifest(plugin);
    const struct oc_node *group = oc_plugin_section(m->config, oc_plugin_name(plugin));
    const bool wanted =
        terms->alone || (group && !terms->disabled); /* a bundled one is asked for */
    if (!wanted || !manifest || !manifest->library || oc_resident_is_foreign(plugin)) {
        return;
    }
    struct resident *r = find(s, oc_plugin_name(plugin));
    char *digest = digest_of(group);
    if (r && runs_on(r, digest, group)) {
        r->keep = true;
        free(digest);
        return;
    }
    r = make(m, plugin, group, digest);
    r->keep = true;
    OC_VEC_PUSH(&s->residents, r);
}

void oc_resident_configure(struct oc_plugin_service *s, const struct oc_config *config,
                           struct oc_diags *diags)
{
    struct making m = {s, config, diags};
    for (size_t i = 0; i < s->residents.count; i++) {
        s->residents.items[i]->keep = false;
    }
    if (!s->hooks.safe_mode && !s->env.ephemeral) {
        oc_plugins_each(s->env.plugins, want, &m);
    }
    for (size_t i = s->residents.count; i-- > 0;) {
        struct resident *r = s->residents.items[i];
        if (!r->keep) {
            OC_VEC_REMOVE(&s->residents, i);
            oc_resident_stop(s, r, STOP_GRACE);
        }
    }
}

struct oc_instance *oc_plugin_service_find(struct oc_plugin_service *s, const char *plugin,
                                           const char *name)
{
    const struct resident *r = find(s, plugin);
    return r && r->instance && (!name || strcmp(name, plugin) == 0) ? r->instance : NULL;
}

void oc_plugin_service_stop(struct oc_plugin_service *s, int64_t grace_ms, oc_loop_fn done,
                            void *ctx)
{
    s->stopped = done;
    s->stopped_ctx = ctx;
    s->stopping++; /* ours, so that `done` runs once and after all of them were told */
    while (s->residents.count) {
        oc_resident_stop(s, s->residents.items[--s->residents.count], grace_ms);
    }
    one_gone(s);
}
