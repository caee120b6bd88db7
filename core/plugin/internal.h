/* What the files of this floor share. SPDX-License-Identifier: MIT
 *
 * Threads: a plugin and an instance belong to the loop. What a worker touches is in struct records
 * and struct host_side; each says how. */
#ifndef OC_PLUGIN_INTERNAL_H
#define OC_PLUGIN_INTERNAL_H

#include <ltdl.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/plugin/instance/body.h"
#include "core/plugin/instance/describe.h"
#include "core/plugin/instance/records.h"
#include "core/plugin/library/sentinel.h"
#include "core/plugin/lifecycle/quarantine.h"
#include "core/plugin/lifecycle/supervise.h"
#include "core/plugin/manifest/shape.h"
#include "core/plugin/plugin.h"
#include "core/sys/crypto.h"

/* ---- manifest ---- */
bool oc_method_id_valid(const char *id); /* "collector.collect/1" */
int oc_preset_check(const json_t *manifest, struct oc_error *err);
/* Checks the document, which is taken (NULL = it could not be read), and makes a manifest of it. */
struct oc_manifest *oc_manifest_of(json_t *json, const char *dir, struct oc_error *err);
/* Of the manifest of a plugin that is installed already, what concerns no more than a text or one operation is no reason to do without
 * the plugin: cleans the texts for people and leaves out the operations that are wrong. Owned by the caller: those, as in
 * oc_manifest.left_out. [any] */
json_t *oc_manifest_mend(json_t *json);
extern const struct oc_shape oc_manifest_metric_keys[];

/* ---- plugins ---- */
struct oc_plugins {
    struct oc_loop *loop;
    struct oc_bus *bus;
    struct oc_workers *workers;
    struct oc_cgroups *cgroups;
    char *plughost; /* path of openclaw-plughost; NULL = where oc_path_helper finds it */
    char *home;     /* NULL = plugins have no folders of their own */
    oc_host_call_fn host_call;
    void *host_ctx;
    OC_VEC(struct oc_plugin *) list;
    OC_VEC(struct oc_plugin *) retired; /* replaced or gone, and still in use */
    struct oc_quarantine *quarantine;
    struct oc_sentinels *sentinels; /* NULL without a home */
};

struct oc_plugin {
    struct oc_plugins *owner;
    char *name;
    char *dir;                    /* absolute */
    struct oc_buf text;           /* plugin.json as it was scanned: the note must equal it */
    struct oc_manifest *manifest; /* NULL when it is bad */
    enum oc_plugin_state state;
    struct oc_error err;
    struct oc_terms terms;            /* JSON and texts are ours */
    struct oc_description *described; /* of an isolated plugin, once it is known */
    json_t *entry_json;               /* description of one that is loaded, once it was asked for */
    lt_dlhandle library;
    unsigned users;                 /* bodies, instances and reloads that need it */
    bool retired;                   /* not in the table any more */
    char *root;                     /* the folder it was synced from; NULL = it was scanned */
    bool linked;                    /* a folder under development: its manifest is not mended */
    bool seen;                      /* by the sync that runs */
    char *identity, *file_identity; /* see oc_plugin_identity; that of the files that were read */
    bool anew; /* its library is loaded from a private copy: another one may have its path */
    struct oc_plugin_entry
        entry; /* a copy, so that a longer or shorter one of another version reads the same */
};

/* terms.c: a copy that owns what it points to; `from` NULL = those of a bundled plugin. */
void oc_terms_copy(struct oc_terms *to, const struct oc_terms *from);
void oc_terms_finish(struct oc_terms *t);

/* Everything that can be said against the library without loading it. */
int oc_loader_inspect(const struct oc_plugin *plugin, const char *so, struct oc_error *err);
/* A descriptor of the library, which is what `terms.files` says (OC_E_VERIFY); `sha256` may be NULL. Or OC_E_*. */
int oc_loader_verify(const char *so, const char *file, const json_t *files,
                     char sha256[OC_SHA256_HEX], struct oc_error *err);
/* Opens the library, RTLD_NOW and local, and finds its entry. `file` is its name for messages. */
int oc_loader_open(const char *so, const char *file, lt_dlhandle *library,
                   const struct oc_plugin_entry **entry, struct oc_error *err);
/* Why a library cannot be opened: libltdl answers "file not found" for whatever goes wrong, so dlopen is asked itself. Owned by the
 * caller. */
char *oc_library_problem(const char *path);

/* host.c: the rights that hold, an array of texts; owned by the caller. */
json_t *oc_plugin_rights(const struct oc_plugin *plugin);

/* load.c */
/* A process has told what its code says of itself: kept, when it is sound. Taken. */
int oc_plugin_learn(struct oc_plugin *plugin, json_t *description, struct oc_error *err);
/* Publishes the load receipt "plugin.loaded". */
void oc_plugin_tell_loaded(const struct oc_plugin *plugin, const char *sha256, pid_t pid);
/* Copies `from`, which the plugin made, into `to` when it is sane. */
int oc_entry_take(const struct oc_plugin_entry *from, struct oc_plugin_entry *to,
                  struct oc_error *err);
const struct oc_method *oc_entry_method(const struct oc_plugin_entry *entry, const char *id);

/* ---- statistics of one instance: quantiles from a histogram whose buckets grow by an eighth
 * [loop] ---- */
#define OC_STATS_BUCKETS 256
struct oc_stats {
    uint64_t calls, failures, timeouts, records;
    int64_t last_ms, max_ms;
    uint32_t seen;
    uint32_t buckets[OC_STATS_BUCKETS];
    char last_error[256];
};
void oc_stats_add(struct oc_stats *s, int code, const char *message, int64_t took_ms);
int64_t oc_stats_quantile(const struct oc_stats *s, double q);
json_t *oc_stats_json(const struct oc_stats *s);

/* ---- calls ---- */
struct oc_method_call {
    struct oc_instance *instance;
    struct oc_body *body; /* from its beginning on */
    /* method and params are ours; the callbacks are not used once it was answered */
    struct oc_invocation inv;
    uint64_t id;
    bool answered, cancelled, abandoned;
    int64_t begun_ms;           /* monotonic; 0 while it waits */
    int64_t until_ms;           /* counts from the request, so waiting in the queue is part of it */
    int64_t told_ms;            /* the deadline that the plugin is told, a little before */
    struct oc_job *job;         /* in-process */
    struct oc_records *records; /* from its beginning on */
    int32_t code;               /* this and err: written by the worker, read when it came back */
    struct oc_error err;
    bool internal;  /* the host's own: no statistics */
    bool delivered; /* the caller was given records */
    bool replayed;  /* it is the second try after a crash */
    /* Set for a call of a body that is not the instance's: it comes here, and nobody else is told. */
    void (*ended)(void *ctx, struct oc_method_call *c);
    void *ended_ctx;
    TAILQ_ENTRY(oc_method_call) link;
};
TAILQ_HEAD(oc_call_list, oc_method_call);

/* ---- instances ---- */

/* The configuration as it was given, to start once more from it. */
struct oc_kept_config {
    unsigned users;
    struct oc_arena arena;
    const struct oc_node *node;
    const char *path;
    const char *const *ignore;
};
struct oc_kept_config *oc_kept_config_create(const struct oc_node *config, const char *path,
                                             const char *const *ignore);
struct oc_kept_config *oc_kept_config_ref(struct oc_kept_config *k); /* returns k */
void oc_kept_config_unref(struct oc_kept_config *k);                 /* NULL is fine */

LIST_HEAD(oc_retiring_list, oc_retiring);

struct oc_instance {
    struct oc_plugin *plugin;
    char *name;
    enum oc_instance_state state;
    struct oc_error err;
    struct oc_body *body; /* the one that takes the calls */
    uint64_t generations; /* bodies made so far */
    struct oc_stats stats;

    struct oc_kept_config *config;

    struct oc_supervise supervise;
    json_t *crashes; /* the last summaries */
    unsigned failed_in_a_row;
    struct oc_reload *reload;         /* NULL = none, not even a watch */
    struct oc_retiring_list retiring; /* bodies on their way out */

    struct oc_call_list queue;
    size_t queued;
    struct oc_method_call *running; /* also when it was answered and is late */
    uint64_t last_id;
    bool said_bad; /* bad records were told and have not ended since */

    struct oc_timer *timer; /* one for every deadline below and those of the calls */
    int64_t armed_for_ms;
    int64_t phase_until_ms; /* end of the time for start, or for the whole of destroy; 0 = none */

    bool killed; /* fenced because its process was killed: it comes back by a new body only */
    bool given_up;
    bool finishing;   /* waits for the retiring ones */
    bool left_behind; /* a retiring body was given up: the instance's memory stays for it */
    oc_loop_fn on_destroyed;
    void *destroyed_ctx;
    LIST_ENTRY(oc_instance) link; /* of those that were given up */
};

/* instance.c */
void oc_instance_set_state(struct oc_instance *i, enum oc_instance_state state, const char *topic);
/* Sets the timer to the earliest deadline there is. */
void oc_instance_arm(struct oc_instance *i);
/* No call runs any more: the next one begins, or the stop. */
void oc_instance_idle(struct oc_instance *i);

extern const struct oc_body_events oc_instance_events; /* ctx is the instance */
/* The last retiring body is gone. */
void oc_instance_retired(struct oc_instance *i);

/* call.c */
/* The method of a call has returned, or its process is gone: code and err say how. */
void oc_call_ended(struct oc_method_call *c);
void oc_calls_begin_next(struct oc_instance *i);
/* Begins at once, past the queue; nothing may run. It has deadline and fence like any other. */
void oc_calls_begin_internal(struct oc_instance *i, const struct oc_invocation *inv);
/* A call of a body that is not the instance's, without a deadline of ours; see `ended`. It is freed after `ended`. */
struct oc_method_call *oc_call_private(struct oc_body *b, const struct oc_invocation *inv,
                                       void (*ended)(void *ctx, struct oc_method_call *c),
                                       void *ctx);
/* It takes too long: true when it had not begun and is freed; else `ended` follows when it returned. *late says what the
 * body did. */
bool oc_call_private_late(struct oc_method_call *c, enum oc_body_late *late);
void oc_calls_fail_queued(struct oc_instance *i, int code, const char *message);
void oc_calls_expire(struct oc_instance *i, int64_t now_ms);
int64_t oc_calls_earliest(const struct oc_instance *i, int64_t before_ms);
/* Asks the running call to come back; one that has not begun is taken back and answered. */
void oc_calls_cancel_running(struct oc_instance *i);
/* The running call will not come back: its caller is answered, its memory stays. */
void oc_calls_give_up(struct oc_instance *i);

/* ---- supervision: restart.c ---- */
void oc_supervision_init(struct oc_instance *i);
void oc_supervision_finish(struct oc_instance *i);
void oc_supervision_started(struct oc_instance *i); /* the instance has a body that runs */
/* True when the artifact may not be started: the state is set. */
bool oc_supervision_holds(struct oc_instance *i);
/* Tells and keeps the crash; true when the artifact is in quarantine from now on. */
bool oc_supervision_note(struct oc_instance *i, struct oc_body *b,
                         const struct oc_body_death *death);
void oc_supervision_died(struct oc_instance *i, struct oc_body *b,
                         const struct oc_body_death *death);
void oc_supervision_plan(struct oc_instance *i); /* the next start, after the back-off */
void oc_supervision_due(struct oc_instance *i);  /* the time that was set in RESTARTING has come */
void oc_supervision_start_failed(struct oc_instance *i, const struct oc_error *err);
/* May the call be made once more after a crash? */
bool oc_supervision_may_replay(const struct oc_method_call *c);

/* ---- bodies on their way out: retire.c ---- */
/* Takes the body, in any phase: it is stopped when it has started and nothing runs in it, and destroyed. What it may still
 * use goes with it: `running` is a call that has not returned, or NULL; `config` is referenced; `state` is taken. */
struct oc_handed_state;
void oc_body_retire(struct oc_body *b, struct oc_method_call *running,
                    struct oc_kept_config *config, struct oc_handed_state *state);
void oc_retiring_give_up(struct oc_instance *i); /* the instance's time to stop is over */

/* ---- reload: reload.c ---- */
bool oc_reload_holds(const struct oc_instance *i); /* calls wait in the queue */
/* The instance's body ended: true when the reload takes care of it. */
bool oc_reload_died(struct oc_instance *i, const struct oc_body_death *death);
void oc_reload_idle(struct oc_instance *i);            /* no call runs */
void oc_reload_noted(struct oc_instance *i, int code); /* a call was answered */
void oc_reload_fenced(struct oc_instance *i);          /* a call is late, and its body with it */
void oc_reload_cancel(struct oc_instance *i);          /* the instance is being destroyed */

/* ---- the table of plugins: sync.c, plugins.c ---- */
/* `name` is what it is called when its manifest is bad; `linked`: see struct oc_plugin. */
struct oc_plugin *oc_plugin_read(struct oc_plugins *p, const char *dir, const char *name,
                                 bool linked);
void oc_plugin_free(struct oc_plugin *plugin);
void oc_plugin_ref(struct oc_plugin *plugin);
void oc_plugin_unref(struct oc_plugin *plugin); /* a retired one without users is freed */
/* Puts `fresh` (NULL = nothing) into the place of `old` in the table. */
void oc_plugin_replace(struct oc_plugin *old, struct oc_plugin *fresh);
/* The plugin, or its replacement when its files are not those that were read. */
struct oc_plugin *oc_plugin_refresh(struct oc_plugin *plugin);
/* What quarantine and sentinels know it by: the artifact's digest, or size and time of its library. */
const char *oc_plugin_identity(struct oc_plugin *plugin);
bool oc_plugin_is_bundled(const struct oc_plugin *plugin);
/* Before and after its code runs in this process for the first time. */
void oc_plugin_begin_load(struct oc_plugin *plugin);
void oc_plugin_end_load(struct oc_plugin *plugin);
/* OC_E_CONFLICT when the last daemon ended while it was being loaded. */
int oc_plugin_check_load(struct oc_plugin *plugin, struct oc_error *err);
void oc_plugin_mark_read(struct oc_plugin *plugin);
/* Its files are still those that were read. */
bool oc_plugin_is_as_read(const struct oc_plugin *plugin);

/* ---- libraries in this process: unload.c ---- */
/* What keeps the open library from being unmapped: a library or function that it uses; NULL = nothing. */
const char *oc_plugin_pinned_by(const struct oc_plugin *plugin);
/* A path to the descriptor under which nothing was opened in this process. 128 bytes are enough. */
void oc_image_path(int fd, char *path, size_t size);
/* A descriptor of a copy in memory, or OC_E_*: what is written over the file later does not reach it. */
int oc_image_copy(const char *so, struct oc_error *err);
/* Unmaps the library of a plugin that nobody uses, if that is proven to be safe; else it stays. */
void oc_plugin_unmap(struct oc_plugin *plugin);

#endif
