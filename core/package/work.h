/* One verb of openclaw-package: what it is given and how it answers. SPDX-License-Identifier: MIT
 *
 * `openclaw-package VERB --home DIR` reads one JSON object of parameters from stdin and writes JSON lines to stdout:
 *     {"row":..}  {"progress":0.4,"text":".."}  {"warning":".."}
 * and at the end exactly one of
 *     {"result":..}  {"error":{"code":"verify","message":"..","hint":"..","details":{..}}}
 * A verb is named as its operation is ("plugin.install"). One thread; it may block; it may be killed at any moment, so
 * whatever it changes on disk is changed as core/package/state.h says. */
#ifndef OC_PACKAGE_WORK_H
#define OC_PACKAGE_WORK_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/error.h"

struct oc_work {
    const char *home; /* absolute: the daemon's home folder */
    const json_t *
        params; /* an object; the operation's table has checked types and limits, defaults are NOT filled in */
    const char *plugins; /* folder of the bundled plugins, or NULL */
    json_t *result;      /* set by the verb with oc_work_result */
    json_t *details;     /* of the error, set with oc_work_reason or oc_work_detail */
    struct oc_error err;
};

struct oc_verb {
    const char *name;
    /* OC_OK and a result, or the code of w->err (fill it with oc_error_set(&w->err, ...)). */
    int (*run)(struct oc_work *w);
};

void oc_work_row(struct oc_work *w, json_t *row); /* takes row */
void oc_work_progress(struct oc_work *w, double fraction,
                      const char *text); /* fraction < 0: unknown */
void oc_work_warn(struct oc_work *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void oc_work_result(struct oc_work *w, json_t *result); /* takes result */
/* A stable word for the kind of failure ("timestamp-expired", "archive-link"): details.reason of the error document, and a
 * heading in docs/errors.md. Returns w->err.code, so that `return oc_work_reason(w, "...")` ends a verb. */
int oc_work_reason(struct oc_work *w, const char *reason);
void oc_work_detail(struct oc_work *w, const char *key, json_t *value); /* takes value */
/* True when SIGTERM has come: long verbs look between steps and end with OC_E_CANCELLED. [any] */
bool oc_work_cancelled(void);

/* The verbs, by subject; each table ends with a NULL name. */
extern const struct oc_verb
    oc_verbs_install[]; /* install uninstall update rollback gc ...: what changes the host */
extern const struct oc_verb oc_verbs_registry[]; /* publishing and consuming registries, search */
extern const struct oc_verb oc_verbs_author[]; /* create build test pack sign keygen publish dev */
extern const struct oc_verb oc_verbs_check[];  /* check */

/* Runs one verb as the program does; the exit status is 0 whenever an end line was written. */
int oc_work_main(int argc, char **argv);

#endif
