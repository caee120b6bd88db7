/* Runbooks: procedures of operations that are planned, checked, run, resumed and undone. SPDX-License-Identifier: MIT  [loop]
 *
 * A runbook is a Lua file of etc/runbooks (in the binary) or of <home>/runbooks, which replaces one of the same name. It decides
 * and cannot act: `plan(params, facts)` gives steps, and each step is an operation. Section `runbooks` of the configuration.
 *
 * A run is kept in the store before each step begins, so a daemon that is killed goes on where it was. Operations runbook.list,
 * show, run, status, resume, abort, history. Events:
 *   runbook.started {"run","runbook","plan","by","steps"}
 *   runbook.step    {"run","runbook","step","index","title","op","state","message"}
 *   runbook.ended   {"run","runbook","state","message","took_ms"} */
#ifndef OC_SERVICE_RUNBOOK_RUNBOOK_H
#define OC_SERVICE_RUNBOOK_RUNBOOK_H

#include "core/service/env.h"

struct oc_runbook;

struct oc_runbook *oc_runbook_create(const struct oc_env *env); /* env borrowed */
void oc_runbook_configure(struct oc_runbook *s, const struct oc_config *config,
                          struct oc_diags *diags);
/* What it has under way ends: done(ctx) at the latest after about `grace_ms`. Runs stay as they are and go on at the next start. */
void oc_runbook_stop(struct oc_runbook *s, int64_t grace_ms, oc_loop_fn done, void *ctx);
/* Adds its option tables to `sections`, for the reference. */
void oc_runbook_describe(json_t *sections);
void oc_runbook_destroy(struct oc_runbook *s); /* after stop; NULL is fine */

#endif
