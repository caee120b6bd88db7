/* config.keys: what can be configured, by section. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/host/internal.h"

struct keys_params {
    const char *key;
};
static const struct oc_option keys_options[] = {
    {.name = "key",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = offsetof(struct keys_params, key),
     .help = "only those that begin so, for example store"},
    {0}};

/* Keys of one table of options; those of a group are named through it, those of a list's items stand with the list. */
static void add_keys(json_t *rows, const char *section, const json_t *options, const char *begin)
{
    const json_t *option;
    size_t i;
    json_array_foreach(options, i, option)
    {
        char *key = oc_asprintf("%s.%s", section, oc_json_str(option, "name", ""));
        const json_t *inner = json_object_get(option, "options");
        if (strcmp(oc_json_str(option, "type", ""), "group") == 0 && json_array_size(inner) > 0) {
            add_keys(rows, key, inner, begin);
        } else if (oc_starts(key, begin)) {
            json_t *row = json_object(), *choices = json_object_get(option, "choices");
            oc_json_set_str(row, "key", key);
            oc_json_set_str(row, "type", oc_json_str(option, "type", ""));
            oc_json_set_str(row, "default", oc_json_str(option, "default", NULL));
            oc_json_take(row, "choices", choices ? json_incref(choices) : json_null());
            oc_json_set_str(row, "help", oc_json_str(option, "help", ""));
            json_array_append_new(rows, row);
        }
        free(key);
    }
}

static void op_keys(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    const struct keys_params *p = oc_call_params(call);
    json_t *sections = s->hooks.sections(s->hooks.ctx), *options, *rows = json_array();
    const char *section, *begin = p->key ? p->key : "";
    json_object_foreach(sections, section, options)
    {
        add_keys(rows, section, options, begin);
    }
    json_decref(sections);
    if (json_array_size(rows) == 0) {
        json_decref(rows);
        oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw config keys` lists all there are.",
                      "no key begins with %s", begin);
        return;
    }
    oc_call_succeed(call, rows);
}

static const struct oc_op keys_op = {
    .name = "config.keys",
    .summary = "List the keys that can be configured, with their defaults",
    .flags = OC_OP_EPHEMERAL,
    .params = keys_options,
    .params_size = sizeof(struct keys_params),
    .view = "table:key=Key,type=Type,default=Default,help=Help",
    .description = "Those of the host's own sections. What a plugin takes stands in the section of "
                   "its instance: "
                   "`openclaw plugin info NAME` lists it.",
    .example = "openclaw config keys store",
    .result =
        "[{key: string, type: string, default: string|null, choices: [string]|null, help: string}]",
    .handler = op_keys,
};

void oc_host_add_keys_op(struct oc_host_service *s)
{
    oc_ops_add(s->env.ops, &keys_op, s);
}
