/* What the doctor finds about plugins and their instances. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plugin/manifest/rights.h"
#include "core/plugin/preset_rights.h"
#include "core/service/plugin/doctor.h"
#include "core/sys/file.h"

struct rounds {
    struct oc_plugin_service *service;
    json_t *findings;
    struct oc_kernel kernel;
};

/* The trace of a load that ended a daemon: core/plugin/library/sentinel.h. */
static bool has_sentinel(const struct oc_plugin_service *s, const char *plugin)
{
    char *folder = oc_path_join(s->env.home, "run/loading");
    char *path = oc_path_join(folder, plugin);
    bool there = oc_file_exists(path);
    free(path);
    free(folder);
    return there;
}

static void check_failed(struct rounds *r, struct oc_plugin *plugin)
{
    const struct oc_error *e = oc_plugin_error(plugin);
    const char *name = oc_plugin_name(plugin);
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    bool sentinel = has_sentinel(r->service, name);
    char *command = sentinel ? oc_asprintf("openclaw plugin reset %s", name)
                    : m      ? oc_asprintf("openclaw plugin check %s", m->dir)
                             : oc_asprintf("openclaw plugin info %s", name);
    struct doctor_fix fix = {.command = command};
    oc_doctor_add(r->findings, sentinel ? "boot-sentinel" : "plugin-failed", DOCTOR_ERROR, name,
                  &fix, "%s: %s", name, e->message);
    free(command);
}

static void check_disabled(struct rounds *r, struct oc_plugin *plugin)
{
    const struct oc_installed *p = oc_look_installed(r->service, oc_plugin_name(plugin));
    if (!p || p->enabled || !p->disabled_why || strcmp(p->disabled_why, "config") != 0) {
        return;
    }
    if (!oc_plugin_manifest(plugin)) { /* nobody knows what it needs */
        check_failed(r, plugin);
        return;
    }
    const struct oc_config *config = r->service->hooks.config(r->service->hooks.ctx);
    json_t *missing =
        oc_plugin_missing_options(plugin, oc_plugin_section(config, oc_plugin_name(plugin)));
    const char *first = json_string_value(json_array_get(missing, 0));
    char *command = first ? oc_asprintf("openclaw plugin config set %s %s VALUE", p->name, first)
                          : oc_asprintf("openclaw plugin enable %s", p->name);
    struct doctor_fix fix = {.command = command};
    oc_doctor_add(r->findings, "needs-config", DOCTOR_WARNING, p->name, &fix,
                  first ? "%s is disabled: the option %s is required and not set"
                        : "%s is disabled, and all that it needs is set now%s",
                  p->name, first ? first : "");
    free(command);
    json_decref(missing);
}

static void check_rights(struct rounds *r, struct oc_plugin *plugin)
{
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    const struct oc_terms *terms = oc_plugin_terms(plugin);
    struct oc_rights rights;
    if (!m || terms->disabled || terms->tier != OC_TIER_SANDBOX) {
        return;
    }
    oc_rights_read(json_object_get(m->json, "permissions"), &rights);
    json_t *missing = oc_rights_missing(&rights, &r->kernel);
    struct doctor_fix fix = {
        .command = terms->require_full ? "openclaw config set isolation.require available" : NULL};
    if (json_array_size(missing)) {
        oc_doctor_add(r->findings, "kernel-cannot-enforce",
                      terms->require_full ? DOCTOR_ERROR : DOCTOR_WARNING, m->name, &fix, "%s: %s",
                      m->name, json_string_value(json_array_get(missing, 0)));
    }
    json_decref(missing);
    oc_rights_finish(&rights);
}

/* It works, and does not do all that its author meant. */
static void check_left_out(struct rounds *r, const struct oc_manifest *m)
{
    const json_t *first = m ? json_array_get(m->left_out, 0) : NULL;
    if (!first) {
        return;
    }
    char *command = oc_asprintf("openclaw plugin check %s", m->dir);
    struct doctor_fix fix = {.command = command};
    oc_doctor_add(r->findings, "operation-left-out", DOCTOR_WARNING, m->name, &fix,
                  "%s does without %zu of its operations: %s", m->name,
                  json_array_size(m->left_out), oc_json_str(first, "reason", ""));
    free(command);
}

/* With what `group` (or NULL) says of it; true when that was refused. */
static bool refuse_preset(struct rounds *r, struct oc_plugin *plugin, const struct oc_node *group)
{
    json_t *given = group ? oc_node_json(group) : NULL;
    json_t *items = oc_manifest_sample(oc_plugin_manifest(plugin), given);
    const char *name = oc_plugin_name(plugin);
    struct oc_error err;
    char *mends = NULL;
    oc_error_init(&err);
    const int code =
        oc_preset_check_use(r->service->env.plugins, plugin, items, given, &mends, &err);
    if (code != OC_OK) {
        const bool linked = !*oc_plugin_terms(plugin)->digest;
        char *update = linked ? NULL : oc_asprintf("openclaw plugin update %s", name);
        struct doctor_fix fix = {.command = mends ? mends : update};
        oc_doctor_add(r->findings, "preset-denied", DOCTOR_ERROR, name, &fix, "%s: %s", err.message,
                      err.hint);
        free(update);
    }
    free(mends);
    json_decref(items);
    json_decref(given);
    return code != OC_OK;
}

/* What older releases let a preset do and this one does not, or what was taken back of it. */
static void check_preset(struct rounds *r, struct oc_plugin *plugin)
{
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    const struct oc_config *config = r->service->hooks.config(r->service->hooks.ctx);
    const struct oc_node *list = oc_node_get(oc_config_root(config), "collectors");
    bool named = false, refused = false;
    if (!m || m->library || oc_plugin_terms(plugin)->disabled) {
        return;
    }
    for (size_t i = 0; list && list->type == OC_NODE_LIST && i < list->count && !refused; i++) {
        const struct oc_node *of = oc_node_get(list->children[i], "plugin");
        if (of && of->type == OC_NODE_STRING && strcmp(of->string, m->name) == 0) {
            named = true;
            refused = refuse_preset(r, plugin, list->children[i]);
        }
    }
    if (!named) {
        refuse_preset(r, plugin, oc_plugin_section(config, m->name));
    }
}

static void check_plugin(void *ctx, struct oc_plugin *plugin)
{
    struct rounds *r = ctx;
    const struct oc_terms *terms = oc_plugin_terms(plugin);
    if (terms->disabled) {
        check_disabled(r, plugin);
    } else if (oc_plugin_state(plugin) == OC_PLUGIN_FAILED) {
        check_failed(r, plugin);
    }
    check_left_out(r, oc_plugin_manifest(plugin));
    check_preset(r, plugin);
    check_rights(r, plugin);
}

static void check_instance(struct rounds *r, const struct oc_instance *instance)
{
    const char *name = oc_plugin_name(oc_instance_plugin(instance));
    const struct oc_error *e = oc_instance_error(instance);
    enum oc_instance_state state = oc_instance_state(instance);
    char *reset = oc_asprintf("openclaw plugin reset %s", name);
    struct doctor_fix fix = {.command = reset};
    if (state == OC_INSTANCE_QUARANTINED) {
        oc_doctor_add(r->findings, "quarantined", DOCTOR_ERROR, name, &fix,
                      "%s crashed too often and is kept from running: %s",
                      oc_instance_name(instance), e->message);
    } else if (state == OC_INSTANCE_RESTARTING) {
        oc_doctor_add(r->findings, "restarting", DOCTOR_WARNING, name, &fix,
                      "%s crashed and waits to be started again: %s", oc_instance_name(instance),
                      e->message);
    }
    free(reset);
}

static void check_residents(struct rounds *r)
{
    for (size_t i = 0; i < r->service->residents.count; i++) {
        const struct resident *resident = r->service->residents.items[i];
        const struct oc_error *e =
            resident->instance ? oc_instance_error(resident->instance) : &resident->error;
        bool failed =
            !resident->instance || oc_instance_state(resident->instance) == OC_INSTANCE_FAILED;
        char *command = oc_asprintf("openclaw plugin why %s", resident->plugin);
        struct doctor_fix fix = {.command = command};
        if (failed) {
            oc_doctor_add(r->findings, "not-started", DOCTOR_ERROR, resident->plugin, &fix,
                          "%s was not started: %s", resident->plugin, e->message);
        }
        free(command);
    }
}

void oc_doctor_plugins(struct oc_plugin_service *s, json_t *findings)
{
    struct rounds r = {.service = s, .findings = findings};
    struct seen_instances seen;
    oc_kernel_probe(&r.kernel);
    oc_plugins_each(s->env.plugins, check_plugin, &r);
    oc_look_instances(s, NULL, &seen);
    for (size_t i = 0; i < seen.list.count; i++) {
        check_instance(&r, seen.list.items[i].instance);
    }
    oc_look_finish(&seen);
    check_residents(&r);
}
