/* Plugins and their instances: find, load, configure, call, fence, stop. SPDX-License-Identifier: MIT
 *
 * All of this is [loop]; the plugin's own functions run on workers. Loading goes: manifest -> note equal to the manifest ->
 * ABI and architecture -> dlopen through libltdl -> entry -> option table checked. One failure disables one plugin and
 * is kept as its reason. An instance is one configured use of a plugin: at most one call is in flight in it. A call that
 * passes its deadline is answered with OC_E_TIMEOUT at once and the instance is *fenced*: it takes no calls until the
 * late one returns. */
#ifndef OC_PLUGIN_PLUGIN_H
#define OC_PLUGIN_PLUGIN_H

#include <openclaw/plugin.h>

#include "core/base/arena.h"
#include "core/config/bind.h"
#include "core/loop/bus.h"
#include "core/loop/loop.h"
#include "core/loop/worker.h"
#include "core/plugin/manifest.h"

#define OC_CALL_RECORDS_MAX 100000u     /* records of one call */
#define OC_CALL_BYTES_MAX   (32u << 20) /* bytes of records of one call */
#define OC_RECORD_TEXT_MAX  (1u << 20)  /* text of one record: longer is cut, and said */

struct oc_plugins;
struct oc_plugin;
struct oc_instance;

/* How a plugin reaches operations: set by the op floor. Runs [loop]; `done` is called once, [loop]. */
typedef void (*oc_host_call_fn)(void *ctx, struct oc_instance *instance, const char *op,
                                json_t *params /* taken */,
                                void (*done)(void *done_ctx, int code, json_t *result /* taken */,
                                             const struct oc_error *err),
                                void *done_ctx);

struct oc_plugins *oc_plugins_create(struct oc_loop *loop, struct oc_bus *bus,
                                     struct oc_workers *workers);
void oc_plugins_destroy(struct oc_plugins *p); /* instances must be stopped; NULL is fine */
void oc_plugins_set_host(struct oc_plugins *p, oc_host_call_fn call, void *ctx);

/* Reads every <dir>/<name>/plugin.json and <dir>/<kind>/<name>/plugin.json. A bad manifest is kept as a failed plugin. */
void oc_plugins_scan(struct oc_plugins *p, const char *dir);

enum oc_plugin_state { OC_PLUGIN_FOUND, OC_PLUGIN_LOADED, OC_PLUGIN_FAILED };

struct oc_plugin *oc_plugin_find(struct oc_plugins *p, const char *name);
void oc_plugins_each(struct oc_plugins *p, void (*fn)(void *ctx, struct oc_plugin *plugin),
                     void *ctx);
/* NULL when the manifest itself is bad */
const struct oc_manifest *oc_plugin_manifest(const struct oc_plugin *plugin);
/* the folder's name when the manifest is bad */
const char *oc_plugin_name(const struct oc_plugin *plugin);
enum oc_plugin_state oc_plugin_state(const struct oc_plugin *plugin);
const struct oc_error *oc_plugin_error(const struct oc_plugin *plugin);     /* why it failed */
int oc_plugin_load(struct oc_plugin *plugin, struct oc_error *err);         /* idempotent */
const struct oc_plugin_entry *oc_plugin_entry_of(struct oc_plugin *plugin); /* NULL unless loaded */
/* false unless loaded */
bool oc_plugin_has_method(struct oc_plugin *plugin, const char *method);

enum oc_instance_state {
    OC_INSTANCE_STARTING,
    OC_INSTANCE_READY,
    OC_INSTANCE_BUSY,
    OC_INSTANCE_FENCED,
    OC_INSTANCE_FAILED, /* start failed or the configuration is wrong: see oc_instance_error */
    OC_INSTANCE_STOPPING,
    OC_INSTANCE_STOPPED
};

/* Loads the plugin when needed, binds `config` (keys in `ignore` belong to the host) and begins `start` on a worker;
 * calls queue until it is done. NULL and `err` when load or configuration fail (details in `diags`). `path` is the
 * configuration key, for messages. State changes are published as "plugin.started", "plugin.failed", "plugin.fenced",
 * "plugin.unfenced", "plugin.stopped" with {"instance","plugin","message"}. */
struct oc_instance *oc_instance_create(struct oc_plugin *plugin, const char *name,
                                       const struct oc_node *config, const char *path,
                                       const char *const *ignore, struct oc_diags *diags,
                                       struct oc_error *err);
/* Stops taking calls, cancels the one in flight, runs `stop` on a worker when it has returned (or gives up after
 * `grace_ms`), then calls done(ctx) [loop] and frees the instance. */
void oc_instance_destroy(struct oc_instance *i, int64_t grace_ms, oc_loop_fn done, void *ctx);

const char *oc_instance_name(const struct oc_instance *i);
struct oc_plugin *oc_instance_plugin(const struct oc_instance *i);
enum oc_instance_state oc_instance_state(const struct oc_instance *i);
const char *oc_instance_state_name(enum oc_instance_state state);
const struct oc_error *oc_instance_error(const struct oc_instance *i);
/* {"state","calls","failures","timeouts","last_error","last_ms","p50_ms","p99_ms","records"}; owned by the caller. */
json_t *oc_instance_stats(const struct oc_instance *i);

/* One call. The callbacks run on the loop: on_records with what has gathered (the records and all they point to are
 * valid during the callback), on_done exactly once and last, also when the call times out or is cancelled. */
struct oc_invocation {
    const char *method;
    const char *params; /* JSON text or NULL; copied */
    int64_t timeout_ms;
    int64_t time_ms; /* nominal time; 0 = now */
    void (*on_records)(void *ctx, const struct oc_record *records, size_t count); /* may be NULL */
    void (*on_done)(void *ctx, int code, const struct oc_error *err, int64_t took_ms);
    void *ctx;
};
/* OC_OK: queued (at most 64 calls queue, else OC_E_RETRY); when it returns an error no callback runs.
 * OC_E_UNSUPPORTED: no such method. OC_E_CONFLICT: fenced, failed or stopping. `call_id` may be NULL. */
int oc_instance_call(struct oc_instance *i, const struct oc_invocation *inv, uint64_t *call_id,
                     struct oc_error *err);
/* on_done follows with OC_E_CANCELLED or the result */
void oc_instance_cancel(struct oc_instance *i, uint64_t call_id);

#endif
