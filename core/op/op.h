/* Operations: the one way to make something happen. SPDX-License-Identifier: MIT
 *
 * A command line, a control frame, a scheduled job and a plugin calling its host all come here: look the operation up,
 * check the role, bind the parameters, write the audit event, run the handler, publish. Help, completions, man pages and
 * later the HTTP routes are generated from the table. [loop] */
#ifndef OC_OP_OP_H
#define OC_OP_OP_H

#include <jansson.h>
#include <stdbool.h>

#include <openclaw/plugin.h>

#include "core/base/error.h"
#include "core/loop/bus.h"
#include "core/loop/loop.h"

enum oc_role { OC_ROLE_VIEWER, OC_ROLE_OPERATOR, OC_ROLE_ADMIN };

#define OC_OP_MUTATES     1u  /* changes state: written to the audit trail */
#define OC_OP_DESTRUCTIVE 2u  /* the command line asks unless --yes */
#define OC_OP_REPLAY_SAFE 4u  /* may be run again after a crash */
#define OC_OP_STREAMS     8u  /* emits rows until it is cancelled */
#define OC_OP_EPHEMERAL   16u /* makes sense without a daemon: runs in a private one */
#define OC_OP_INTERNAL    32u /* for plugins and the daemon; not on the command line */
#define OC_OP_COLLECTS    64u /* an ephemeral daemon runs every collector once before it */
/* works on files: always in a private daemon, never in the running one */
#define OC_OP_PRIVATE 128u
/* has the parameters `dry_run` and `plan`: asked with dry_run it answers the plan object and changes nothing; the command
 * line shows that, asks, and calls again with the plan's hash, so that what was shown is what is done */
#define OC_OP_PLANS 256u
/* with PRIVATE: looks at its parameters and at files only, so its daemon need not find any plugin first */
#define OC_OP_BARE 512u
/* does something, though nothing for the audit trail: an HTTP GET does not start it */
#define OC_OP_ACTS 1024u
/* called again for the same decision (oc_actor.approval) it goes on with what it began then, and does nothing twice: after a crash
 * what was approved is called again */
#define OC_OP_ONCE 4096u
/* has the parameter `dry_run`: asked with it, it answers what would change and changes nothing. Whoever decides about it is shown
 * that, as it was when the decision was asked for; what runs is not bound to it, as a plan would be */
#define OC_OP_PREVIEWS 8192u
/* with EPHEMERAL: answers from the plugins and packages that there are, so its private daemon opens no store and puts nothing else of the
 * configuration in force. BARE is so anyway */
#define OC_OP_PLAIN 16384u
/* answers with a secret: only who is there to take it may call it, no schedule, no runbook, no decision */
#define OC_OP_TELLS_SECRET 2048u

struct oc_call;

struct oc_op {
    /* "alert.silence": words joined by '.' are the words of the command line */
    const char *name;
    const char *summary; /* one sentence without a full stop */
    enum oc_role role;
    uint32_t flags;
    /* offsets into the struct that oc_call_params returns; NULL = none */
    const struct oc_option *params;
    size_t params_size;
    /* How the command line shows the result: "table:KEY=Title,..." for a list of objects (dotted keys), "record" for one
     * object, "text:KEY" for a string member, "custom:NAME" for a renderer of its own. NULL = JSON. */
    const char *view;
    const char *description; /* man page: paragraphs; may be NULL */
    /* "openclaw alert silence cpu --for 2h --comment 'load test'"; may be NULL */
    const char *example;
    /* The shape of the result, for the OpenAPI document: "[{id: string, value: number|null, note?: string}]". Words are string,
     * integer, number, boolean, null, time (RFC 3339), uuid and any; "{*: number}" is a map. Members that are not named may be
     * there, too. NULL: not told. */
    const char *result;
    /* Begins the call; it ends with oc_call_succeed or oc_call_fail, now or later. */
    void (*handler)(struct oc_call *call, void *ctx);
    /* May be NULL. Asked once the role and the parameters are found good, before the gate and before the handler: whether the call
     * could do its work at all, so that nobody is asked to vote on what would be refused anyway. It answers at once, changes
     * nothing and does not end the call; whatever is not OC_OK does, with err. What it cannot know yet it lets pass: the
     * handler looks again. */
    int (*check)(const struct oc_call *call, void *ctx, struct oc_error *err);
    /* May be NULL: every OC_OPT_SECRET among its parameters is hidden where they are kept. Else asked of each that is given:
     * whether beside the others it is none, and may be shown. */
    bool (*is_open)(const json_t *params, const char *name);
};

struct oc_actor {
    const char *name; /* "cli:uid=1000", "plugin:redis/main-db", "schedule" */
    enum oc_role role;
    /* The decision on whose behalf it acts: the gate lets it through. Set by governance alone; NULL = none. */
    const char *approval;
};

struct oc_ops;

struct oc_ops *oc_ops_create(struct oc_loop *loop, struct oc_bus *bus);
void oc_ops_destroy(struct oc_ops *ops); /* running calls are failed with OC_E_CANCELLED */
/* Cancels every call that is running: to be done while what their handlers use is still there. */
void oc_ops_cancel_all(struct oc_ops *ops);
/* The same, because the host goes: what ends with OC_E_CANCELLED from now on was interrupted by that and by nobody's wish. Whoever keeps a
 * record of it leaves the record open, as a crash would, for the next start to find. */
void oc_ops_stop(struct oc_ops *ops);
bool oc_ops_stopping(const struct oc_ops *ops);
/* op borrowed; what the next one refuses is a bug here, but for the name of an operation that a plugin brought: that one gives way */
void oc_ops_add(struct oc_ops *ops, const struct oc_op *op, void *ctx);
/* For operations that plugins bring: refuses a name that is taken (OC_E_CONFLICT), and a parameter with the name of an option that every
 * command has (OC_E_CONFIG). `op` and `plugin`, its name, are borrowed until removed. */
int oc_ops_add_plugin(struct oc_ops *ops, const struct oc_op *op, void *ctx, const char *plugin,
                      struct oc_error *err);
void oc_ops_remove(struct oc_ops *ops, const char *name);
/* unless the host has taken its name over */
void oc_ops_remove_plugin(struct oc_ops *ops, const struct oc_op *op);
const struct oc_op *oc_ops_find(struct oc_ops *ops, const char *name);
/* The plugin that brought it; NULL: the host's own, or none is there. Borrowed. */
const char *oc_ops_plugin(struct oc_ops *ops, const char *name);
/* The name of an operation that may have been meant; NULL: none is near. Borrowed. */
const char *oc_ops_near(struct oc_ops *ops, const char *name);
/* Another number whenever operations came or went: what is made of the table is good as long as this is the same. */
uint64_t oc_ops_generation(const struct oc_ops *ops);
#define OC_GATE_LATER 1 /* what a gate answers that ends the call itself, later */
/* Asked once for every operation that MUTATES, when role and parameters are found good and before its handler runs. OC_OK lets it go on. OC_E_DENIED
 * refuses it, and has published "op.denied". OC_E_APPROVAL: it is kept for a decision, and `details` (an object; the gate's to make, taken) says which:
 * {"proposal","category",...}. OC_GATE_LATER: the gate has to find something out first and ends the call with oc_call_refuse;
 * it listens to a caller that gives up (oc_call_on_cancel). Whatever else is not OC_OK ends the call. NULL takes the gate away. */
typedef int (*oc_gate_fn)(void *ctx, const struct oc_call *call, json_t **details,
                          struct oc_error *err);
void oc_ops_set_gate(struct oc_ops *ops, oc_gate_fn gate, void *ctx);
/* Ends a call that the gate answered OC_GATE_LATER, with what it would have answered at once. Takes `details`. */
void oc_call_refuse(struct oc_call *call, const struct oc_error *err, json_t *details);
/* The parameters of `op` as they may be kept and shown, a copy: secrets are masked, those of an operation that is held in them ("op"
 * with "params", an object or text that then becomes one; at any depth, such as in a list of steps) as its own table says. The gate
 * asks with it, the audit trail keeps it. Owned by the caller. */
json_t *oc_op_masked_params(struct oc_ops *ops, const struct oc_op *op, const json_t *json);
/* The same in place. The name of the first thing that was hidden, valid as long as `params`; NULL: nothing was. */
const char *oc_op_mask(struct oc_ops *ops, const struct oc_op *op, json_t *params);
/* A plan as those who decide about it are shown it: secrets masked, and not longer than can be read ("shortened"). Owned by the
 * caller. */
json_t *oc_op_readable_plan(struct oc_ops *ops, const struct oc_op *op, const json_t *plan);
/* Whether it is the plan that `params` name, if they name one. OC_E_CONFLICT. */
int oc_op_check_plan(const struct oc_op *op, const json_t *params, const json_t *plan,
                     struct oc_error *err);
/* Whether a parameter of that name is a secret of any operation. */
bool oc_ops_any_secret(const struct oc_ops *ops, const char *name);
/* Every operation: [{"name","summary","role","flags":[..],"params":[..option json..],"schema","view",...}]. */
json_t *oc_ops_json(struct oc_ops *ops, bool internal);

/* ---- the caller's side ---- */
struct oc_call_request {
    const char *op;
    json_t *params; /* taken; an object or NULL */
    struct oc_actor actor;
    /* streamed rows; may be NULL */
    void (*on_row)(void *ctx, const json_t *row);
    void (*on_progress)(void *ctx, double fraction, const char *text); /* may be NULL */
    void (*on_warning)(void *ctx, const char *text);                   /* may be NULL */
    /* Exactly once and last. `result` is borrowed; of a failure it is what the error tells beside its message, or NULL. */
    void (*on_done)(void *ctx, int code, const json_t *result, const struct oc_error *err);
    void *ctx;
    bool
        at_once; /* the answer is needed before oc_ops_call returns: what can be done in slices is done in one go */
};
/* Whether what it is told is kept where others read it: in histories, in reports, in the ledger. */
bool oc_actor_keeps_answers(const struct oc_actor *actor);
/* Whether it may be told all that is no secret, also what may be one: an admin whose answers nobody else reads. */
bool oc_actor_is_told_all(const struct oc_actor *actor);
/* Starts a call; on_done may run before this returns. NULL when it is already over. */
struct oc_call *oc_ops_call(struct oc_ops *ops, const struct oc_call_request *req);
/* Whether such a call would be begun, the gate aside: role, parameters, and what the operation itself looks at first (oc_op.check).
 * Takes params; calls nobody of `req` back. */
int oc_ops_check(struct oc_ops *ops, const struct oc_call_request *req, struct oc_error *err);
/* For operations that answer at once: the result of `op`, asked by the host itself as a viewer, or NULL. Takes params; the
 * caller owns the result. */
json_t *oc_ops_ask(struct oc_ops *ops, const char *op, json_t *params);
/* the handler is told; on_done follows with OC_E_CANCELLED unless it was done */
void oc_call_cancel(struct oc_call *call);

/* ---- the handler's side ---- */
/* the bound struct; valid until the call ends */
const void *oc_call_params(const struct oc_call *call);
/* the parameters as given; {} when none */
const json_t *oc_call_json(const struct oc_call *call);
/* The same as the handler understands them, for whoever decides about the call: see oc_unbind_json. Owned by the caller. */
json_t *oc_call_bound(const struct oc_call *call);
/* The parameters as given, for whoever reads them without the table: truth values, numbers and lists are what they were taken for,
 * every other word is as it was written. Owned by the caller. */
json_t *oc_call_plain(const struct oc_call *call);
/* What `params` would be for the operation; NULL and `err` when it would refuse them. Owned by the caller. */
json_t *oc_op_bound(const struct oc_op *op, const json_t *params, struct oc_error *err);
const struct oc_op *oc_call_op(const struct oc_call *call);
const struct oc_actor *oc_call_actor(const struct oc_call *call);
bool oc_call_is_at_once(const struct oc_call *call);
struct oc_ops *oc_call_ops(const struct oc_call *call);
void oc_call_row(struct oc_call *call, json_t *row); /* takes row */
void oc_call_progress(struct oc_call *call, double fraction, const char *text);
void oc_call_warn(struct oc_call *call, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* As oc_call_warn, for whoever hears the event "audit" of a call: its caller has not been answered yet. Nothing outside of that. */
void oc_ops_warn(struct oc_ops *ops, const char *text);
void oc_call_succeed(struct oc_call *call, json_t *result); /* takes result; ends the call */
void oc_call_fail(struct oc_call *call, const struct oc_error *err); /* copies; ends the call */
/* The same with `details` (an object such as {"reason":"timestamp-expired"}; taken) for the error document. */
void oc_call_fail_with(struct oc_call *call, const struct oc_error *err, json_t *details);
void oc_call_failf(struct oc_call *call, int code, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* fn(call, ctx) runs when the caller gives up; it must end the call (or let it end soon). */
void oc_call_on_cancel(struct oc_call *call, void (*fn)(struct oc_call *call, void *ctx),
                       void *ctx);
#endif
