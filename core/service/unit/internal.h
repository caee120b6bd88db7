/* What the files of this folder share. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_UNIT_INTERNAL_H
#define OC_SERVICE_UNIT_INTERNAL_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/service/unit/unit.h"

struct unit_options {
    const char *name, *driver;
    struct oc_list tags, after;
    int64_t order, stop_ms, start_ms;
};

enum unit_health { HEALTH_NONE, HEALTH_OK, HEALTH_WARNING, HEALTH_CRITICAL, HEALTH_UNKNOWN };

struct unit {
    struct oc_unit *service;
    unsigned refs; /* the service, and everything that is under way */
    struct oc_arena arena;
    struct unit_options options;
    char *name, *path, *digest; /* path: of the group in the configuration */
    const struct oc_node *node; /* of the configuration in force; NULL once it has been used */
    struct oc_instance *driver, *check;
    char *check_of;        /* the health service that is its check; NULL: another, or none */
    struct oc_error error; /* why it cannot be used; OC_OK when it can */
    json_t *last;          /* what the driver said last; NULL = never asked */
    enum unit_health health;
    char output[512]; /* of the check */
    char told[16];    /* the state that was published last */
    const char *busy; /* "restarting": what is being done to it; NULL = nothing */
};

struct evidence_options {
    int64_t keep_ms, keep_emergency_ms, max_bytes;
};

struct oc_unit {
    struct oc_env env;
    struct evidence_options evidence;
    OC_VEC(struct unit *) units; /* by order, then name */
    /* No longer configured, or as something else, while something is done to them: they go when that has come to its end. */
    OC_VEC(struct unit *) replaced;
    struct oc_timer *timer; /* looks at all of them; NULL in an ephemeral daemon */
    char *state_dir, *logs_dir;
    int leaving; /* instances that are being destroyed */
    bool stopping;
    oc_loop_fn stopped;
    void *stopped_ctx;
};

/* ---- configure.c ---- */
struct unit *oc_unit_find(const struct oc_unit *s, const char *name);
struct unit *oc_unit_ref(struct unit *u);
void oc_unit_unref(struct unit *u);
/* Starts the instances when that was put off. OC_OK, or the reason in u->error. */
int oc_unit_open(struct unit *u);
void oc_unit_release(struct unit *u, int64_t grace_ms);
/* What is being done to the unit, or to the one that it has replaced; NULL: nothing. */
const char *oc_unit_busy(const struct unit *u);
void oc_unit_set_idle(struct unit *u); /* it is over */

/* ---- drive.c ---- */
/* Exactly once; `answer` is borrowed, NULL unless code is OC_OK. */
typedef void (*drive_fn)(void *ctx, int code, const json_t *answer, const struct oc_error *err);
void oc_unit_drive(struct unit *u, const char *method, json_t *more /* taken; may be NULL */,
                   int64_t timeout_ms, drive_fn done, void *ctx);
/* Asks the driver and the check; done(ctx) when u->last, u->health and u->output are current. */
void oc_unit_look(struct unit *u, oc_loop_fn done, void *ctx);
json_t *oc_unit_json(const struct unit *u);
bool oc_unit_is_healthy(const struct unit *u);

/* ---- ops ---- */
void oc_unit_add_ops(struct oc_unit *s);
void oc_unit_add_act_ops(struct oc_unit *s);
void oc_unit_add_maintenance_ops(struct oc_unit *s);
/* After containment nothing is started but by a run of emergency-restart that was approved for it: anybody else gets err. */
/* Names in `after` that are no units, and circles of them; `list` is the section of the configuration. */
void oc_unit_check_after(const struct oc_unit *s, const struct oc_node *list,
                         struct oc_diags *diags);
int oc_unit_check_contained(const struct oc_unit *s, const struct oc_call *call,
                            struct oc_error *err);
void oc_unit_add_evidence_ops(struct oc_unit *s);
void oc_unit_add_evidence_list(struct oc_unit *s);

/* ---- evidence_room.c ---- */
void oc_unit_evidence_configure(struct oc_unit *s, const struct oc_config *config,
                                struct oc_diags *diags);
void oc_unit_evidence_describe(json_t *sections);
/* Removes what is too old, and the oldest while it takes too much room; never the folder `spare` (may be NULL). */
void oc_unit_evidence_prune(struct oc_unit *s, const char *spare);
/* OC_OK, or why nothing more may be written. */
int oc_unit_evidence_has_room(struct oc_unit *s, struct oc_error *err);
/* Removes a folder that will never be whole, with what is in it. */
bool oc_unit_evidence_discard(const char *path);

#endif
