/* The operation table. SPDX-License-Identifier: MIT */
#include "core/op/op.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/config/bind.h"
#include "core/config/command.h"
#include "core/op/internal.h"

struct oc_ops *oc_ops_create(struct oc_loop *loop, struct oc_bus *bus)
{
    struct oc_ops *ops = oc_calloc(1, sizeof *ops);
    ops->loop = loop;
    ops->bus = bus;
    return ops;
}

void oc_ops_destroy(struct oc_ops *ops)
{
    if (!ops) {
        return;
    }
    oc_ops_cancel_all(ops);
    while (ops->calls) {
        oc_call_free(ops->calls);
    }
    oc_map_finish(&ops->table, free);
    free(ops);
}

/* A parameter that a command line would take for its own could be given everywhere but there. */
static int check_names(const struct oc_op *op, struct oc_error *err)
{
    for (const struct oc_option *o = op->params; o && o->name; o++) {
        if (oc_command_option(o->name)) {
            return oc_error_set(err, OC_E_CONFIG, "parameter %s: every command has that option",
                                o->name);
        }
    }
    return OC_OK;
}

static int add(struct oc_ops *ops, const struct oc_op *op, void *ctx, const char *plugin,
               struct oc_error *err)
{
    if (oc_map_get(&ops->table, op->name)) {
        return oc_error_set(err, OC_E_CONFLICT, "operation %s exists already", op->name);
    }
    const int rc = check_names(op, err);
    if (rc != OC_OK) {
        return rc;
    }
    struct oc_op_slot *slot = oc_alloc(sizeof *slot);
    *slot = (struct oc_op_slot){.op = op, .ctx = ctx, .plugin = plugin};
    oc_map_set(&ops->table, op->name, slot);
    ops->generation++;
    return OC_OK;
}

int oc_ops_add_plugin(struct oc_ops *ops, const struct oc_op *op, void *ctx, const char *plugin,
                      struct oc_error *err)
{
    return add(ops, op, ctx, plugin, err);
}

/* A part of the host that is switched on later finds its names taken by whoever was there before. */
static void take_over(struct oc_ops *ops, const char *name)
{
    const struct oc_op_slot *slot = oc_map_get(&ops->table, name);
    if (slot && slot->plugin) {
        oc_warn("an operation of a plugin gives way to the host's own", "operation=%s", name);
        oc_ops_remove(ops, name);
    }
}

void oc_ops_add(struct oc_ops *ops, const struct oc_op *op, void *ctx)
{
    struct oc_error err;
    oc_error_init(&err);
    take_over(ops, op->name);
    int rc = add(ops, op, ctx, NULL, &err);
    if (rc == OC_OK && op->params) {
        rc = oc_options_check(op->params, sizeof *op->params, op->params_size, &err);
    }
    if (rc != OC_OK) {
        oc_err("bad operation", "operation=%s reason=%s", op->name, err.message);
        oc_assert_fail("the description of an operation is sound", __FILE__, __LINE__);
    }
}

void oc_ops_remove(struct oc_ops *ops, const char *name)
{
    free(oc_map_remove(&ops->table, name));
    ops->generation++;
}

void oc_ops_remove_plugin(struct oc_ops *ops, const struct oc_op *op)
{
    const struct oc_op_slot *slot = oc_map_get(&ops->table, op->name);
    if (slot && slot->op == op) {
        oc_ops_remove(ops, op->name);
    }
}

uint64_t oc_ops_generation(const struct oc_ops *ops)
{
    return ops->generation;
}

const struct oc_op *oc_ops_find(struct oc_ops *ops, const char *name)
{
    struct oc_op_slot *slot = oc_map_get(&ops->table, name);
    return slot ? slot->op : NULL;
}

const char *oc_ops_plugin(struct oc_ops *ops, const char *name)
{
    const struct oc_op_slot *slot = oc_map_get(&ops->table, name);
    return slot ? slot->plugin : NULL;
}

bool oc_ops_any_secret(const struct oc_ops *ops, const char *name)
{
    const char *key;
    void *slot;
    for (size_t it = 0; oc_map_next(&ops->table, &it, &key, &slot);) {
        for (const struct oc_option *o = ((struct oc_op_slot *)slot)->op->params; o && o->name;
             o++) {
            if (o->type == OC_OPT_SECRET && strcmp(o->name, name) == 0) {
                return true;
            }
        }
    }
    return false;
}

void oc_ops_set_gate(struct oc_ops *ops, oc_gate_fn gate, void *ctx)
{
    ops->gate = gate;
    ops->gate_ctx = ctx;
}
