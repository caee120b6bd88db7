/* Units from the configuration: options, driver, check. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/plugin/manifest/manifest.h"
#include "core/service/unit/internal.h"

#define UNITS_MAX 1000
#define RELEASE   (5 * OC_SECOND)

#define AT(member) offsetof(struct unit_options, member)
static const struct oc_option options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = AT(name),
     .help = "what commands and runbooks call it"},
    {.name = "driver",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = AT(driver),
     .help = "the plugin that starts and stops it; the other keys are its options"},
    {.name = "tags",
     .type = OC_OPT_STRINGS,
     .offset = AT(tags),
     .help = "what it is: agent, service, bridge, database, ...: runbooks choose by them"},
    {.name = "after",
     .type = OC_OPT_STRINGS,
     .offset = AT(after),
     .help = "units that are started before it and stopped after it"},
    {.name = "order",
     .type = OC_OPT_INT,
     .offset = AT(order),
     .default_text = "100",
     .min = 0,
     .max = 100000,
     .help = "its place in lists and in what runbooks do one by one, the lowest first"},
    {.name = "stop_timeout",
     .type = OC_OPT_DURATION,
     .offset = AT(stop_ms),
     .default_text = "10s",
     .min = 0,
     .max = 3600000,
     .help = "how long it may take to end before it is killed"},
    {.name = "start_timeout",
     .type = OC_OPT_DURATION,
     .offset = AT(start_ms),
     .default_text = "30s",
     .min = 100,
     .max = 3600000,
     .help = "how long its driver may take to start it"},
    {0}};
#undef AT

static const char *const host_keys[] = {"name",         "driver",        "tags",  "after", "order",
                                        "stop_timeout", "start_timeout", "check", NULL};

void oc_unit_describe(json_t *sections)
{
    oc_json_take(sections, "units", oc_options_json(options, sizeof *options));
    oc_unit_evidence_describe(sections);
}

/* ---- one unit ---- */

struct unit *oc_unit_find(const struct oc_unit *s, const char *name)
{
    for (size_t i = 0; i < s->units.count; i++) {
        if (strcmp(s->units.items[i]->name, name) == 0) {
            return s->units.items[i];
        }
    }
    return NULL;
}

struct unit *oc_unit_ref(struct unit *u)
{
    u->refs++;
    return u;
}

void oc_unit_unref(struct unit *u)
{
    if (--u->refs > 0) {
        return;
    }
    json_decref(u->last);
    oc_arena_finish(&u->arena);
    free(u->name);
    free(u->path);
    free(u->digest);
    free(u->check_of);
    free(u);
}

static void instance_gone(void *ctx)
{
    struct unit *u = ctx;
    struct oc_unit *s = u->service;
    oc_unit_unref(u);
    if (--s->leaving == 0 && s->stopping && s->stopped) {
        oc_loop_fn fn = s->stopped;
        s->stopped = NULL;
        fn(s->stopped_ctx);
    }
}

static void let_go(struct unit *u, struct oc_instance **instance, int64_t grace_ms)
{
    struct oc_instance *i = *instance;
    *instance = NULL;
    if (i) {
        oc_unit_ref(u);
        u->service->leaving++;
        oc_instance_destroy(i, grace_ms, instance_gone, u);
    }
}

void oc_unit_release(struct unit *u, int64_t grace_ms)
{
    u->node = NULL;
    if (u->error.code == OC_OK) {
        oc_error_set(&u->error, OC_E_CONFLICT, "unit %s is no longer configured", u->name);
    }
    let_go(u, &u->driver, grace_ms);
    let_go(u, &u->check, grace_ms);
    oc_unit_unref(u);
}

const char *oc_unit_busy(const struct unit *u)
{
    const struct oc_unit *s = u->service;
    for (size_t i = 0; !u->busy && i < s->replaced.count; i++) {
        if (strcmp(s->replaced.items[i]->name, u->name) == 0) {
            return s->replaced.items[i]->busy;
        }
    }
    return u->busy;
}

void oc_unit_set_idle(struct unit *u)
{
    struct oc_unit *s = u->service;
    u->busy = NULL;
    for (size_t i = 0; i < s->replaced.count; i++) {
        if (s->replaced.items[i] == u) {
            OC_VEC_REMOVE(&s->replaced, i);
            oc_unit_release(u, RELEASE);
            return;
        }
    }
}

/* A configuration that is read in the middle of a restart must not leave the unit stopped. */
static void replace(struct oc_unit *s, struct unit *u)
{
    if (u->busy) {
        OC_VEC_PUSH(&s->replaced, u);
    } else {
        oc_unit_release(u, RELEASE);
    }
}

/* ---- what the groups say ---- */

/* The collector that takes one of these keys as the check of a unit: its manifest says so. */
struct search {
    const struct oc_node *group;
    struct oc_plugin *found;
};

static void match_check(void *ctx, struct oc_plugin *plugin)
{
    struct search *search = ctx;
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    const char *key = m ? oc_json_str(m->json, "unit_check", NULL) : NULL;
    if (!search->found && key && oc_node_get(search->group, key)) {
        search->found = plugin;
    }
}

static struct oc_plugin *check_plugin(const struct unit *u, const struct oc_node *group)
{
    const struct oc_node *named = oc_node_get(group, "plugin");
    struct search search = {.group = group};
    if (named && named->type == OC_NODE_STRING) {
        return oc_plugin_find(u->service->env.plugins, named->string);
    }
    oc_plugins_each(u->service->env.plugins, match_check, &search);
    return search.found;
}

static const char *const check_keys[] = {"plugin", NULL};

/* The plugin of the check and the group that configures it; *group is NULL when it needs none. */
static struct oc_plugin *find_check(struct unit *u, const struct oc_node *node,
                                    const struct oc_node **group)
{
    *group = oc_node_get(node, "check");
    if (!*group || (*group)->type == OC_NODE_STRING) {
        free(u->check_of);
        u->check_of = *group ? oc_strdup((*group)->string) : NULL;
        *group = NULL;
        return NULL;
    }
    struct oc_plugin *plugin = (*group)->type == OC_NODE_GROUP ? check_plugin(u, *group) : NULL;
    if (!plugin) {
        oc_error_set(&u->error, OC_E_CONFIG, "nothing can do the check of unit %s", u->name);
        oc_error_hint(&u->error, "Write check = { url = \"http://...\"; }, check = { command = "
                                 "[...]; } or the name of a health service.");
    } else if (oc_plugin_load(plugin, &u->error) != OC_OK) {
        plugin = NULL;
    }
    return plugin;
}

static int make_check(struct unit *u, const struct oc_node *node, struct oc_diags *diags)
{
    char path[160], name[80];
    const struct oc_node *group;
    struct oc_plugin *plugin = find_check(u, node, &group);
    if (!plugin) {
        return u->error.code;
    }
    snprintf(path, sizeof path, "%.100s.check", u->path);
    snprintf(name, sizeof name, "unit-%.64s", u->name);
    u->check = oc_instance_create(plugin, name, group, path, check_keys, diags, &u->error);
    return u->check ? OC_OK : u->error.code;
}

/* NULL: the reason is in u->error. */
static struct oc_plugin *find_driver(struct unit *u)
{
    struct oc_plugin *plugin = oc_plugin_find(u->service->env.plugins, u->options.driver);
    if (!plugin) {
        oc_error_set(&u->error, OC_E_NOT_FOUND, "there is no driver named %s", u->options.driver);
        oc_error_hint(&u->error, "`openclaw plugin list` shows those that are installed.");
        return NULL;
    }
    if (oc_plugin_load(plugin, &u->error) != OC_OK) {
        return NULL;
    }
    if (!oc_plugin_has_method(plugin, "driver.start/1")) {
        oc_error_set(&u->error, OC_E_CONFIG, "plugin %s is no driver", u->options.driver);
        return NULL;
    }
    return plugin;
}

static int make_driver(struct unit *u, const struct oc_node *node, struct oc_diags *diags)
{
    struct oc_plugin *plugin = find_driver(u);
    if (plugin) {
        u->driver = oc_instance_create(plugin, u->name, node, u->path, host_keys, diags, &u->error);
    }
    return u->driver ? OC_OK : u->error.code;
}

static void explain(const struct unit *u, const struct oc_node *node, struct oc_diags *diags,
                    size_t errors_before)
{
    if (oc_diags_errors(diags) == errors_before) {
        oc_diags_add(diags, false, node, u->path, u->error.hint, "%s", u->error.message);
    }
}

static void open_with(struct unit *u, struct oc_diags *diags)
{
    const struct oc_node *node = u->node;
    size_t errors = oc_diags_errors(diags);
    u->node = NULL;
    if (make_driver(u, node, diags) != OC_OK || make_check(u, node, diags) != OC_OK) {
        oc_warn("unit cannot be used", "unit=%s reason=%s", u->name, u->error.message);
        explain(u, node, diags, errors);
    }
}

/* ---- looking at all of it without starting anything ---- */

static void check_unit(struct unit *u, struct oc_diags *diags)
{
    char path[160];
    const struct oc_node *group = NULL;
    size_t errors = oc_diags_errors(diags);
    struct oc_plugin *driver = find_driver(u);
    struct oc_plugin *check = driver ? find_check(u, u->node, &group) : NULL;
    if (driver) {
        oc_plugin_check_options(driver, u->node, u->path, host_keys, diags);
    }
    if (check) {
        snprintf(path, sizeof path, "%.100s.check", u->path);
        oc_plugin_check_options(check, group, path, check_keys, diags);
    }
    if (u->error.code != OC_OK) {
        explain(u, u->node, diags, errors);
    }
}

void oc_unit_check(struct oc_unit *s, struct oc_diags *diags)
{
    for (size_t i = 0; i < s->units.count; i++) {
        if (s->units.items[i]->node) {
            check_unit(s->units.items[i], diags);
        }
    }
}

int oc_unit_open(struct unit *u)
{
    struct oc_diags diags = {0};
    if (u->node) {
        open_with(u, &diags);
        oc_diags_finish(&diags);
    }
    return u->error.code;
}

/* NULL when it has no name that can be used: said in diags. */
static struct unit *unit_make(struct oc_unit *s, const struct oc_node *node, const char *path,
                              char *digest /* taken */, struct oc_diags *diags)
{
    static const char *const rest[] = {"*", NULL};
    struct unit *u = oc_calloc(1, sizeof *u);
    u->service = s;
    u->refs = 1;
    u->digest = digest;
    u->path = oc_strdup(path);
    oc_error_init(&u->error);
    size_t errors = oc_bind(options, sizeof *options, node, path, rest, &u->options,
                            sizeof u->options, &u->arena, diags);
    const char *name = u->options.name ? u->options.name : "";
    u->name = oc_strdup(name);
    bool taken = oc_unit_find(s, name) != NULL;
    if (errors || taken || !oc_name_valid(name)) {
        if (!errors) {
            oc_diags_add(diags, false, node, path, "Give each unit a name of its own.",
                         taken ? "two units are named %s" : "'%.64s' is no name for a unit", name);
        }
        oc_unit_unref(u);
        return NULL;
    }
    u->node = node;
    return u;
}

static int by_order(const void *a, const void *b)
{
    const struct unit *x = *(struct unit *const *)a, *y = *(struct unit *const *)b;
    return x->options.order != y->options.order ? (x->options.order < y->options.order ? -1 : 1)
                                                : strcmp(x->name, y->name);
}

static char *digest_of(const struct oc_node *node)
{
    json_t *json = oc_node_json(node);
    char *text = oc_json_text(json);
    json_decref(json);
    return text;
}

/* The unit of before whose group says the same; taken out of `old`. */
static struct unit *keep(struct unit **old, size_t count, const char *digest)
{
    for (size_t i = 0; i < count; i++) {
        struct unit *u = old[i];
        if (u && u->error.code == OC_OK && strcmp(u->digest, digest) == 0) {
            old[i] = NULL;
            return u;
        }
    }
    return NULL;
}

static void add_unit(struct oc_unit *s, const struct oc_node *node, size_t index, struct unit **old,
                     size_t old_count, struct oc_diags *diags)
{
    char path[64], *digest = digest_of(node);
    snprintf(path, sizeof path, "units[%zu]", index);
    struct unit *u = oc_node_has_secret_file(node) ? NULL : keep(old, old_count, digest);
    if (u) {
        free(digest);
    } else {
        u = unit_make(s, node, path, digest, diags);
        if (u && !s->env.ephemeral) {
            open_with(u, diags);
        }
    }
    if (u) {
        OC_VEC_PUSH(&s->units, u);
    }
}

void oc_unit_configure(struct oc_unit *s, const struct oc_config *config, struct oc_diags *diags)
{
    const struct oc_node *list = oc_node_get(oc_config_root(config), "units");
    struct unit **old = s->units.items;
    size_t old_count = s->units.count;
    oc_unit_evidence_configure(s, config, diags);
    memset(&s->units, 0, sizeof s->units);
    size_t count = list && list->type == OC_NODE_LIST ? list->count : 0;
    for (size_t i = 0; i < count && i < UNITS_MAX; i++) {
        add_unit(s, list->children[i], i, old, old_count, diags);
    }
    if (count > UNITS_MAX) {
        oc_diags_add(diags, false, list, "units", "", "more than %d units", UNITS_MAX);
    }
    for (size_t i = 0; i < old_count; i++) {
        if (old[i]) {
            replace(s, old[i]);
        }
    }
    free(old);
    if (s->units.count) {
        qsort(s->units.items, s->units.count, sizeof *s->units.items, by_order);
        oc_unit_check_after(s, list, diags);
    }
    if (s->timer && s->units.count) {
        oc_timer_start(s->timer, OC_SECOND, 15 * OC_SECOND);
    } else if (s->timer) {
        oc_timer_stop(s->timer);
    }
}
