/* Under which terms every plugin runs: from the configuration, the package folder and the receipts. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/plugin/manifest/rights.h"
#include "core/service/plugin/sections.h"
#include "core/sys/file.h"

struct setting {
    struct oc_plugin_service *service;
    struct isolation isolation;
};

/* A plugin that the host found in one of its folders and a package of the same name are two things: only what lies behind
 * `current` has the terms of the package. */
static bool came_from_package(const struct oc_plugin_service *s, const struct oc_plugin *plugin)
{
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    if (!m) {
        return true; /* its folder is not told; the state has its name */
    }
    char *folder = oc_path_join(s->env.home, "packages/current/plugins");
    char *path = oc_path_join(folder, oc_plugin_name(plugin));
    const char *root = oc_plugin_root(plugin);
    struct stat there, mine;
    bool same = (root && strcmp(root, folder) == 0) ||
                (stat(path, &there) == 0 && stat(m->dir, &mine) == 0 &&
                 there.st_ino == mine.st_ino && there.st_dev == mine.st_dev);
    free(path);
    free(folder);
    return same;
}

static const char *why_disabled(const struct oc_installed *p)
{
    if (p->disabled_why && strcmp(p->disabled_why, "config") == 0) {
        return "it is disabled because options that it needs are not set";
    }
    return "it is disabled";
}

static enum oc_tier tier_of(const struct isolation *isolation, const struct isolation_plugin *wish,
                            const struct oc_installed *p)
{
    enum oc_tier tier = (enum oc_tier)isolation->options.bundled;
    if (wish && wish->tier != OC_TIER_DEFAULT) {
        return (enum oc_tier)wish->tier;
    }
    if (p && oc_tier_parse(p->tier ? p->tier : "", &tier) != OC_OK) {
        tier = OC_TIER_SANDBOX; /* a word that we do not know means no trust */
    }
    return tier;
}

/* What the package says of its own code; a receipt that cannot be read leaves the plugin disabled. */
static json_t *read_receipt(const struct oc_plugin_service *s, const struct oc_installed *p,
                            struct oc_terms *terms, struct oc_error *err)
{
    json_t *receipt = oc_state_receipt(s->env.home, p, err);
    if (receipt) {
        terms->files = json_object_get(receipt, "files");
        terms->describe = json_object_get(receipt, "describe");
    } else if (*p->digest && !terms->disabled) {
        terms->disabled = true;
        terms->why = err->message;
    }
    return receipt;
}

/* Everything in the terms that an instance is made with. */
static char *text_of(const struct oc_terms *t)
{
    const struct oc_limits *l = &t->limits;
    char *grants = t->grants ? oc_json_text(t->grants) : oc_strdup("all");
    char *text =
        oc_asprintf("%d %d %lld %lld %lld %lld %lld %lld %lld %lld %lld %s", (int)t->tier,
                    t->require_full, (long long)l->memory_bytes, (long long)l->cpu_percent,
                    (long long)l->processes, (long long)l->descriptors, (long long)l->start_ms,
                    (long long)l->call_ms, (long long)l->stop_ms, (long long)l->samples_per_second,
                    (long long)l->log_lines_per_second, grants);
    free(grants);
    return text;
}

static void note_change(struct oc_plugin_service *s, const char *plugin,
                        const struct oc_terms *terms)
{
    char *text = text_of(terms), *before = oc_map_get(&s->terms, plugin);
    if (before && strcmp(before, text) != 0) {
        oc_map_set(&s->changed, plugin, s);
    }
    free(oc_map_set(&s->terms, plugin, text));
}

/* What its author adds to a preset in a linked folder it may at once, as nobody is asked for consent when it is linked anew; what was
 * taken back stays so. Code has the rights with which it was linked: it might write its own manifest. Owned by the caller. */
static json_t *grants_of(const struct oc_installed *p, const struct oc_manifest *m)
{
    json_t *grants = json_deep_copy(p->grants);
    if (m && !m->library && !*p->digest) {
        const json_t *seen = json_object_get(p->json, "permissions");
        json_t *added =
            oc_rights_widened(seen ? seen : p->grants, json_object_get(m->json, "permissions"));
        json_array_extend(grants, added);
        json_decref(added);
    }
    return grants;
}

static void set_terms(void *ctx, struct oc_plugin *plugin)
{
    struct setting *c = ctx;
    const char *name = oc_plugin_name(plugin);
    const struct isolation_plugin *wish = oc_isolation_of(&c->isolation, name);
    const struct oc_installed *p = oc_look_installed(c->service, name);
    struct oc_error err;
    json_t *receipt = NULL, *grants = NULL;
    oc_error_init(&err);
    p = p && came_from_package(c->service, plugin) ? p : NULL;
    struct oc_terms terms = {.tier = tier_of(&c->isolation, wish, p),
                             .require_full = c->isolation.options.require == 1,
                             .digest = "",
                             .limits = wish ? wish->limits : oc_limits_default};
    if (p) {
        terms.alone = p->enabled;
        terms.disabled = !p->enabled;
        terms.why = p->enabled ? NULL : why_disabled(p);
        grants = grants_of(p, oc_plugin_manifest(plugin));
        terms.grants = grants;
        terms.digest = p->digest;
        receipt = read_receipt(c->service, p, &terms, &err);
        terms.alone = !terms.disabled;
    }
    oc_plugin_set_terms(plugin, &terms);
    note_change(c->service, name, &terms);
    json_decref(grants);
    json_decref(receipt);
}

/* A state that cannot be read leaves the one that was read before in force: what runs is not stopped for it. */
static void read_state(struct oc_plugin_service *s)
{
    struct oc_state state;
    oc_error_init(&s->state_error);
    if (oc_state_load(s->env.home, &state, &s->state_error) == OC_OK) {
        oc_state_finish(&s->state);
        s->state = state;
    } else {
        oc_err("what is installed cannot be read", "reason=%s hint=%s", s->state_error.message,
               s->state_error.hint);
    }
}

void oc_plugin_set_all_terms(struct oc_plugin_service *s, const struct oc_config *config,
                             struct oc_diags *diags)
{
    struct setting c = {.service = s};
    read_state(s);
    oc_isolation_read(&c.isolation, config, diags);
    oc_plugins_each(s->env.plugins, set_terms, &c);
    oc_isolation_finish(&c.isolation);
}
