/* The operations that change schedules: add, edit, remove. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/cron/internal.h"

/* ---- what is given ---- */

/* The members of the definition that a call names; "params" is a JSON object as text, and `timeout` goes by another name here because
 * every command has an option --timeout. NULL and err. */
static json_t *given(const struct oc_call *call, struct oc_error *err)
{
    json_t *json = json_deep_copy(oc_call_json(call)), *params = NULL;
    json_t *limit = json_object_get(json, "time_limit");
    const char *text = oc_json_str(json, "params", NULL);
    if (limit) {
        json_object_set(json, "timeout", limit);
        json_object_del(json, "time_limit");
    }
    if (text) {
        params = oc_json_parse_request(text, strlen(text), err);
        if (!params) {
            oc_error_prefix(err, "params");
            json_decref(json);
            return NULL;
        }
        oc_json_take(json, "params", params);
    }
    return json;
}

/* Nobody gets more done by a schedule than by themselves. */
static int check_role(const struct oc_actor *actor, int32_t role, struct oc_error *err)
{
    if ((int32_t)actor->role >= role) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_DENIED, "the schedule has the role %s, and you have %s",
                 oc_cron_role_name(role), oc_cron_role_name((int32_t)actor->role));
    oc_error_hint(err, "Give it --role %s, or ask somebody with the role %s.",
                  oc_cron_role_name((int32_t)actor->role), oc_cron_role_name(role));
    return OC_E_DENIED;
}

/* That the operation is not there is no mistake: it may come. */
static int check_definition(struct oc_cron_service *s, const struct oc_cron_definition *d,
                            const struct oc_actor *actor, struct oc_error *err)
{
    struct oc_error op;
    oc_error_init(&op);
    int code = check_role(actor, d->o.role, err);
    if (code != OC_OK) {
        return code;
    }
    code = oc_cron_check_op(s, d, &op);
    if (code != OC_OK && code != OC_E_NOT_FOUND) {
        *err = op;
        return code;
    }
    return OC_OK;
}

/* Those that were added while the host ran. */
static size_t added(const struct oc_cron_service *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->entries.count; i++) {
        count += s->entries.items[i]->origin == OC_CRON_SET;
    }
    return count;
}

/* Whether it may be added beside those that are there and `more` others. */
static int check_new(struct oc_cron_service *s, const struct oc_cron_definition *d,
                     const struct oc_actor *actor, size_t more, struct oc_error *err)
{
    size_t all = s->entries.count + more;
    if (oc_cron_find(s, d->o.name)) {
        oc_error_set(err, OC_E_CONFLICT, "there is a schedule %s already", d->o.name);
        oc_error_hint(err, "Take another name, or change it with `openclaw cron edit`.");
        return OC_E_CONFLICT;
    }
    if (added(s) + more >= OC_CRON_ADDED_MAX || all >= OC_CRON_ENTRIES_MAX) {
        oc_error_set(err, OC_E_CONFLICT, "there are %zu schedules already, %d may be added", all,
                     OC_CRON_ADDED_MAX);
        oc_error_hint(err, "Remove some with `openclaw cron remove`.");
        return OC_E_CONFLICT;
    }
    return check_definition(s, d, actor, err);
}

struct oc_cron_entry *oc_cron_make(struct oc_cron_service *s, json_t *json,
                                   const struct oc_actor *actor, struct oc_error *err)
{
    struct oc_cron_definition def;
    struct oc_cron_entry *e = NULL;
    oc_json_set_str(json, "author", actor->name);
    if (oc_cron_definition_init(&def, json, err) != OC_OK) {
        return NULL;
    }
    if (check_new(s, &def, actor, 0, err) == OC_OK &&
        oc_cron_write_definition(s, &def, err) == OC_OK) {
        e = oc_cron_entry_add(s, &def, OC_CRON_SET);
        oc_cron_flush(s, NULL);
        oc_cron_wake(s);
    }
    oc_cron_definition_finish(&def); /* empty when the entry took it */
    return e;
}

int oc_cron_would_make(struct oc_cron_service *s, json_t *json, const struct oc_actor *actor,
                       size_t more, struct oc_error *err)
{
    struct oc_cron_definition def;
    oc_json_set_str(json, "author", actor->name);
    int code = oc_cron_definition_init(&def, json, err);
    if (code == OC_OK) {
        code = check_new(s, &def, actor, more, err);
        oc_cron_definition_finish(&def);
    }
    return code;
}

static void answer(struct oc_call *call, struct oc_cron_entry *e)
{
    struct oc_ops *ops = e->service->env.ops;
    if (oc_cron_enabled(e) && !e->available) {
        /* A name that nobody has may be a slip of the finger: it would wait for ever. */
        const char *near = oc_ops_find(ops, e->def.o.op) ? NULL : oc_ops_near(ops, e->def.o.op);
        oc_call_warn(call, "it does not run yet: %s%s%s%s", e->reason,
                     near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    oc_cron_warn_of_asked(call, e);
    oc_call_succeed(call, oc_cron_entry_json(e));
}

/* ---- cron.add ---- */

struct add_params {
    struct oc_cron_options o;
    const char *params;
};
#define AT(member) offsetof(struct add_params, member)
#define MEMBERS(required)                                                                          \
    {.name = "name",                                                                               \
     .type = OC_OPT_STRING,                                                                        \
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,                                                 \
     .offset = AT(o.name),                                                                         \
     .help = "what it is called"},                                                                 \
        {.name = "op",                                                                             \
         .type = OC_OPT_STRING,                                                                    \
         .flags = (required),                                                                      \
         .offset = AT(o.op),                                                                       \
         .help = "the operation that runs, such as health.check"},                                 \
        {.name = "params",                                                                         \
         .type = OC_OPT_STRING,                                                                    \
         .offset = AT(params),                                                                     \
         .help = "its parameters, a JSON object"},                                                 \
        {.name = "cron",                                                                           \
         .type = OC_OPT_STRING,                                                                    \
         .offset = AT(o.cron),                                                                     \
         .help = "when, as \"minute hour day month weekday\" or @daily"},                          \
        {.name = "every",                                                                          \
         .type = OC_OPT_DURATION,                                                                  \
         .offset = AT(o.every),                                                                    \
         .min = 1000,                                                                              \
         .max = 31622400000.0,                                                                     \
         .help = "or how often, at least 1s"},                                                     \
        {.name = "zone",                                                                           \
         .type = OC_OPT_STRING,                                                                    \
         .offset = AT(o.zone),                                                                     \
         .help = "whose clock cron is about, such as Europe/Berlin; default UTC"},                 \
        {.name = "jitter",                                                                         \
         .type = OC_OPT_DURATION,                                                                  \
         .offset = AT(o.jitter),                                                                   \
         .max = 86400000,                                                                          \
         .help = "starts up to this much later, by name and time"},                                \
        {.name = "catch_up",                                                                       \
         .type = OC_OPT_ENUM,                                                                      \
         .offset = AT(o.catch_up),                                                                 \
         .choices = "skip|once|all",                                                               \
         .help = "what is done for missed runs; default skip"},                                    \
        {.name = "overlap",                                                                        \
         .type = OC_OPT_ENUM,                                                                      \
         .offset = AT(o.overlap),                                                                  \
         .choices = "skip|queue|parallel",                                                         \
         .help = "when the run before is still going on; default skip"},                           \
        {.name = "time_limit",                                                                     \
         .type = OC_OPT_DURATION,                                                                  \
         .offset = AT(o.timeout),                                                                  \
         .max = 31536000000.0,                                                                     \
         .help = "a run is cancelled after this; default never"},                                  \
        {.name = "role",                                                                           \
         .type = OC_OPT_ENUM,                                                                      \
         .offset = AT(o.role),                                                                     \
         .choices = "viewer|operator|admin",                                                       \
         .help = "the role that the operation is called with, yours at the most; default "         \
                 "operator"},                                                                      \
    {                                                                                              \
        .name = "comment", .type = OC_OPT_STRING, .offset = AT(o.comment),                         \
        .help = "what it is for"                                                                   \
    }

static const struct oc_option add_options[] = {MEMBERS(OC_OPT_REQUIRED), {0}};
static const struct oc_option edit_options[] = {MEMBERS(0), {0}};
#undef AT

static void op_add(struct oc_call *call, void *ctx)
{
    struct oc_error err;
    oc_error_init(&err);
    json_t *json = given(call, &err);
    struct oc_cron_entry *e = json ? oc_cron_make(ctx, json, oc_call_actor(call), &err) : NULL;
    if (e) {
        answer(call, e);
    } else {
        oc_call_fail(call, &err);
    }
}

static const struct oc_op add_op = {
    .name = "cron.add",
    .summary = "Add a schedule; it survives restarts",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_MUTATES | OC_OP_EPHEMERAL,
    .params = add_options,
    .params_size = sizeof(struct add_params),
    .view = "record",
    .description =
        "Times are those of a crontab: five fields, names, lists, ranges and steps, @hourly to "
        "@yearly. A day is right when its day of month and its weekday are, and when one of them "
        "is as soon as neither begins with \"*\". A time that the clock skips in spring is due at "
        "the change, one that comes twice in autumn the first time; what is due every hour goes "
        "on through both.",
    .example = "openclaw cron add nightly-report --cron '30 2 * * mon-fri' --zone Europe/Berlin "
               "--op health.report\nopenclaw cron add probe --every 10m --op health.check --params "
               "'{\"refresh\": true}' --catch-up once",
    .handler = op_add,
};

/* ---- cron.edit ---- */

static int check_ours(const struct oc_cron_entry *e, const char *verb, struct oc_error *err)
{
    if (e->origin == OC_CRON_SET) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CONFLICT, "schedule %s is %s, it cannot be %s here", e->name,
                 e->origin == OC_CRON_SHIPPED ? "one of those that are shipped"
                                              : "written in the configuration",
                 verb);
    oc_error_hint(err,
                  "Write schedules = ( { name = \"%s\"; ... } ); in the configuration, or "
                  "`openclaw cron disable %s`.",
                  e->name, e->name);
    return OC_E_CONFLICT;
}

/* What is given over what was there; the one of cron and every that is given takes the other's place. */
static json_t *changed(const struct oc_cron_entry *e, json_t *json)
{
    json_t *out = json_deep_copy(e->def.json);
    if (json_object_get(json, "cron")) {
        json_object_del(out, "every");
    }
    if (json_object_get(json, "every")) {
        json_object_del(out, "cron");
    }
    json_object_update(out, json);
    json_decref(json);
    return out;
}

static int edit(struct oc_cron_service *s, struct oc_cron_entry *e, struct oc_call *call,
                struct oc_error *err)
{
    struct oc_cron_definition def = {0};
    const struct oc_actor *actor = oc_call_actor(call);
    json_t *json = given(call, err);
    int code = json ? OC_OK : err->code;
    if (code == OC_OK) {
        json = changed(e, json);
        oc_json_set_str(json, "author", actor->name);
        code = oc_cron_definition_init(&def, json, err);
    }
    if (code == OC_OK) {
        code = check_role(actor, e->def.o.role, err);
    }
    if (code == OC_OK) {
        code = check_definition(s, &def, actor, err);
    }
    if (code == OC_OK) {
        code = oc_cron_write_definition(s, &def, err);
    }
    if (code == OC_OK) {
        oc_cron_entry_change(e, &def, OC_CRON_SET);
        oc_cron_flush(s, NULL);
        oc_cron_wake(s);
    }
    oc_cron_definition_finish(&def);
    return code;
}

static void op_edit(struct oc_call *call, void *ctx)
{
    struct oc_cron_service *s = ctx;
    const struct add_params *p = oc_call_params(call);
    struct oc_cron_entry *e = oc_cron_named(call, s, p->o.name);
    struct oc_error err;
    oc_error_init(&err);
    if (!e) {
        return;
    }
    if (check_ours(e, "changed", &err) != OC_OK || edit(s, e, call, &err) != OC_OK) {
        oc_call_fail(call, &err);
    } else {
        answer(call, e);
    }
}

static const struct oc_op edit_op = {
    .name = "cron.edit",
    .summary = "Change a schedule that was added; what is not given stays",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_MUTATES | OC_OP_EPHEMERAL,
    .params = edit_options,
    .params_size = sizeof(struct add_params),
    .view = "record",
    .description = "With other times it begins anew: what was due by the old ones is not missed.",
    .example = "openclaw cron edit probe --every 5m",
    .handler = op_edit,
};

/* ---- cron.remove ---- */

static void op_remove(struct oc_call *call, void *ctx)
{
    struct oc_cron_service *s = ctx;
    const struct oc_cron_name_params *p = oc_call_params(call);
    struct oc_cron_entry *e = oc_cron_named(call, s, p->name);
    struct oc_error err;
    oc_error_init(&err);
    if (!e) {
        return;
    }
    oc_cron_flush(s, NULL); /* no record of it is written after this */
    if (check_ours(e, "removed", &err) != OC_OK ||
        check_role(oc_call_actor(call), e->def.o.role, &err) != OC_OK ||
        oc_cron_forget(s, e->name, e->number, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    json_t *gone = oc_cron_entry_json(e);
    oc_json_set_str(gone, "status", "removed");
    oc_json_set_bool(gone, "enabled", false);
    oc_json_take(gone, "next", json_null());
    oc_json_take(gone, "next_clock", json_null());
    oc_cron_entry_drop(s, e);
    oc_cron_withdraw(s, call);
    oc_call_succeed(call, gone);
}

static const struct oc_op remove_op = {
    .name = "cron.remove",
    .summary = "Remove a schedule that was added, and its history",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_MUTATES | OC_OP_EPHEMERAL,
    .params = oc_cron_name_options,
    .params_size = sizeof(struct oc_cron_name_params),
    .view = "record",
    .description = "A run that is under way goes on to its end; one that waits for a decision is "
                   "withdrawn.",
    .example = "openclaw cron remove probe",
    .handler = op_remove,
};

void oc_cron_add_edit_ops(struct oc_cron_service *s)
{
    oc_ops_add(s->env.ops, &add_op, s);
    oc_ops_add(s->env.ops, &edit_op, s);
    oc_ops_add(s->env.ops, &remove_op, s);
}
