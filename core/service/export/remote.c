/* One remote: its plugin, and which samples it gets. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/service/export/internal.h"
#include "core/service/export/naming.h"
#include "core/store/registry.h"
#include "core/sys/file.h"

#define LABELS_MAX (OC_SERIES_LABELS + 32)

/* ---- making ---- */

static void look_for_exporter(void *ctx, struct oc_plugin *plugin)
{
    const char **found = ctx;
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    if (m && m->library && strcmp(m->kind, "exporter") == 0 &&
        (!*found || strcmp(m->name, *found) < 0)) {
        *found = m->name;
    }
}

/* NULL when there is no such plugin; the reason is in r->error then. */
static struct oc_plugin *find_plugin(struct oc_remote *r, const struct oc_env *env)
{
    const char *name = r->options.plugin;
    if (!name) {
        oc_plugins_each(env->plugins, look_for_exporter, &name);
        name = name ? oc_arena_strdup(&r->arena, name) : "exporter";
        r->options.plugin = name;
    }
    struct oc_plugin *plugin = oc_plugin_find(env->plugins, name);
    if (!plugin) {
        oc_error_set(&r->error, OC_E_NOT_FOUND, "there is no plugin named %s", name);
        oc_error_hint(&r->error, "`openclaw plugin list` shows those that are installed.");
        return NULL;
    }
    if (oc_plugin_load(plugin, &r->error) != OC_OK) {
        return NULL;
    }
    if (!oc_plugin_has_method(plugin, OC_EXPORT_METHOD)) {
        oc_error_set(&r->error, OC_E_CONFIG, "plugin %s exports nothing", name);
        oc_error_hint(&r->error, "Such a plugin has the method " OC_EXPORT_METHOD ".");
        return NULL;
    }
    return plugin;
}

static struct oc_remote *allocate(const struct oc_node *node)
{
    struct oc_remote *r = oc_calloc(1, sizeof *r);
    r->config = oc_node_json(node);
    oc_error_init(&r->error);
    return r;
}

static bool has_label(const struct oc_remote *r, const char *name)
{
    for (size_t i = 0; i < r->labels.count; i++) {
        if (strcmp(r->labels.items[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void add_label(struct oc_remote *r, const char *name, const char *value)
{
    if (*value && !has_label(r, name) && r->labels.count < 16) {
        OC_VEC_PUSH(&r->labels, ((struct oc_encode_label){name, value}));
    }
}

static void set_labels(struct oc_remote *r, const char *host)
{
    const struct oc_pair *pairs = r->options.labels.items;
    for (uint64_t i = 0; i < r->options.labels.count; i++) {
        add_label(r, pairs[i].name, pairs[i].value);
    }
    add_label(r, "job", "openclaw");
    add_label(r, "instance", oc_arena_strdup(&r->arena, host));
}

static void start(struct oc_remote *r, struct oc_export *e)
{
    char *all = oc_path_join(e->env->home, "data/export");
    char *dir = oc_path_join(all, r->name);
    oc_dir_make(all, 0700, NULL);
    oc_export_queue_init(&r->queue, dir);
    free(dir);
    free(all);
    set_labels(r, e->host);
    r->flush = oc_timer_create(e->env->loop, oc_remote_on_flush, r);
    r->retry = oc_timer_create(e->env->loop, oc_remote_on_retry, r);
    oc_timer_start(r->flush, r->options.flush_ms, r->options.flush_ms);
    oc_timer_start(r->retry, 0, 0); /* what an earlier run left */
}

struct oc_remote *oc_remote_create(struct oc_export *e, const struct oc_node *node,
                                   const char *path, struct oc_diags *diags)
{
    struct oc_remote *r = allocate(node);
    size_t errors = oc_diags_errors(diags);
    r->service = e;
    if (oc_remote_read(r, node, path, diags) && r->options.enabled && !e->env->ephemeral) {
        struct oc_plugin *plugin = find_plugin(r, e->env);
        r->instance = plugin ? oc_instance_create(plugin, r->name, node, path, oc_remote_host_keys,
                                                  diags, &r->error)
                             : NULL;
        if (r->instance) {
            start(r, e);
        }
    }
    if (r->error.code != OC_OK) {
        oc_warn("remote disabled", "remote=%s reason=%s", r->name, r->error.message);
        if (oc_diags_errors(diags) == errors) {
            oc_diags_add(diags, false, node, path, r->error.hint, "%s", r->error.message);
        }
    }
    return r;
}

void oc_remote_check(const struct oc_env *env, const struct oc_node *node, const char *path,
                     struct oc_diags *diags)
{
    static const struct oc_option none[] = {{0}};
    struct oc_remote *r = allocate(node);
    size_t errors = oc_diags_errors(diags), stride, size;
    struct oc_plugin *plugin =
        oc_remote_read(r, node, path, diags) && r->options.enabled ? find_plugin(r, env) : NULL;
    bool known = false;
    const struct oc_option *table =
        plugin ? oc_plugin_options(plugin, &stride, &size, &known) : NULL;
    if (plugin && (table || known)) {
        void *self = oc_calloc(1, size ? size : 1);
        oc_bind(table ? table : none, table ? stride : sizeof *none, node, path,
                oc_remote_host_keys, self, size, &r->arena, diags);
        free(self);
    }
    if (r->error.code != OC_OK && oc_diags_errors(diags) == errors) {
        oc_diags_add(diags, false, node, path, r->error.hint, "%s", r->error.message);
    }
    oc_remote_free(r);
}

/* ---- leaving ---- */

struct farewell {
    struct oc_remote *remote;
    oc_loop_fn done;
    void *ctx;
};

static void on_instance_gone(void *ctx)
{
    struct farewell f = *(struct farewell *)ctx;
    free(ctx);
    oc_remote_free(f.remote);
    if (f.done) {
        f.done(f.ctx);
    }
}

void oc_remote_release(struct oc_remote *r, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    struct farewell *f = oc_alloc(sizeof *f);
    struct oc_instance *instance = r->instance;
    *f = (struct farewell){r, done, ctx};
    if (instance) {
        oc_remote_seal(r);
    }
    r->service = NULL;
    r->instance = NULL;
    oc_timer_destroy(r->flush);
    oc_timer_destroy(r->retry);
    r->flush = r->retry = NULL;
    if (instance) {
        oc_instance_destroy(instance, grace_ms, on_instance_gone, f);
    } else {
        on_instance_gone(f);
    }
}

/* ---- samples ---- */

static bool is_chosen(struct oc_remote *r, const struct oc_series *series)
{
    if (series->id >= r->chosen.len) {
        static const char zeros[4096];
        while (series->id >= r->chosen.len) {
            oc_buf_add(&r->chosen, zeros, sizeof zeros);
        }
    }
    char *known = &r->chosen.data[series->id];
    if (!*known) {
        bool match = r->selectors.count == 0;
        for (size_t i = 0; i < r->selectors.count && !match; i++) {
            match = oc_selector_matches(&r->selectors.items[i], series);
        }
        *known = match ? 'y' : 'n';
    }
    return *known == 'y';
}

/* Strings of labels are copied: those that are made anew live only while they are visited. */
struct labels {
    struct oc_encode_label list[LABELS_MAX];
    size_t count;
    struct oc_buf text;
    size_t offsets[LABELS_MAX]; /* of names in `text` */
};

static void take_label(void *ctx, const char *name, const char *value)
{
    struct labels *l = ctx;
    if (l->count < LABELS_MAX - 1 && *value) {
        l->offsets[l->count] = l->text.len;
        oc_buf_add(&l->text, name, strlen(name) + 1);
        l->list[l->count++].value = value;
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct oc_encode_label *)a)->name,
                  ((const struct oc_encode_label *)b)->name);
}

/* The series' own labels win over those that every series gets. */
static void gather(const struct oc_remote *r, const struct oc_series *series,
                   const struct oc_export_name *name, struct labels *l)
{
    oc_export_labels(series, take_label, l);
    for (size_t i = 0; i < l->count; i++) {
        l->list[i].name = l->text.data + l->offsets[i];
    }
    size_t own = l->count;
    for (size_t i = 0; i < r->labels.count && l->count < LABELS_MAX - 1; i++) {
        bool taken = false;
        for (size_t k = 0; k < own; k++) {
            taken = taken || strcmp(l->list[k].name, r->labels.items[i].name) == 0;
        }
        if (!taken) {
            l->list[l->count++] = r->labels.items[i];
        }
    }
    l->list[l->count++] = (struct oc_encode_label){"__name__", name->text};
    qsort(l->list, l->count, sizeof *l->list, by_name);
}

static void take_one(struct oc_remote *r, const struct oc_sample *sample, struct labels *l)
{
    struct oc_export_name name;
    oc_export_name(sample->series->name, sample->series->kind, &name);
    l->count = 0;
    oc_buf_clear(&l->text);
    gather(r, sample->series, &name, l);
    oc_encode_sample(&r->batch, l->list, l->count, sample->time_ms,
                     oc_export_value(&name, sample->value));
    r->batch_samples++;
}

void oc_remote_take(struct oc_remote *r, const struct oc_sample *samples, size_t count)
{
    struct labels l = {.count = 0};
    for (size_t i = 0; r->instance && i < count; i++) {
        if (is_chosen(r, samples[i].series)) {
            take_one(r, &samples[i], &l);
        }
        if (r->batch_samples >= (uint64_t)r->options.batch) {
            oc_remote_seal(r);
            oc_remote_pump(r);
        }
    }
    oc_buf_finish(&l.text);
}

json_t *oc_remote_json(const struct oc_remote *r)
{
    json_t *o = json_object();
    oc_json_set_str(o, "name", r->name);
    oc_json_set_str(o, "plugin", r->options.plugin);
    oc_json_set_str(o, "state",
                    r->instance          ? oc_instance_state_name(oc_instance_state(r->instance))
                    : r->options.enabled ? "failed"
                                         : "disabled");
    oc_json_set_int(o, "sent", (json_int_t)r->sent);
    oc_json_set_int(o, "refused", (json_int_t)r->refused);
    oc_json_set_int(o, "dropped", (json_int_t)r->dropped);
    oc_json_set_int(o, "waiting", (json_int_t)(r->queue.samples + r->batch_samples));
    oc_json_set_int(o, "waiting_bytes", (json_int_t)(r->queue.bytes + r->batch.len));
    oc_json_set_time(o, "last_sent", r->sent_ms);
    oc_json_set_str(o, "last_error",
                    r->error.code != OC_OK ? r->error.message
                    : *r->last_error       ? r->last_error
                                           : NULL);
    return o;
}
