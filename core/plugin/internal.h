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
#include "core/plugin/plugin.h"
#include "core/plugin/records.h"

/* ---- manifest ---- */
bool oc_method_id_valid(const char *id); /* "collector.collect/1" */
int oc_preset_check(const json_t *manifest, struct oc_error *err);

/* ---- plugins ---- */
struct oc_plugins {
    struct oc_loop *loop;
    struct oc_bus *bus;
    struct oc_workers *workers;
    oc_host_call_fn host_call;
    void *host_ctx;
    OC_VEC(struct oc_plugin *) list;
};

struct oc_plugin {
    struct oc_plugins *owner;
    char *name;
    char *dir;                    /* absolute */
    struct oc_buf text;           /* plugin.json as it was scanned: the note must equal it */
    struct oc_manifest *manifest; /* NULL when it is bad */
    enum oc_plugin_state state;
    struct oc_error err;
    lt_dlhandle library;
    struct oc_plugin_entry
        entry; /* a copy, so that a longer or shorter one of another version reads the same */
};

/* Everything that can be said against the library without loading it. */
int oc_loader_inspect(const struct oc_plugin *plugin, const char *so, struct oc_error *err);
/* Opens the library and finds its entry. */
int oc_loader_open(struct oc_plugin *plugin, const char *so, const struct oc_plugin_entry **entry,
                   struct oc_error *err);
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

/* ---- what the plugin reaches through its host pointer ---- */
struct oc_host_side {
    struct oc_host host;
    const struct oc_instance *instance;
    atomic_bool closed;      /* given up: nothing of the host may be touched any more */
    atomic_bool interrupted; /* the running call was cancelled or is late: host calls end at once */
    atomic_llong log_second; /* for the cap on lines: the second that is counted, and its lines */
    atomic_llong log_lines;
};
void oc_host_side_init(struct oc_host_side *h, struct oc_instance *i);

/* ---- calls ---- */
struct oc_method_call {
    struct oc_instance *instance;
    struct oc_invocation inv; /* params are ours; the callbacks are NULL once it was answered */
    uint64_t id;
    bool answered, cancelled, abandoned;
    int64_t begun_ms; /* monotonic; 0 while it waits */
    int64_t until_ms; /* counts from the request, so waiting in the queue is part of it */
    const struct oc_method *method;
    struct oc_job *job;
    struct oc_records *records; /* from its beginning on */
    int32_t code;               /* this and err: written by the worker, read when it came back */
    struct oc_error err;
    TAILQ_ENTRY(oc_method_call) link;
};
TAILQ_HEAD(oc_call_list, oc_method_call);

/* ---- instances ---- */
struct oc_instance {
    struct oc_plugin *plugin;
    char *name;
    void *self;
    struct oc_arena arena; /* what its options point to */
    enum oc_instance_state state;
    struct oc_error err;
    struct oc_host_side host;
    struct oc_stats stats;

    struct oc_call_list queue;
    size_t queued;
    struct oc_method_call *running; /* also when it was answered and is late */
    uint64_t last_id;
    bool said_bad; /* bad records were told and have not ended since */

    struct oc_timer *timer; /* one for every deadline below and those of the calls */
    int64_t armed_for_ms;
    int64_t phase_until_ms; /* end of the time for start, or for the whole of destroy; 0 = none */

    struct oc_job *job; /* start or stop */
    bool job_abandoned;
    int32_t start_code; /* this and start_err: as in oc_method_call */
    struct oc_error start_err;
    bool started; /* start succeeded, stop has not run */
    bool given_up;
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

/* call.c */
void oc_calls_begin_next(struct oc_instance *i);
void oc_calls_fail_queued(struct oc_instance *i, int code, const char *message);
void oc_calls_expire(struct oc_instance *i, int64_t now_ms);
int64_t oc_calls_earliest(const struct oc_instance *i, int64_t before_ms);
/* Asks the running call to come back; one that has not begun is taken back and answered. */
void oc_calls_cancel_running(struct oc_instance *i);
/* The running call will not come back: its caller is answered, its memory stays. */
void oc_calls_give_up(struct oc_instance *i);

#endif
