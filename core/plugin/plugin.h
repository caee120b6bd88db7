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
#include "core/plugin/manifest/manifest.h"

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
/* The program that runs isolated plugins; NULL = openclaw-plughost where oc_path_helper finds it. Copied. */
void oc_plugins_set_plughost(struct oc_plugins *p, const char *path);

/* So many calls (more, or less) will hold a thread for good: the others keep theirs. */
void oc_plugins_reserve(struct oc_plugins *p, int calls);

/* What crashed too often and what ended the daemon while it was loaded is kept in <home>/data and <home>/run from here on, and
 * read from there; isolated plugins have their folders below it. Before any load; only the daemon that owns the home calls it. */
void oc_plugins_set_home(struct oc_plugins *p, const char *home);

/* Reads every <dir>/<name>/plugin.json and <dir>/<kind>/<name>/plugin.json. A bad manifest is kept as a failed plugin. */
void oc_plugins_scan(struct oc_plugins *p, const char *dir);

/* ---- terms: where and under which rights a plugin's code runs ---- */

enum oc_tier {
    OC_TIER_INPROC,  /* in this process, through libltdl */
    OC_TIER_PROCESS, /* openclaw-plughost, one process per instance */
    OC_TIER_SANDBOX /* the same, confined: no_new_privs, Landlock, seccomp, rlimits, closed descriptors, private tmp */
};
const char *oc_tier_name(enum oc_tier tier);             /* "inproc" "process" "sandbox" */
int oc_tier_parse(const char *name, enum oc_tier *tier); /* 0, or OC_E_CONFIG */

struct oc_limits {
    int64_t memory_bytes;               /* 512 MB */
    int64_t cpu_percent;                /* 50 of one core; enforced where there is a cgroup */
    int64_t processes;                  /* 5 */
    int64_t descriptors;                /* 100 */
    int64_t start_ms, call_ms, stop_ms; /* 30 s, 10 s (for calls that bring no deadline), 5 s */
    int64_t samples_per_second,
        log_lines_per_second; /* 20 000, 200: what is over is dropped and counted */
};
extern const struct oc_limits oc_limits_default;

/* All copied. What is NULL or zero means: as for a bundled plugin. */
struct oc_terms {
    enum oc_tier tier;
    bool require_full; /* refuse to start when this kernel cannot enforce a right */
    bool disabled;     /* load fails with `why` */
    const char *why;
    bool
        alone; /* installed and enabled: services make an instance of it when no item of the configuration does */
    const json_t *grants; /* permissions that were consented to; NULL = all of the manifest */
    const json_t *
        files; /* {"hello.so":"<sha256>"}: verified through the descriptor that is loaded; NULL = not */
    const json_t *
        describe; /* what its code says of itself, see oc_plugin_description; NULL = not known before it runs */
    const char *digest; /* of the artifact; "" = none. What quarantine speaks of */
    struct oc_limits limits;
};
/* Before load; a later change holds for instances made from then on. [loop] */
void oc_plugin_set_terms(struct oc_plugin *plugin, const struct oc_terms *terms);
const struct oc_terms *oc_plugin_terms(const struct oc_plugin *plugin);

/* What the code of a plugin says of itself, made by the plugin host that loads it:
 *   {"abi":"1.0","instance_size":96,"methods":["collector.collect/1"],
 *    "options":[{"name","type","flags","offset","item_size","default","choices","min","max","help","options":[..]}]}
 * NULL while nobody knows. An isolated plugin has no entry (oc_plugin_entry_of is NULL): its options are checked against the
 * table that oc_plugin_options gives, whichever way it was learnt. */
const json_t *oc_plugin_description(struct oc_plugin *plugin);
/* The option table (stride in *stride, bytes of an instance in *size), from the entry or the description; an empty table when
 * there are no options, NULL while they are not known (*known is false). Valid while the plugin is, or until it is known
 * better. */
const struct oc_option *oc_plugin_options(struct oc_plugin *plugin, size_t *stride, size_t *size,
                                          bool *known);

/* Adds to `diags` what does not fit of the group for an instance; `ignore` (or NULL) names the keys that are the host's. Nothing is
 * said of options that nobody knows. */
void oc_plugin_check_options(struct oc_plugin *plugin, const struct oc_node *group,
                             const char *path, const char *const *ignore, struct oc_diags *diags);

enum oc_plugin_state { OC_PLUGIN_FOUND, OC_PLUGIN_LOADED, OC_PLUGIN_FAILED };

struct oc_plugin *oc_plugin_find(struct oc_plugins *p, const char *name);
void oc_plugins_each(struct oc_plugins *p, void (*fn)(void *ctx, struct oc_plugin *plugin),
                     void *ctx);
/* NULL when the manifest itself is bad */
const struct oc_manifest *oc_plugin_manifest(const struct oc_plugin *plugin);
/* the name of the folder, or of the link that oc_plugins_sync found, when the manifest is bad */
const char *oc_plugin_name(const struct oc_plugin *plugin);
/* The folder of links that oc_plugins_sync found it by; NULL: it was scanned. */
const char *oc_plugin_root(const struct oc_plugin *plugin);
enum oc_plugin_state oc_plugin_state(const struct oc_plugin *plugin);
const struct oc_error *oc_plugin_error(const struct oc_plugin *plugin);     /* why it failed */
int oc_plugin_load(struct oc_plugin *plugin, struct oc_error *err);         /* idempotent */
const struct oc_plugin_entry *oc_plugin_entry_of(struct oc_plugin *plugin); /* NULL unless loaded */
/* false unless loaded; true for one whose methods nobody knows yet */
bool oc_plugin_has_method(struct oc_plugin *plugin, const char *method);

/* Makes the plugins of `dir` (the package folder's current/plugins) those of the table that came from it: new ones are added,
 * gone ones are removed (their instances run on until their owner destroys them), and one whose folder is another now is
 * replaced under its name: oc_plugin_find gives the new one, instances keep the old one until oc_instance_reload. */
void oc_plugins_sync(struct oc_plugins *p, const char *dir);

/* Forgets its crashes and its unfinished load, so that it may be loaded again; instances are reset one by one. True when there
 * was something to forget. */
bool oc_plugin_reset(struct oc_plugin *plugin);

enum oc_instance_state {
    OC_INSTANCE_STARTING,
    OC_INSTANCE_READY,
    OC_INSTANCE_BUSY,
    OC_INSTANCE_FENCED,
    OC_INSTANCE_FAILED, /* start failed or the configuration is wrong: see oc_instance_error */
    OC_INSTANCE_STOPPING,
    OC_INSTANCE_STOPPED,
    OC_INSTANCE_RESTARTING, /* its process ended: waits for the back-off; calls fail with OC_E_CRASHED until it is back */
    OC_INSTANCE_QUARANTINED /* crashed too often: only another digest or oc_instance_reset brings it back */
};

/* Loads the plugin when needed, binds `config` (keys in `ignore` belong to the host) and begins `start` on a worker;
 * calls queue until it is done. NULL and `err` when load or configuration fail (details in `diags`). `path` is the
 * configuration key, for messages. State changes are published as "plugin.started", "plugin.failed", "plugin.fenced",
 * "plugin.unfenced", "plugin.stopped", "plugin.restarted", "plugin.quarantined" with {"instance","plugin","message"}, and
 * "plugin.crashed" with {.., "crash": its summary, see core/plugin/process/crash.h}. */
struct oc_instance *oc_instance_create(struct oc_plugin *plugin, const char *name,
                                       const struct oc_node *config, const char *path,
                                       const char *const *ignore, struct oc_diags *diags,
                                       struct oc_error *err);
/* Stops taking calls, cancels the one in flight, runs `stop` on a worker when it has returned (or gives up after
 * `grace_ms`), then calls done(ctx) [loop] and frees the instance. */
#define OC_INSTANCE_GRACE                                                                          \
    (-1) /* grace_ms: what the call in flight may still take, and what `stop` may by its limits */
void oc_instance_destroy(struct oc_instance *i, int64_t grace_ms, oc_loop_fn done, void *ctx);

const char *oc_instance_name(const struct oc_instance *i);
struct oc_plugin *oc_instance_plugin(const struct oc_instance *i);
enum oc_instance_state oc_instance_state(const struct oc_instance *i);
const char *oc_instance_state_name(enum oc_instance_state state);
const struct oc_error *oc_instance_error(const struct oc_instance *i);
/* {"state","calls","failures","timeouts","last_error","last_ms","p50_ms","p99_ms","records","tier","generation","pid",
 * "memory_bytes","cpu_ms","restarts","crashes":[last summaries],"digest","log_dropped"}; pid, memory and cpu only of isolated
 * ones, as "samples_dropped" and "confined": what its plugin host reported of its rights. Owned by the caller. */
json_t *oc_instance_stats(const struct oc_instance *i);

/* ---- hot reload ---- */

/* What a reload did: told to `done` and published as "plugin.reloaded"; published once more, with the phase "watch", when the
 * watch has ended, and then as "plugin.rolled_back", too, if the old generation was brought back.
 *   {"instance","plugin","from":{"version","digest","generation"},"to":{..},"ok":bool,"phase":"start"|"probe"|"drain"|
 *    "hand-over"|"switched"|"watch","rolled_back":bool,"drained_ms","switched_ms","state_bytes","message",
 *    "old_library": what becomes of the code that was replaced in this process, else null} */
typedef void (*oc_reload_fn)(void *ctx, const json_t *receipt);
/* Starts a new generation beside the one that runs, from `plugin` (the same object, or its replacement) with the
 * configuration that is given (NULL = the same), probes it, lets running calls end, hands state over (state.save/1 ->
 * state.load/1), switches, then watches for `watch_ms`: a crash, or three failed calls in a row where the old one had none,
 * brings the old generation back. Calls that come meanwhile wait in the queue: none is lost. Any failure before the switch
 * leaves the old generation as it was. `done` runs after the switch (or the failure), not after the watch. OC_E_CONFLICT while
 * a reload runs. */
int oc_instance_reload(struct oc_instance *i, struct oc_plugin *plugin,
                       const struct oc_node *config, int64_t watch_ms, oc_reload_fn done, void *ctx,
                       struct oc_error *err);
/* Leaves quarantine or back-off: starts again now, with a clean count. */
void oc_instance_reset(struct oc_instance *i);

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
    /* Streams, each may be NULL. They run on a thread of the call, never on the loop, and may block: that is the back
     * pressure. `read` fills what the method pulls through req->read; `write` takes the content of its BYTES records, which
     * then neither gather in memory nor count against the limits above. A plugin host that sends such bytes otherwise than as
     * a stream is ended. [worker] */
    int64_t (*read)(void *stream_ctx, void *buf, uint64_t cap); /* bytes, 0 at the end, or OC_E_* */
    int (*write)(void *stream_ctx, const void *data,
                 uint64_t len); /* OC_OK, or OC_E_*: the method is told to stop */
    void *stream_ctx;
};
/* OC_OK: queued (at most 64 calls queue, else OC_E_RETRY); when it returns an error no callback runs.
 * OC_E_UNSUPPORTED: no such method. OC_E_CONFLICT: fenced, failed or stopping. `call_id` may be NULL. */
int oc_instance_call(struct oc_instance *i, const struct oc_invocation *inv, uint64_t *call_id,
                     struct oc_error *err);
/* on_done follows with OC_E_CANCELLED or the result */
void oc_instance_cancel(struct oc_instance *i, uint64_t call_id);

#endif
