/* The export service's own state, shared by its files. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_EXPORT_INTERNAL_H
#define OC_SERVICE_EXPORT_INTERNAL_H

#include "core/base/arena.h"
#include "core/service/export/encode.h"
#include "core/service/export/export.h"
#include "core/service/export/queue.h"
#include "core/store/query.h"

#define OC_EXPORT_METHOD "export.write/1"
#define OC_REMOTES_MAX   16

struct oc_remote_options {
    const char *name, *plugin;
    struct oc_list selector; /* const char * */
    struct oc_list labels;   /* struct oc_pair */
    int32_t enabled;
    int64_t batch, flush_ms, queue_bytes, timeout_ms, backoff_ms;
};

/* What the plugin reads while it is called. It outlives the call: one that is late may still be reading. */
struct oc_remote_sending {
    struct oc_buf data;
    size_t at;
};

struct oc_remote {
    struct oc_export *service; /* NULL once let go */
    struct oc_arena arena;
    struct oc_remote_options options;
    char *name;     /* owned */
    json_t *config; /* owned: what it was made from */
    OC_VEC(struct oc_selector) selectors;
    OC_VEC(struct oc_encode_label) labels; /* added to every series; borrowed from the arena */
    struct oc_instance *instance;          /* NULL when it cannot be used */
    struct oc_error error;                 /* why not */

    struct oc_buf chosen; /* by id of a series: 0 not looked at, 'y', 'n' */
    struct oc_buf batch;  /* what gathers, encoded */
    uint64_t batch_samples;
    struct oc_export_queue queue;
    struct oc_timer *flush, *retry;
    struct oc_remote_sending *sending, *late; /* owned */
    bool in_flight;
    uint64_t in_flight_seq;
    unsigned failures; /* in a row */
    int64_t retry_after_ms;

    uint64_t sent, dropped, refused; /* samples */
    int64_t sent_ms;
    char last_error[512];
};

struct oc_export {
    const struct oc_env *env;
    char *host; /* owned: host.name */
    OC_VEC(struct oc_remote *) remotes;
    struct oc_subscription *samples;
    size_t stopping;
    oc_loop_fn stopped;
    void *stopped_ctx;
};

/* ---- options.c ---- */
/* Reads the host's keys of an item; false when they are wrong, and why is in `diags` and remote->error. */
bool oc_remote_read(struct oc_remote *r, const struct oc_node *node, const char *path,
                    struct oc_diags *diags);
void oc_remote_free(struct oc_remote *r);
extern const char *const oc_remote_host_keys[];
json_t *oc_remote_options_json(void);

/* ---- remote.c ---- */
/* Never NULL: one that cannot be used says so. */
struct oc_remote *oc_remote_create(struct oc_export *e, const struct oc_node *node,
                                   const char *path, struct oc_diags *diags);
void oc_remote_check(const struct oc_env *env, const struct oc_node *node, const char *path,
                     struct oc_diags *diags);
/* Keeps what has gathered, stops the plugin, frees; then done(ctx) (may be NULL). */
void oc_remote_release(struct oc_remote *r, int64_t grace_ms, oc_loop_fn done, void *ctx);
void oc_remote_take(struct oc_remote *r, const struct oc_sample *samples, size_t count);
json_t *oc_remote_json(const struct oc_remote *r);

/* ---- pump.c ---- */
void oc_remote_seal(struct oc_remote *r); /* what has gathered becomes a batch of the queue */
void oc_remote_pump(struct oc_remote *r); /* sends the oldest batch if nothing is under way */
void oc_remote_on_flush(void *remote);
void oc_remote_on_retry(void *remote);

void oc_export_add_ops(struct oc_export *e);

#endif
