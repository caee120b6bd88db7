/* A body: one started generation of a plugin's code behind an instance. SPDX-License-Identifier: MIT
 *
 * The instance keeps name, queue, state and statistics; a body keeps the plugin that it was made of, what its options became
 * and where its code runs: in this process, or in a process of its own. Two bodies of one instance may exist at once: that is
 * how a new generation is started beside the old one. One body runs at most one thing at a time: start, a call, stop.
 *
 * Life: create -> start -> events.started -> calls -> stop -> events.stopped -> destroy. events.died may come at any time
 * between start and stopped, and then nothing else follows. All of this is [loop]. */
#ifndef OC_PLUGIN_BODY_H
#define OC_PLUGIN_BODY_H

#include <stdatomic.h>
#include <sys/types.h>

#include "core/plugin/plugin.h"
#include "core/plugin/process/crash.h"

struct oc_body;
struct oc_method_call;

/* How a process came to its end. Everything is borrowed for the time of the callback. */
struct oc_body_death {
    pid_t pid;          /* 0 when it could not even be started */
    int wait_status;    /* as waitpid gives it; -1 = not known */
    bool killed;        /* by us: it was late */
    int64_t uptime_ms;  /* since it was started */
    const char *phase;  /* "start" "call" "idle" "stop" */
    const char *method; /* the call that ran, or NULL */
    const struct oc_fault_record
        *fault; /* a copy of what it wrote down; without its magic: nothing */
    const struct oc_log_tail
        *tail;           /* the last lines that it logged and wrote to stderr and stdout */
    struct oc_error err; /* one sentence of all this; what the running call was answered with */
};

struct oc_body_events {
    /* start has returned, perhaps after its time; once. After a failure there is nothing to stop. */
    void (*started)(void *ctx, struct oc_body *b, const struct oc_error *err /* NULL = well */);
    void (*stopped)(void *ctx, struct oc_body *b);
    void (*died)(void *ctx, struct oc_body *b, const struct oc_body_death *death);
};

enum oc_body_phase {
    OC_BODY_NEW,
    OC_BODY_STARTING,
    OC_BODY_STARTED,
    OC_BODY_STOPPING,
    OC_BODY_ENDED /* stopped, died, or never came up */
};

/* What becomes of something that is late. */
enum oc_body_late {
    OC_LATE_WITHDRAWN, /* it had not begun: no callback follows */
    OC_LATE_FENCED,    /* nobody can end it: its callback follows whenever it returns */
    OC_LATE_KILLED     /* its process was killed: events.died follows soon */
};

struct oc_body_kind {
    void (*start)(struct oc_body *b);
    bool (*start_withdraw)(struct oc_body *b); /* true: it had not begun, no callback follows */
    enum oc_body_late (*start_late)(struct oc_body *b);
    /* oc_call_ended(c) follows, once, on the loop */
    void (*call)(struct oc_body *b, struct oc_method_call *c);
    bool (*call_withdraw)(struct oc_body *b, struct oc_method_call *c); /* true: had not begun */
    enum oc_body_late (*call_late)(struct oc_body *b, struct oc_method_call *c);
    void (*interrupt)(struct oc_body *b); /* the running call was cancelled or is late */
    void (*stop)(struct oc_body *b);
    /* It did not stop in time. True: its memory has to stay; no callback follows. False: events.stopped follows soon. */
    bool (*give_up)(struct oc_body *b);
    void (*destroy)(struct oc_body *b); /* a new or ended one */
    void (*stats)(const struct oc_body *b, json_t *out);
};

/* ---- what the plugin reaches through its host pointer ---- */
struct oc_host_side {
    struct oc_host host;
    const struct oc_instance *instance;
    const struct oc_plugin *plugin;
    json_t *rights; /* owned: the permissions that hold, an array of strings */
    long long log_per_second;
    int ended; /* a descriptor that can be read once the process that calls has ended; -1 = none */
    atomic_bool closed;      /* given up: nothing of the host may be touched any more */
    atomic_bool interrupted; /* the running call was cancelled or is late: host calls end at once */
    atomic_llong log_second; /* for the cap on lines: the second that is counted, and its lines */
    atomic_llong log_lines;
    atomic_llong log_dropped;
};
void oc_host_side_init(struct oc_host_side *h, const struct oc_body *b);
void oc_host_side_finish(struct oc_host_side *h);

/* The head of every body. */
struct oc_body {
    const struct oc_body_kind *kind;
    struct oc_instance *instance;
    struct oc_plugin *plugin;
    uint64_t generation;
    enum oc_body_phase phase;
    const struct oc_body_events *events;
    void *ctx;
    struct oc_host_side host;
};

/* In this process or in one of its own, as the plugin's terms say. Binds `config` (see oc_instance_create); a body whose
 * options nobody knows yet is bound when its process has told them, and a mistake comes as a failed start. NULL and err. */
struct oc_body *oc_body_create(struct oc_instance *i, struct oc_plugin *plugin,
                               const struct oc_node *config, const char *path,
                               const char *const *ignore, const struct oc_body_events *events,
                               void *ctx, struct oc_diags *diags, struct oc_error *err);
void oc_body_start(struct oc_body *b);
void oc_body_stop(struct oc_body *b);
void oc_body_destroy(struct oc_body *b); /* NULL is fine */
/* From here on its events go there: a reload hands its body over to the instance. */
void oc_body_set_events(struct oc_body *b, const struct oc_body_events *events, void *ctx);
/* Adds "tier", "generation", "digest", and "pid", "memory_bytes", "cpu_ms" of a process. */
void oc_body_stats(const struct oc_body *b, json_t *out);

/* ---- the two kinds ---- */
struct oc_body *oc_body_inproc_create(struct oc_instance *i, struct oc_plugin *plugin,
                                      const struct oc_node *config, const char *path,
                                      const char *const *ignore, struct oc_diags *diags,
                                      struct oc_error *err);
void *oc_body_inproc_self(struct oc_body *b); /* benchmarks and tests */
struct oc_body *oc_body_process_create(struct oc_instance *i, struct oc_plugin *plugin,
                                       const struct oc_node *config, const char *path,
                                       const char *const *ignore, struct oc_diags *diags,
                                       struct oc_error *err);
pid_t oc_body_process_pid(const struct oc_body *b); /* 0 when there is none now */

/* ---- what the kinds share ---- */
/* The first error of `diags` from number `before` on, as an error. */
int oc_body_first_error(const struct oc_diags *diags, size_t before, const char *path,
                        struct oc_error *err);
/* Text of an error that came from a plugin's memory or process: ended, clean, never empty. */
void oc_body_tidy_error(struct oc_error *e, int code, const char *otherwise);

#endif
