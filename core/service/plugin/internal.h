/* Shared by the files of the plugin service. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_PLUGIN_INTERNAL_H
#define OC_SERVICE_PLUGIN_INTERNAL_H

#include "core/base/map.h"
#include "core/base/vec.h"
#include "core/package/state.h"
#include "core/service/plugin/plugin_service.h"

/* An instance of a plugin that belongs to no other service; `instance` is NULL when it cannot be made: see `error`. */
struct resident {
    char *plugin, *digest; /* digest: the group it was made from, as JSON text */
    struct oc_instance *instance;
    struct oc_error error;
    bool keep;
};

struct oc_plugin_service {
    struct oc_env env;
    struct oc_plugin_hooks hooks;
    struct oc_state state; /* what is installed, as it was read last */
    struct oc_error state_error;
    OC_VEC(struct resident *) residents;
    struct oc_map started; /* instance -> int64_t wall ms, owned: when it last became ready */
    struct oc_map terms;   /* plugin -> char *, owned: the terms that it has, as text */
    struct oc_map
        changed; /* plugins whose terms are others than those that their instances were made with */
    struct oc_subscription *packages, *events;
    bool changing; /* a change is posted */
    struct oc_timer *settle;
    int64_t settle_until_ms; /* mono: so long is waited for what a change brings */
    unsigned reloading;      /* reloads that a change of packages began */
    json_t *purged; /* owned: set of "plugin/instance" whose keys go when they have ended */
    unsigned stopping;
    oc_loop_fn stopped;
    void *stopped_ctx;
};

/* ---- terms.c ---- */
void oc_plugin_set_all_terms(struct oc_plugin_service *s, const struct oc_config *config,
                             struct oc_diags *diags);

/* ---- resident.c ---- */
void oc_resident_configure(struct oc_plugin_service *s, const struct oc_config *config,
                           struct oc_diags *diags);
/* A plugin whose instances belong to the schedule or to the alert service. */
bool oc_resident_is_foreign(const struct oc_plugin *plugin);
void oc_resident_stop(struct oc_plugin_service *s, struct resident *r, int64_t grace_ms);

/* ---- look.c: what is known of one plugin, from every side ---- */

/* An instance and who owns it. */
struct seen_instance {
    struct oc_instance *instance;
    const char *owner;
};
struct seen_instances {
    OC_VEC(struct seen_instance) list;
};
/* Those of one plugin, or all when `plugin` is NULL. */
void oc_look_instances(struct oc_plugin_service *s, const char *plugin, struct seen_instances *out);
void oc_look_finish(struct seen_instances *seen);
/* The state's row of a plugin by name or id; NULL when it is not installed. */
const struct oc_installed *oc_look_installed(const struct oc_plugin_service *s, const char *name);
/* The plugin by name, or by the id under which it is installed; NULL when there is none. */
struct oc_plugin *oc_look_plugin(struct oc_plugin_service *s, const char *name_or_id);
/* The same; a call that names none ends with OC_E_NOT_FOUND and the nearest name. */
struct oc_plugin *oc_look_plugin_or_fail(struct oc_plugin_service *s, struct oc_call *call,
                                         const char *name_or_id);
const char *
oc_look_state(const struct oc_plugin *plugin); /* "loaded" "found" "failed" "preset" "disabled" */
/* {"state","generation","tier","pid","instances"} of the gravest of its instances; null when there is none. */
json_t *oc_look_running(const struct seen_instances *seen);
/* One row of plugin.list. */
json_t *oc_look_row(struct oc_plugin_service *s, struct oc_plugin *plugin,
                    const struct seen_instances *seen);
/* oc_instance_stats with instance, plugin, owner and uptime. */
json_t *oc_look_stats(struct oc_plugin_service *s, const struct seen_instance *seen);

/* ---- settle.c: when a change of packages has had its effect ---- */
/* Looks until everything runs or has ended, then says "packages.applied". */
void oc_plugin_settle(struct oc_plugin_service *s);
void oc_plugin_on_settle(void *ctx); /* the timer's function */
/* What the instances of these plugins have kept goes: noted now, while they are known; done at the end. */
void oc_plugin_purge_begin(struct oc_plugin_service *s, const json_t *names);
void oc_plugin_purge_end(struct oc_plugin_service *s);

/* ---- operations ---- */
void oc_plugin_add_list_ops(struct oc_plugin_service *s);
void oc_plugin_add_info_op(struct oc_plugin_service *s);
void oc_plugin_add_status_ops(struct oc_plugin_service *s);
void oc_plugin_add_log_op(struct oc_plugin_service *s);
void oc_plugin_add_why_op(struct oc_plugin_service *s);
void oc_plugin_add_control_ops(struct oc_plugin_service *s);
void oc_plugin_add_config_ops(struct oc_plugin_service *s);
void oc_plugin_add_doctor_op(struct oc_plugin_service *s);
void oc_plugin_add_endpoint_op(struct oc_plugin_service *s);

/* Starts the reload of every instance whose plugin is no longer the one in the table, or has other terms now. */
void oc_plugin_reload_replaced(struct oc_plugin_service *s);

#endif
