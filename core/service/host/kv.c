/* What plugins may keep: key/value in a space of each instance's own. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/service/host/internal.h"

#define VALUE_MAX  65536u
#define KEYS_MAX   256u /* of one instance */
#define SPACE_SIZE 160  /* "kv:", two names and what is between them */

struct params {
    const char *key;
};
#define KEY_OPTION                                                                                 \
    {                                                                                              \
        .name = "key", .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED,                            \
        .offset = offsetof(struct params, key), .help = "the key, at most 200 bytes"               \
    }
#define VALUE_OPTION                                                                               \
    {                                                                                              \
        .name = "value", .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED,                          \
        .offset = offsetof(struct put_params, value), .help = "text to keep, at most 64 KB"        \
    }
struct put_params {
    const char *key, *value;
};
static const struct oc_option get_options[] = {KEY_OPTION, {0}};
static const struct oc_option put_options[] = {KEY_OPTION, VALUE_OPTION, {0}};

/* "plugin:redis/main-db" keeps in "kv:redis/main-db": a plugin never sees what another one keeps, be their instances of one name.
 * Hosts of old kept by the name of the instance alone: whoever asks first for what is kept under it has it. False: that cannot be
 * taken over, and the call has been failed; as if nothing were there, it would be overwritten. */
static bool find_space(const struct oc_host_service *s, struct oc_call *call,
                       char space[SPACE_SIZE])
{
    char old[SPACE_SIZE];
    struct oc_error err;
    const char *actor = oc_call_actor(call)->name, *instance;
    oc_error_init(&err);
    snprintf(space, SPACE_SIZE, "kv:%s", oc_starts(actor, "plugin:") ? actor + 7 : actor);
    instance = strchr(space, '/');
    if (!instance) {
        return true;
    }
    snprintf(old, sizeof old, "kv:%s", instance + 1);
    if (oc_kv_move(s->env.store, old, space, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return false;
    }
    return true;
}

static void op_get(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    const struct params *p = oc_call_params(call);
    char space[SPACE_SIZE];
    if (!find_space(s, call, space)) {
        return;
    }
    json_t *value = oc_kv_get(s->env.store, space, p->key);
    json_t *result = json_object();
    oc_json_take(result, "value", value ? value : json_null());
    oc_call_succeed(call, result);
}

static bool has_room(struct oc_store *store, const char *space, const char *key)
{
    json_t *all = oc_kv_all(store, space);
    bool room = json_object_get(all, key) || json_object_size(all) < KEYS_MAX;
    json_decref(all);
    return room;
}

static void op_put(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    const struct put_params *p = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    char space[SPACE_SIZE];
    if (strlen(p->key) > 200 || strlen(p->value) > VALUE_MAX) {
        oc_call_failf(call, OC_E_CONFIG, NULL, "the key or the value is too long");
        return;
    }
    if (!find_space(s, call, space)) {
        return;
    }
    if (!has_room(s->env.store, space, p->key)) {
        oc_call_failf(call, OC_E_CONFLICT, "Remove keys with kv.remove.",
                      "an instance keeps at most %u keys", KEYS_MAX);
        return;
    }
    json_t *value = json_string(p->value);
    int rc = oc_kv_put(s->env.store, space, p->key, value, false, &err);
    json_decref(value);
    if (rc == OC_OK) {
        oc_call_succeed(call, json_object());
    } else {
        oc_call_fail(call, &err);
    }
}

static void op_remove(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    const struct params *p = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    char space[SPACE_SIZE];
    if (!find_space(s, call, space)) {
        return;
    }
    if (oc_kv_remove(s->env.store, space, p->key, false, &err) == OC_OK) {
        oc_call_succeed(call, json_object());
    } else {
        oc_call_fail(call, &err);
    }
}

static const struct oc_op get_op = {.name = "kv.get",
                                    .summary = "Read a value that this plugin has kept",
                                    .flags = OC_OP_INTERNAL,
                                    .params = get_options,
                                    .params_size = sizeof(struct params),
                                    .handler = op_get};
static const struct oc_op put_op = {.name = "kv.put",
                                    .summary = "Keep a value for this plugin",
                                    .role = OC_ROLE_OPERATOR,
                                    .flags = OC_OP_INTERNAL,
                                    .params = put_options,
                                    .params_size = sizeof(struct put_params),
                                    .handler = op_put};
static const struct oc_op remove_op = {.name = "kv.remove",
                                       .summary = "Forget a value that this plugin has kept",
                                       .role = OC_ROLE_OPERATOR,
                                       .flags = OC_OP_INTERNAL,
                                       .params = get_options,
                                       .params_size = sizeof(struct params),
                                       .handler = op_remove};

void oc_host_add_kv_ops(struct oc_host_service *s)
{
    oc_ops_add(s->env.ops, &get_op, s);
    oc_ops_add(s->env.ops, &put_op, s);
    oc_ops_add(s->env.ops, &remove_op, s);
}
