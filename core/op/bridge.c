/* Between plugins and operations, in both directions. SPDX-License-Identifier: MIT */
#include "core/op/bridge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/base/vec.h"
#include "core/config/bind.h"

#define PLUGIN_OP_TIMEOUT    (30 * OC_SECOND)
#define PLUGIN_OP_PARAMS_MAX 16

/* An operation that a manifest declares. Its parameters are checked by type and handed on as JSON; nothing reads the bound
 * struct. */
struct plugin_op {
    struct oc_bridge *bridge;
    struct oc_arena arena;
    struct oc_op op;
    struct oc_option params[PLUGIN_OP_PARAMS_MAX + 2]; /* + instance + end */
    char *plugin, *method;
    json_t *json; /* owned: as the manifest says it */
};

struct oc_bridge {
    struct oc_ops *ops;
    struct oc_plugins *plugins;
    struct oc_instance *(*find)(void *ctx, const char *plugin, const char *name);
    void *ctx;
    OC_VEC(struct plugin_op *) added;
    OC_VEC(struct plugin_op *) gone; /* a call may still be in them */
};

/* ---- plugin -> operation ---- */

/* A plugin waits for one answer; rows that never end and work on files in the daemon's own thread are not for it. */
#define NOT_FOR_PLUGINS (OC_OP_STREAMS | OC_OP_PRIVATE)

struct host_call {
    void (*done)(void *ctx, int code, json_t *result, const struct oc_error *err);
    void *ctx;
};

static void host_call_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct host_call *hc = ctx;
    hc->done(hc->ctx, code, result ? json_deep_copy(result) : NULL, err);
    free(hc);
}

static void host_call(void *ctx, struct oc_instance *instance, const char *op, json_t *params,
                      void (*done)(void *, int, json_t *, const struct oc_error *), void *done_ctx)
{
    struct oc_bridge *b = ctx;
    const struct oc_op *known = oc_ops_find(b->ops, op);
    if (known && known->flags & NOT_FOR_PLUGINS) {
        struct oc_error err;
        oc_error_init(&err);
        oc_error_set(&err, OC_E_UNSUPPORTED, "%s cannot be called by a plugin", op);
        json_decref(params);
        done(done_ctx, err.code, NULL, &err);
        return;
    }
    char actor[160];
    snprintf(actor, sizeof actor, "plugin:%s/%s", oc_plugin_name(oc_instance_plugin(instance)),
             oc_instance_name(instance));
    struct host_call *hc = oc_alloc(sizeof *hc);
    hc->done = done;
    hc->ctx = done_ctx;
    struct oc_call_request req = {.op = op,
                                  .params = params,
                                  .actor = {.name = actor, .role = OC_ROLE_OPERATOR},
                                  .on_done = host_call_done,
                                  .ctx = hc};
    oc_ops_call(b->ops, &req);
}

/* ---- operation -> plugin ---- */

struct forward {
    struct oc_call *call;
    struct oc_instance *instance; /* it answers before it goes, so it outlives this */
    uint64_t id;
    json_t *rows; /* what the method emitted */
};

static void forward_records(void *ctx, const struct oc_record *records, size_t count)
{
    struct forward *f = ctx;
    for (size_t i = 0; i < count; i++) {
        const struct oc_record *r = &records[i];
        if (r->type == OC_RECORD_PROGRESS) {
            char *text = oc_strndup(r->text.ptr ? r->text.ptr : "", r->text.len);
            oc_call_progress(f->call, r->value, text);
            free(text);
        } else if (r->type == OC_RECORD_JSON) {
            json_t *row = oc_json_parse(r->text.ptr, r->text.len, NULL);
            if (row) {
                json_array_append_new(f->rows, row);
            }
        }
    }
}

static void forward_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct forward *f = ctx;
    (void)took_ms;
    if (code != OC_OK) {
        json_decref(f->rows);
        oc_call_fail(f->call, err);
    } else if (json_array_size(f->rows) == 1) {
        oc_call_succeed(f->call, json_incref(json_array_get(f->rows, 0)));
        json_decref(f->rows);
    } else {
        oc_call_succeed(f->call, f->rows);
    }
    free(f);
}

static void forward_cancel(struct oc_call *call, void *ctx)
{
    const struct forward *f = ctx;
    (void)call;
    oc_instance_cancel(f->instance, f->id);
}

static void plugin_op_run(struct oc_call *call, void *ctx)
{
    struct plugin_op *po = ctx;
    struct oc_error err;
    oc_error_init(&err);
    const char *name = oc_json_str(oc_call_json(call), "instance", NULL);
    struct oc_instance *instance = po->bridge->find(po->bridge->ctx, po->plugin, name);
    if (!instance) {
        oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw plugin why PLUGIN` shows what is missing.",
                      name ? "no instance of plugin %s is named %s"
                           : "plugin %s has no running instance",
                      po->plugin, name);
        return;
    }
    struct forward *f = oc_alloc(sizeof *f);
    f->call = call;
    f->instance = instance;
    f->rows = json_array();
    json_t *plain = oc_call_plain(
        call); /* what the gate decided about, and not a word that means it here only */
    char *params = oc_json_text(plain);
    json_decref(plain);
    struct oc_invocation inv = {.method = po->method,
                                .params = params,
                                .timeout_ms = PLUGIN_OP_TIMEOUT,
                                .on_records = forward_records,
                                .on_done = forward_done,
                                .ctx = f};
    if (oc_instance_call(instance, &inv, &f->id, &err) == OC_OK) {
        oc_call_on_cancel(call, forward_cancel, f);
    } else {
        json_decref(f->rows);
        free(f);
        oc_call_fail(call, &err);
    }
    free(params);
}

/* The words of the manifest; what is nested cannot be given on a command line. */
static uint32_t option_type(const char *name)
{
    static const char *const words[] = {
        [OC_OPT_BOOL] = "bool",         [OC_OPT_INT] = "int",         [OC_OPT_FLOAT] = "float",
        [OC_OPT_DURATION] = "duration", [OC_OPT_SIZE] = "size",       [OC_OPT_STRING] = "string",
        [OC_OPT_SECRET] = "secret",     [OC_OPT_ENUM] = "enum",       [OC_OPT_PATH] = "path",
        [OC_OPT_URL] = "url",           [OC_OPT_STRINGS] = "strings", [OC_OPT_INTS] = "ints"};
    for (uint32_t type = OC_OPT_BOOL; type < OC_COUNT(words); type++) {
        if (strcmp(words[type], name) == 0) {
            return type;
        }
    }
    return 0;
}

static uint32_t op_flags(const json_t *op)
{
    uint32_t flags = 0;
    size_t i;
    json_t *flag;
    json_array_foreach(json_object_get(op, "flags"), i, flag)
    {
        const char *name = json_string_value(flag);
        if (name && strcmp(name, "mutates") == 0) {
            flags |= OC_OP_MUTATES;
        } else if (name && strcmp(name, "destructive") == 0) {
            flags |= OC_OP_DESTRUCTIVE;
        } else if (name && strcmp(name, "internal") == 0) {
            flags |= OC_OP_INTERNAL;
        } else if (name && strcmp(name, "replay_safe") == 0) {
            flags |= OC_OP_REPLAY_SAFE;
        } else if (name && strcmp(name, "acts") == 0) {
            flags |= OC_OP_ACTS;
        }
    }
    return flags;
}

static enum oc_role op_role(const json_t *op)
{
    const char *role = oc_json_str(op, "role", "operator");
    if (strcmp(role, "viewer") == 0) {
        return OC_ROLE_VIEWER;
    }
    return strcmp(role, "admin") == 0 ? OC_ROLE_ADMIN : OC_ROLE_OPERATOR;
}

/* A copy that lives as long as the operation; NULL when there is no such text. */
static const char *text_of(struct plugin_op *po, const json_t *json, const char *key)
{
    const char *text = oc_json_str(json, key, NULL);
    return text ? oc_arena_strdup(&po->arena, text) : NULL;
}

/* As it would be written in a configuration. */
static const char *default_of(struct plugin_op *po, const json_t *p)
{
    const json_t *value = json_object_get(p, "default");
    if (!value || json_is_null(value) || json_is_string(value)) {
        return text_of(po, p, "default");
    }
    char *text = oc_json_text(value);
    const char *kept = oc_arena_strdup(&po->arena, text);
    free(text);
    return kept;
}

/* It is for people: one that the parameter cannot have, such as "unlimited" for a number, is not shown and takes nothing away. Of a
 * secret that is any: a reference would be read, and the files and the environment are ours. */
static bool default_fits(const struct oc_option *o)
{
    if (o->type == OC_OPT_SECRET) {
        return false;
    }
    struct oc_option alone[2] = {*o};
    struct oc_error err;
    oc_error_init(&err);
    alone[0].offset = 0;
    return oc_options_check(alone, sizeof *alone, sizeof(struct oc_list), &err) == OC_OK;
}

static void fill_param(struct plugin_op *po, struct oc_option *o, const json_t *p)
{
    o->name = oc_arena_strdup(&po->arena, oc_json_str(p, "name", ""));
    o->type = option_type(oc_json_str(p, "type", "string"));
    o->flags = (oc_json_bool(p, "required", false) ? OC_OPT_REQUIRED : 0) |
               (oc_json_bool(p, "positional", false) ? OC_OPT_POSITIONAL : 0) |
               (oc_json_bool(p, "advanced", false) ? OC_OPT_ADVANCED : 0);
    o->choices = text_of(po, p, "choices");
    o->min = oc_json_num(p, "min", 0);
    o->max = oc_json_num(p, "max", 0);
    o->help = oc_arena_strdup(&po->arena, oc_json_str(p, "help", ""));
    o->default_text = default_of(po, p);
    if (!default_fits(o)) {
        o->default_text = NULL;
    }
}

static bool fill_params(struct plugin_op *po, const json_t *params)
{
    size_t i, n = 0;
    json_t *p;
    json_array_foreach(params, i, p)
    {
        if (n == PLUGIN_OP_PARAMS_MAX) {
            return false;
        }
        struct oc_option *o = &po->params[n];
        fill_param(po, o, p);
        o->offset = (uint32_t)(n++ * sizeof(struct oc_list));
        if (!o->type) {
            return false;
        }
    }
    po->params[n] = (struct oc_option){.name = "instance",
                                       .type = OC_OPT_STRING,
                                       .offset = (uint32_t)(n * sizeof(struct oc_list)),
                                       .help = "which instance to ask"};
    return true;
}

static void plugin_op_free(struct plugin_op *po)
{
    json_decref(po->json);
    oc_arena_finish(&po->arena);
    free(po);
}

static struct plugin_op *find_added(const struct oc_bridge *b, const struct oc_manifest *m,
                                    const char *name)
{
    for (size_t i = 0; i < b->added.count; i++) {
        struct plugin_op *po = b->added.items[i];
        if (strcmp(po->op.name, name) == 0 && strcmp(po->plugin, m->name) == 0) {
            return po;
        }
    }
    return NULL;
}

/* It has given way to one of the host's own, and that is gone. */
static void come_back(struct plugin_op *po)
{
    struct oc_ops *ops = po->bridge->ops;
    if (!oc_ops_find(ops, po->op.name)) {
        oc_ops_add_plugin(ops, &po->op, po, po->plugin, NULL); /* it was sound before */
    }
}

static struct plugin_op *plugin_op_create(struct oc_bridge *b, const struct oc_manifest *m,
                                          const json_t *json)
{
    struct plugin_op *po = oc_calloc(1, sizeof *po);
    po->bridge = b;
    po->plugin = oc_arena_strdup(&po->arena, m->name);
    po->method = oc_arena_strdup(&po->arena, oc_json_str(json, "method", ""));
    po->json = json_deep_copy(json);
    po->op.name = oc_arena_strdup(&po->arena, oc_json_str(json, "name", ""));
    po->op.summary = oc_arena_strdup(&po->arena, oc_json_str(json, "summary", ""));
    po->op.view = text_of(po, json, "view");
    po->op.description = text_of(po, json, "description");
    po->op.example = text_of(po, json, "example");
    po->op.role = op_role(json);
    po->op.flags = op_flags(json);
    po->op.params = po->params;
    po->op.params_size = sizeof(struct oc_list) * (PLUGIN_OP_PARAMS_MAX + 1);
    po->op.handler = plugin_op_run;
    return po;
}

static int plugin_op_add(struct plugin_op *po, const json_t *params, struct oc_error *err)
{
    if (!*po->method || !oc_name_valid(po->op.name)) {
        return oc_error_set(err, OC_E_CONFIG, "it needs a name and a method");
    }
    if (!fill_params(po, params)) {
        return oc_error_set(err, OC_E_CONFIG, "expected at most %d parameters, none of them nested",
                            PLUGIN_OP_PARAMS_MAX);
    }
    int rc = oc_options_check(po->params, sizeof *po->params, po->op.params_size, err);
    return rc == OC_OK ? oc_ops_add_plugin(po->bridge->ops, &po->op, po, po->plugin, err) : rc;
}

static void add_op(struct oc_bridge *b, const struct oc_manifest *m, const json_t *json)
{
    struct plugin_op *po = find_added(b, m, oc_json_str(json, "name", ""));
    if (po) {
        come_back(po);
        return;
    }
    struct oc_error err;
    oc_error_init(&err);
    po = plugin_op_create(b, m, json);
    if (plugin_op_add(po, json_object_get(json, "params"), &err) == OC_OK) {
        OC_VEC_PUSH(&b->added, po);
        return;
    }
    oc_warn("operation of a plugin left out", "plugin=%s operation=%s reason=%s", m->name,
            po->op.name, err.message);
    plugin_op_free(po);
}

static void add_ops(void *ctx, struct oc_plugin *plugin)
{
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    size_t i;
    json_t *op;
    if (!m) {
        return;
    }
    json_array_foreach(json_object_get(m->json, "operations"), i, op)
    {
        add_op(ctx, m, op);
    }
}

/* The manifest of a plugin that was updated may say something else under the same name. */
static bool still_means(const struct plugin_op *po)
{
    const struct oc_plugin *plugin = oc_plugin_find(po->bridge->plugins, po->plugin);
    const struct oc_manifest *m = plugin ? oc_plugin_manifest(plugin) : NULL;
    size_t i;
    json_t *op;
    json_array_foreach(json_object_get(m ? m->json : NULL, "operations"), i, op)
    {
        if (strcmp(oc_json_str(op, "name", ""), po->op.name) == 0) {
            return json_equal(op, po->json);
        }
    }
    return false;
}

static void remove_gone(struct oc_bridge *b)
{
    for (size_t i = b->added.count; i-- > 0;) {
        struct plugin_op *po = b->added.items[i];
        if (!still_means(po)) {
            oc_ops_remove_plugin(b->ops, &po->op);
            OC_VEC_REMOVE(&b->added, i);
            OC_VEC_PUSH(&b->gone, po);
        }
    }
}

void oc_bridge_refresh(struct oc_bridge *b)
{
    remove_gone(b);
    oc_plugins_each(b->plugins, add_ops, b);
}

struct oc_bridge *oc_bridge_create(struct oc_ops *ops, struct oc_plugins *plugins,
                                   struct oc_instance *(*find)(void *, const char *, const char *),
                                   void *ctx)
{
    struct oc_bridge *b = oc_calloc(1, sizeof *b);
    b->ops = ops;
    b->plugins = plugins;
    b->find = find;
    b->ctx = ctx;
    oc_plugins_set_host(plugins, host_call, b);
    return b;
}

void oc_bridge_destroy(struct oc_bridge *b)
{
    if (!b) {
        return;
    }
    oc_plugins_set_host(b->plugins, NULL, NULL);
    for (size_t i = 0; i < b->added.count; i++) {
        oc_ops_remove_plugin(b->ops, &b->added.items[i]->op);
        plugin_op_free(b->added.items[i]);
    }
    for (size_t i = 0; i < b->gone.count; i++) {
        plugin_op_free(b->gone.items[i]);
    }
    OC_VEC_FINISH(&b->added);
    OC_VEC_FINISH(&b->gone);
    free(b);
}
