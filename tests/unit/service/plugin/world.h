/* The plugin service on a stage: plugins that the test plays, a package folder that it writes. SPDX-License-Identifier: MIT */
#ifndef TESTS_PLUGIN_WORLD_H
#define TESTS_PLUGIN_WORLD_H

#include "tests/unit/service/stage.h"

#include <dirent.h>
#include <sys/stat.h>

#include "core/service/alert/alert.h"
#include "core/service/plugin/doctor.h"
#include "core/service/schedule/schedule.h"
#include "core/sys/file.h"

/* ---- the rest of the plugin floor ---- */

const struct oc_limits oc_limits_default = {.memory_bytes = 512 << 20, .cpu_percent = 50};

const char *oc_tier_name(enum oc_tier tier)
{
    static const char *const names[] = {"inproc", "process", "sandbox"};
    return names[tier];
}

int oc_tier_parse(const char *name, enum oc_tier *tier)
{
    for (int i = 0; i < 3; i++) {
        if (strcmp(oc_tier_name((enum oc_tier)i), name) == 0) {
            *tier = (enum oc_tier)i;
            return OC_OK;
        }
    }
    return OC_E_CONFIG;
}

static json_t *kept_terms; /* what the terms of the plugins point to */

void oc_plugin_set_terms(struct oc_plugin *plugin, const struct oc_terms *terms)
{
    json_t *why = json_string(terms->why ? terms->why : "");
    json_t *digest = json_string(terms->digest ? terms->digest : "");
    plugin->terms = *terms;
    plugin->terms.grants = json_deep_copy(terms->grants);
    plugin->terms.describe = json_deep_copy(terms->describe);
    plugin->terms.files = json_deep_copy(terms->files);
    plugin->terms.why = json_string_value(why);
    plugin->terms.digest = json_string_value(digest);
    json_array_append_new(kept_terms, why);
    json_array_append_new(kept_terms, digest);
    json_array_append_new(kept_terms, (json_t *)plugin->terms.grants);
    json_array_append_new(kept_terms, (json_t *)plugin->terms.describe);
    json_array_append_new(kept_terms, (json_t *)plugin->terms.files);
}

void oc_plugins_sync(struct oc_plugins *p, const char *dir)
{
    (void)p, (void)dir;
}

const struct oc_error *oc_instance_error(const struct oc_instance *i)
{
    return &i->err;
}

void oc_instance_reset(struct oc_instance *i)
{
    i->resets++;
    i->state = OC_INSTANCE_READY;
}

bool oc_plugin_reset(struct oc_plugin *plugin)
{
    (void)plugin;
    return false;
}

static oc_reload_fn reload_done;
static void *reload_ctx;

int oc_instance_reload(struct oc_instance *i, struct oc_plugin *plugin,
                       const struct oc_node *config, int64_t watch_ms, oc_reload_fn done, void *ctx,
                       struct oc_error *err)
{
    (void)plugin, (void)config, (void)watch_ms;
    if (i->state == OC_INSTANCE_STOPPING) {
        return oc_error_set(err, OC_E_CONFLICT, "it is stopping");
    }
    i->reloads++;
    reload_done = done;
    reload_ctx = ctx;
    return OC_OK;
}

/* ---- the world ---- */

struct world {
    struct stage s;
    struct oc_plugin_service *service;
    char file[96];
    int changes;
};
static struct world w;

static const struct oc_config *hook_config(void *ctx)
{
    (void)ctx;
    return w.s.config;
}

/* What other services own: every instance that the test makes itself has a name that begins with "c-". */
static void hook_each(void *ctx, oc_each_instance_fn fn, void *fn_ctx)
{
    (void)ctx;
    for (struct oc_instance *i = instances; i; i = i->next) {
        if (strncmp(i->name, "c-", 2) == 0) {
            fn(fn_ctx, "collectors", i);
        }
    }
}

static void hook_changed(void *ctx)
{
    (void)ctx;
    w.changes++;
}

static inline void configure(const char *text)
{
    struct oc_config_source source = {.file = w.file, .no_environment = true};
    assert_int_equal(oc_file_write(w.file, text, strlen(text), 0600, NULL), OC_OK);
    oc_config_destroy(w.s.config);
    oc_diags_finish(&w.s.diags);
    w.s.config = oc_config_load(&source, &w.s.diags, NULL);
    assert_non_null(w.s.config);
    oc_plugin_service_prepare(w.service, w.s.config, &w.s.diags);
    oc_plugin_service_configure(w.service, w.s.config, &w.s.diags);
}

static inline void make(const char *path, const char *text)
{
    struct oc_error err;
    oc_error_init(&err);
    char *full = oc_path_join(w.s.home, path), *dir = oc_path_dir(full);
    assert_int_equal(oc_dir_make(dir, 0700, &err), OC_OK);
    if (text) {
        assert_int_equal(oc_file_write(full, text, strlen(text), 0600, &err), OC_OK);
    }
    free(dir);
    free(full);
}

#define DIGEST  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SURFACE "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* One generation with one row; `more` is put into it: "\"enabled\": true". */
static inline void install(const char *name, const char *digest, const char *source,
                           const char *tier, const char *more)
{
    char text[1024], link[512], target[128];
    snprintf(text, sizeof text,
             "{\"schema\": 1, \"generation\": 3, \"plugins\": [{\"name\": \"%s\", \"id\": "
             "\"acme/%s\", \"version\": \"1.2.0\", \"digest\": \"%s\", \"source\": \"%s\", "
             "\"trust\": \"publisher\", \"tier\": \"%s\", \"pinned\": false, \"grants\": [], "
             "\"surface\": \"" SURFACE "\", %s}]}",
             name, name, digest, source, tier, more);
    make("packages/generations/3/state.json", text);
    make("packages/generations/3/plugins/x", NULL);
    snprintf(link, sizeof link, "%s/packages/generations/3/plugins/%s", w.s.home, name);
    snprintf(target, sizeof target, "../../../store/sha256/%s", digest);
    unlink(link);
    assert_int_equal(symlink(*digest ? target : source + 5, link), 0);
    snprintf(link, sizeof link, "%s/packages/current", w.s.home);
    unlink(link);
    assert_int_equal(symlink("generations/3", link), 0);
}

/* The artifact behind it: plugin.json, and a receipt that names what `files` says. The plugin's folder is this one. */
static inline void put_artifact(struct oc_plugin *plugin, const char *files)
{
    char text[1024], dir[256];
    snprintf(text, sizeof text,
             "{\"digest\": \"" DIGEST "\", \"registry\": \"main\", \"files\": %s, \"describe\": "
             "{\"abi\": \"1.0\", \"methods\": [\"tool.call/1\"]}}",
             files);
    make("packages/store/sha256/" DIGEST "/.openclaw/receipt.json", text);
    make("packages/store/sha256/" DIGEST "/plugin.json", "{}");
    snprintf(dir, sizeof dir, "%s/packages/store/sha256/" DIGEST, w.s.home);
    free(plugin->manifest->dir);
    plugin->manifest->dir = oc_strdup(dir);
}

static inline void remove_all(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            char *sub = oc_path_join(path, e->d_name);
            struct stat st;
            assert_int_equal(lstat(sub, &st), 0);
            if (S_ISDIR(st.st_mode)) {
                remove_all(sub);
                rmdir(sub);
            } else {
                unlink(sub);
            }
            free(sub);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

/* An instance of another service. */
static inline struct oc_instance *collector(const char *name, struct oc_plugin *plugin)
{
    return oc_instance_create(plugin, name, NULL, "", NULL, NULL, NULL);
}

static void gone(void *ctx)
{
    (void)ctx;
}

static inline int setup(void **state)
{
    memset(&w, 0, sizeof w);
    stage_begin(&w.s);
    kept_terms = json_array();
    snprintf(w.file, sizeof w.file, "%s/openclaw.conf", w.s.home);
    struct oc_plugin_hooks hooks = {.config = hook_config,
                                    .each = hook_each,
                                    .changed = hook_changed,
                                    .collector_keys = oc_collector_keys + 1,
                                    .channel_keys = oc_channel_keys + 1};
    w.service = oc_plugin_service_create(&w.s.env, &hooks);
    configure("");
    *state = &w;
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    oc_ops_cancel_all(w.s.env.ops);
    while (instances && strncmp(instances->name, "c-", 2) == 0) {
        oc_instance_destroy(instances, 0, gone, NULL);
    }
    oc_plugin_service_stop(w.service, 0, gone, NULL);
    while (instances) {
        oc_instance_destroy(instances, 0, gone, NULL);
    }
    oc_plugin_service_destroy(w.service);
    remove_all(w.s.home);
    stage_end(&w.s);
    json_decref(kept_terms);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
