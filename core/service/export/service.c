/* The export service: its remotes and what they are told. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/config/host_name.h"
#include "core/service/export/internal.h"

#define SECTION "remote_write"

static void on_samples(void *ctx, const struct oc_event *event)
{
    const struct oc_export *e = ctx;
    const struct oc_batch *batch = event->native;
    for (size_t i = 0; i < e->remotes.count && batch->sample_count; i++) {
        oc_remote_take(e->remotes.items[i], batch->samples, batch->sample_count);
    }
}

struct oc_export *oc_export_create(const struct oc_env *env)
{
    struct oc_export *e = oc_calloc(1, sizeof *e);
    e->env = env;
    oc_export_add_ops(e);
    return e;
}

/* ---- configuring ---- */

static void read_host(struct oc_export *e, const struct oc_node *root)
{
    char host[OC_HOST_NAME_SIZE];
    oc_host_name(root, host);
    free(e->host);
    e->host = oc_strdup(host);
}

/* Takes the remote of this configuration out of `old`; NULL when it is a new one. */
static struct oc_remote *take_unchanged(struct oc_remote **old, size_t count,
                                        const struct oc_node *node)
{
    json_t *config = oc_node_json(node);
    struct oc_remote *found = NULL;
    for (size_t i = 0; i < count && !found; i++) {
        if (old[i] && old[i]->error.code == OC_OK && json_equal(old[i]->config, config) &&
            !oc_node_has_secret_file(node)) {
            found = old[i];
            old[i] = NULL;
        }
    }
    json_decref(config);
    return found;
}

/* The old one lets go of its folder before the new one takes it. */
static void release_name(struct oc_remote **old, size_t count, const struct oc_node *node)
{
    const struct oc_node *given = oc_node_get(node, "name");
    const char *name = given && given->type == OC_NODE_STRING ? given->string : "remote";
    for (size_t i = 0; i < count; i++) {
        if (old[i] && strcmp(old[i]->name, name) == 0) {
            oc_remote_release(old[i], OC_INSTANCE_GRACE, NULL, NULL);
            old[i] = NULL;
        }
    }
}

static bool has_name(const struct oc_export *e, const char *name)
{
    for (size_t i = 0; i < e->remotes.count; i++) {
        if (strcmp(e->remotes.items[i]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void configure_one(struct oc_export *e, struct oc_remote **old, size_t count,
                          const struct oc_node *node, size_t i, struct oc_diags *diags)
{
    char *path = oc_asprintf(SECTION "[%zu]", i);
    struct oc_remote *r = take_unchanged(old, count, node);
    if (!r) {
        release_name(old, count, node);
        r = oc_remote_create(e, node, path, diags);
    }
    if (has_name(e, r->name)) {
        oc_diags_add(diags, false, node, path, "Give each a `name` of its own.",
                     "there are two remotes named %s", r->name);
        oc_remote_release(r, OC_INSTANCE_GRACE, NULL, NULL);
    } else {
        OC_VEC_PUSH(&e->remotes, r);
    }
    free(path);
}

/* NULL when there is none, or none that could be one. */
static const struct oc_node *section(const struct oc_config *config, struct oc_diags *diags)
{
    const struct oc_node *list = oc_node_get(oc_config_root(config), SECTION);
    if (list && list->type != OC_NODE_LIST) {
        oc_diags_add(diags, false, list, SECTION, "Write " SECTION " = ( { url = \"...\"; } );",
                     "expected a list of groups");
        return NULL;
    }
    if (list && list->count > OC_REMOTES_MAX) {
        oc_diags_add(diags, false, list, SECTION, "", "%zu remotes: only the first %d are used",
                     list->count, OC_REMOTES_MAX);
    }
    return list;
}

void oc_export_configure(struct oc_export *e, const struct oc_config *config,
                         struct oc_diags *diags)
{
    const struct oc_node *list = section(config, diags);
    struct oc_remote **old = e->remotes.items;
    size_t count = e->remotes.count;
    memset(&e->remotes, 0, sizeof e->remotes);
    read_host(e, oc_config_root(config));
    for (size_t i = 0; list && i < list->count && i < OC_REMOTES_MAX; i++) {
        configure_one(e, old, count, list->children[i], i, diags);
    }
    for (size_t i = 0; i < count; i++) {
        if (old[i]) {
            oc_remote_release(old[i], OC_INSTANCE_GRACE, NULL, NULL);
        }
    }
    free(old);
    if (e->remotes.count && !e->samples && !e->env->ephemeral) {
        e->samples = oc_bus_subscribe(e->env->bus, "samples", on_samples, e);
    }
}

void oc_export_check(const struct oc_env *env, const struct oc_config *config,
                     struct oc_diags *diags)
{
    const struct oc_node *list = section(config, diags);
    for (size_t i = 0; list && i < list->count && i < OC_REMOTES_MAX; i++) {
        char *path = oc_asprintf(SECTION "[%zu]", i);
        oc_remote_check(env, list->children[i], path, diags);
        free(path);
    }
}

void oc_export_describe(json_t *sections)
{
    oc_json_take(sections, SECTION, oc_remote_options_json());
}

/* ---- leaving ---- */

static void on_stopped(void *ctx)
{
    struct oc_export *e = ctx;
    if (--e->stopping == 0) {
        e->stopped(e->stopped_ctx);
    }
}

void oc_export_stop(struct oc_export *e, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    oc_bus_unsubscribe(e->samples);
    e->samples = NULL;
    e->stopped = done;
    e->stopped_ctx = ctx;
    e->stopping = 1 + e->remotes.count; /* held until all have been told */
    for (size_t i = 0; i < e->remotes.count; i++) {
        oc_remote_release(e->remotes.items[i], grace_ms, on_stopped, e);
    }
    e->remotes.count = 0;
    on_stopped(e);
}

void oc_export_destroy(struct oc_export *e)
{
    if (!e) {
        return;
    }
    oc_bus_unsubscribe(e->samples);
    for (size_t i = 0; i < e->remotes.count; i++) {
        oc_remote_release(e->remotes.items[i], 0, NULL, NULL);
    }
    OC_VEC_FINISH(&e->remotes);
    free(e->host);
    free(e);
}

/* ---- instances ---- */

struct oc_instance *oc_export_find_instance(const struct oc_export *e, const char *plugin,
                                            const char *name)
{
    for (size_t i = 0; i < e->remotes.count; i++) {
        const struct oc_remote *r = e->remotes.items[i];
        if (r->instance && strcmp(oc_plugin_name(oc_instance_plugin(r->instance)), plugin) == 0 &&
            (!name || strcmp(r->name, name) == 0)) {
            return r->instance;
        }
    }
    return NULL;
}

void oc_export_each(const struct oc_export *e,
                    void (*fn)(void *ctx, const char *owner, struct oc_instance *instance),
                    void *ctx)
{
    for (size_t i = 0; i < e->remotes.count; i++) {
        if (e->remotes.items[i]->instance) {
            fn(ctx, SECTION, e->remotes.items[i]->instance);
        }
    }
}

/* ---- operations ---- */

static void op_list(struct oc_call *call, void *ctx)
{
    const struct oc_export *e = ctx;
    json_t *rows = json_array();
    for (size_t i = 0; i < e->remotes.count; i++) {
        json_array_append_new(rows, oc_remote_json(e->remotes.items[i]));
    }
    oc_call_succeed(call, rows);
}

static const struct oc_op list_op = {
    .name = "export.list",
    .summary = "List the systems that samples are sent to, and what waits for them",
    .view = "table:name=Name,plugin=Plugin,state=State,sent=Sent,waiting=Waiting,refused=Refused,"
            "dropped=Dropped,last_error=Error",
    .description = "Sent, waiting, refused and dropped count samples. Refused ones were answered "
                   "with an error that would come again; dropped ones had to make room.",
    .example = "openclaw export list",
    .handler = op_list,
};

void oc_export_add_ops(struct oc_export *e)
{
    oc_ops_add(e->env->ops, &list_op, e);
}
