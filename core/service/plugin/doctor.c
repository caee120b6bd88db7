/* The operation plugin.doctor: what is wrong, and `--fix`. SPDX-License-Identifier: MIT */
#include "core/service/plugin/doctor.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/sys/crypto.h"
#include "core/sys/file.h"

#define COPY_MAX (16u << 20)

static const char *const severities[] = {"info", "warning", "error"};

void oc_doctor_add(json_t *findings, const char *id, enum doctor_severity severity,
                   const char *plugin, const struct doctor_fix *fix, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *message = oc_vasprintf(fmt, ap);
    va_end(ap);
    json_t *o = json_object();
    oc_json_set_str(o, "id", id);
    oc_json_set_str(o, "severity", severities[severity]);
    oc_json_set_str(o, "plugin", plugin);
    oc_json_set_str(o, "message", message);
    oc_json_set_str(o, "fix", fix ? fix->command : NULL);
    oc_json_set_bool(o, "safe", fix && fix->op);
    if (fix && fix->op) {
        oc_json_set_str(o, "op", fix->op);
        oc_json_take(o, "params", fix->params ? fix->params : json_object());
    }
    json_array_append_new(findings, o);
    free(message);
}

json_t *oc_doctor_look(struct oc_plugin_service *s)
{
    json_t *findings = json_array();
    oc_doctor_plugins(s, findings);
    oc_doctor_packages(s, findings);
    oc_doctor_registries(s, findings);
    return findings;
}

/* ---- the plan ---- */

struct params {
    int32_t fix, dry_run;
    const char *plan;
};
static const struct oc_option options[] = {
    {.name = "fix",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct params, fix),
     .help = "carry out the fixes that lose nothing, after showing them"},
    {.name = "dry_run",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct params, dry_run),
     .help = "with --fix: only show what would be done"},
    {.name = "plan",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct params, plan),
     .help = "with --fix: the hash of the plan that was shown; another one is refused"},
    {0}};

/* One action for each command: two findings may have the same remedy. */
static json_t *actions_of(const json_t *findings)
{
    json_t *actions = json_array(), *finding, *action;
    size_t i, k;
    json_array_foreach(findings, i, finding)
    {
        const char *command = oc_json_str(finding, "fix", "");
        bool planned = !oc_json_bool(finding, "safe", false);
        json_array_foreach(actions, k, action)
        {
            planned = planned || strcmp(oc_json_str(action, "command", ""), command) == 0;
        }
        if (!planned) {
            json_array_append_new(actions, json_pack("{s:s,s:s,s:s,s:s,s:O}", "do", "fix", "name",
                                                     oc_json_str(finding, "id", ""), "command",
                                                     command, "op", oc_json_str(finding, "op", ""),
                                                     "params", json_object_get(finding, "params")));
        }
    }
    return actions;
}

static void hash_of(const json_t *actions, char hex[OC_SHA256_HEX])
{
    char *text = oc_json_text(actions);
    oc_sha256_hex(text, strlen(text), hex);
    free(text);
}

static json_t *plan_json(const json_t *findings, const json_t *actions)
{
    char hex[OC_SHA256_HEX];
    hash_of(actions, hex);
    json_t *o = json_object(), *warnings = json_array(), *finding;
    size_t i;
    json_array_foreach(findings, i, finding)
    {
        const char *fix = oc_json_str(finding, "fix", NULL);
        if (!oc_json_bool(finding, "safe", false) && fix) {
            char *text =
                oc_asprintf("%s is left to you: `%s`", oc_json_str(finding, "id", ""), fix);
            json_array_append_new(warnings, json_string(text));
            free(text);
        }
    }
    oc_json_set_bool(o, "dry_run", true);
    oc_json_set_str(o, "plan", hex);
    json_object_set(o, "actions", (json_t *)actions);
    oc_json_take(o, "permissions", json_array());
    oc_json_set_str(o, "consent", "none");
    oc_json_take(o, "warnings", warnings);
    return o;
}

/* ---- carrying it out ---- */

struct repair {
    struct oc_plugin_service *service;
    struct oc_call *call; /* NULL once the caller has given up */
    struct oc_call *inner;
    json_t *actions, *results;
    size_t next;
    char *copy;
};

static void copy_file(const char *from, const char *dir, const char *name)
{
    struct oc_buf text = {0};
    char *to = oc_path_join(dir, name);
    if (oc_file_read(from, COPY_MAX, &text, NULL) == OC_OK) {
        oc_file_write(to, text.data ? text.data : "", text.len, 0600, NULL);
    }
    oc_buf_finish(&text);
    free(to);
}

/* The configuration and the state as they were; the folder's path, owned, or NULL when it cannot be made. */
static char *keep_copy(const struct oc_plugin_service *s, struct oc_error *err)
{
    char *name = oc_asprintf("doctor/%lld", (long long)oc_time_wall());
    char *dir = oc_path_join(s->env.home, name);
    const char *config = oc_config_file(s->hooks.config(s->hooks.ctx));
    free(name);
    if (oc_dir_make(dir, 0700, err) != OC_OK) {
        free(dir);
        return NULL;
    }
    char *state = oc_path_join(s->env.home, "packages/current/state.json");
    copy_file(state, dir, "state.json");
    if (config) {
        copy_file(config, dir, "openclaw.conf");
    }
    free(state);
    return dir;
}

static void repair_end(struct repair *r)
{
    struct oc_call *call = r->call;
    json_t *o = json_object();
    oc_json_set_str(o, "copy", r->copy);
    oc_json_take(o, "actions", r->results);
    oc_json_take(o, "findings", oc_doctor_look(r->service));
    json_decref(r->actions);
    free(r->copy);
    free(r);
    if (call) {
        oc_call_succeed(call, o);
    } else {
        json_decref(o);
    }
}

static void repair_next(void *ctx);

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct repair *r = ctx;
    json_t *action = json_deep_copy(json_array_get(r->actions, r->next++));
    (void)result;
    oc_json_set_bool(action, "ok", code == OC_OK);
    oc_json_set_str(action, "message", code == OC_OK ? NULL : err->message);
    json_array_append_new(r->results, action);
    r->inner = NULL;
    oc_loop_post(r->service->env.loop, repair_next, r);
}

static void repair_next(void *ctx)
{
    struct repair *r = ctx;
    const json_t *action = json_array_get(r->actions, r->next);
    if (!action || !r->call) {
        repair_end(r);
        return;
    }
    struct oc_call_request req = {.op = oc_json_str(action, "op", ""),
                                  .params = json_deep_copy(json_object_get(action, "params")),
                                  .actor = *oc_call_actor(r->call),
                                  .on_done = on_done,
                                  .ctx = r};
    struct oc_call *inner = oc_ops_call(r->service->env.ops, &req);
    r->inner = inner;
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    struct repair *r = ctx;
    r->call = NULL;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled between two fixes");
    if (r->inner) {
        oc_call_cancel(r->inner);
    }
}

static void repair_start(struct oc_plugin_service *s, struct oc_call *call, json_t *actions)
{
    struct oc_error err;
    oc_error_init(&err);
    char *copy = keep_copy(s, &err);
    if (!copy) {
        json_decref(actions);
        oc_call_fail(call, &err);
        return;
    }
    struct repair *r = oc_calloc(1, sizeof *r);
    r->service = s;
    r->call = call;
    r->actions = actions;
    r->results = json_array();
    r->copy = copy;
    oc_call_on_cancel(call, on_cancel, r);
    repair_next(r);
}

/* ---- the operation ---- */

/* How a fix is carried out is not told. */
static json_t *public_findings(json_t *findings /* taken */)
{
    size_t i;
    json_t *finding;
    json_array_foreach(findings, i, finding)
    {
        json_object_del(finding, "op");
        json_object_del(finding, "params");
    }
    return findings;
}

static void op_doctor(struct oc_call *call, void *ctx)
{
    struct oc_plugin_service *s = ctx;
    const struct params *p = oc_call_params(call);
    json_t *findings = oc_doctor_look(s);
    if (!p->fix) {
        oc_call_succeed(call, public_findings(findings));
        return;
    }
    json_t *actions = actions_of(findings);
    char hex[OC_SHA256_HEX];
    hash_of(actions, hex);
    if (p->dry_run) {
        oc_call_succeed(call, plan_json(findings, actions));
        json_decref(actions);
    } else if (p->plan && strcmp(p->plan, hex) != 0) {
        oc_call_failf(call, OC_E_CONFLICT, "Look again: `openclaw plugin doctor --fix --dry-run`.",
                      "what is wrong is no longer what the plan was made for");
        json_decref(actions);
    } else if (oc_call_actor(call)->role < OC_ROLE_ADMIN) {
        oc_call_failf(call, OC_E_DENIED, NULL, "plugin.doctor --fix needs the role admin");
        json_decref(actions);
    } else {
        repair_start(s, call, actions);
    }
    json_decref(findings);
}

static const struct oc_op doctor_op = {
    .name = "plugin.doctor",
    .summary =
        "Look for what is wrong with plugins and packages, with a command against each finding",
    .flags = OC_OP_EPHEMERAL | OC_OP_PLANS,
    .params = options,
    .params_size = sizeof(struct params),
    .view = "custom:plugin_doctor",
    .description =
        "Each finding has an id, a severity, and the exact command that mends it. `--fix` shows "
        "what it would do, keeps a copy of the configuration and of the state, and carries out the "
        "fixes that lose nothing; the others are left to you. Exits 1 when there is an error.",
    .example = "openclaw plugin doctor\nopenclaw plugin doctor --fix --dry-run",
    .handler = op_doctor,
};

void oc_plugin_add_doctor_op(struct oc_plugin_service *s)
{
    oc_ops_add(s->env.ops, &doctor_op, s);
}
