/* From our shapes to the original's. SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/compat/compat.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/config/import/import.h"

/* ---- alerts ---- */

void oc_compat_alert(json_t *alert)
{
    json_t *ack = json_object_get(alert, "acknowledged");
    bool acknowledged = json_is_object(ack) || json_is_true(ack);
    if (json_is_object(ack)) {
        json_object_set(alert, "acknowledgement", ack);
    }
    oc_json_set_bool(alert, "acknowledged", acknowledged);
    oc_json_set_bool(alert, "dismissed", json_is_string(json_object_get(alert, "silenced_by")));
    const char *category = oc_json_str(alert, "category", "");
    const char *target = oc_json_str(alert, "target", "");
    const char *entity = *target ? target : oc_json_str(alert, "instance", "");
    if (strcmp(category, "agent") == 0 || strcmp(category, "service") == 0) {
        oc_json_set_str(alert, category, entity);
    }
}

void oc_compat_alerts(json_t *alerts)
{
    size_t i;
    json_t *alert;
    json_array_foreach(alerts, i, alert)
    {
        oc_compat_alert(alert);
    }
}

/* ---- up ---- */

static json_t *up_sample(const json_t *check, const char *at)
{
    const char *state = oc_json_str(check, "state", "");
    bool up = strcmp(state, "ok") == 0 || strcmp(state, "warning") == 0;
    json_t *metric = json_object(), *value = json_array(), *sample = json_object();
    oc_json_set_str(metric, "__name__", "up");
    oc_json_set_str(metric, "job", oc_json_str(check, "plugin", "openclaw"));
    oc_json_set_str(metric, "instance",
                    oc_json_str(check, "service", oc_json_str(check, "name", "")));
    json_array_append_new(value, json_loads(at, JSON_DECODE_ANY, NULL));
    json_array_append_new(value, json_string(up ? "1" : "0"));
    oc_json_take(sample, "metric", metric);
    oc_json_take(sample, "value", value);
    return sample;
}

json_t *oc_compat_up(const json_t *snapshot)
{
    char at[32];
    int64_t now = oc_time_wall();
    snprintf(at, sizeof at, "%lld.%03d", (long long)(now / 1000), (int)(now % 1000));
    json_t *result = json_array(), *data = json_object(), *o = json_object();
    const json_t *check;
    size_t i;
    json_array_foreach(json_object_get(snapshot, "checks"), i, check)
    {
        if (strcmp(oc_json_str(check, "state", "pending"), "pending") != 0) {
            json_array_append_new(result, up_sample(check, at));
        }
    }
    oc_json_set_str(data, "resultType", "vector");
    oc_json_take(data, "result", result);
    oc_json_set_str(o, "status", "success");
    oc_json_take(o, "data", data);
    return o;
}

/* ---- thresholds ---- */

#define DEPTH_MAX 4

static void collect(const struct oc_node *n, const char *path, struct oc_buf *list)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct oc_node *child = n->children[i];
        char *name = oc_asprintf("%s%s%s", path, *path ? "." : "", child->key);
        if (child->type == OC_NODE_GROUP) {
            collect(child, name, list);
        } else {
            oc_buf_add(list, name, strlen(name) + 1);
        }
        free(name);
    }
}

static int refuse_unknown(const struct oc_compat_figures *known, const char *name,
                          struct oc_error *err)
{
    struct oc_buf list = {0};
    OC_VEC(const char *) keys = {0};
    if (known->now) {
        collect(known->now, "", &list);
    }
    for (size_t at = 0; at < list.len; at += strlen(list.data + at) + 1) {
        OC_VEC_PUSH(&keys, list.data + at);
    }
    const char *near = oc_nearest(name, keys.items, keys.count);
    oc_error_set(err, OC_E_CONFIG, "no threshold is named %.100s", name);
    if (near) {
        oc_error_hint(err, "Did you mean %s?", near);
    }
    OC_VEC_FINISH(&keys);
    oc_buf_finish(&list);
    return err->code;
}

const struct oc_node *oc_compat_figure(const struct oc_compat_figures *known, const char *name)
{
    const struct oc_node *shipped = known->shipped ? oc_node_get(known->shipped, name) : NULL;
    return shipped || !known->now ? shipped : oc_node_get(known->now, name);
}

static bool same_kind(const struct oc_node *node, const json_t *value)
{
    switch (node->type) {
    case OC_NODE_BOOL:
        return json_is_boolean(value);
    case OC_NODE_INT:
    case OC_NODE_FLOAT:
        return json_is_number(value);
    case OC_NODE_STRING:
        return json_is_string(value);
    case OC_NODE_LIST:
    case OC_NODE_GROUP:
        break;
    }
    return false;
}

/* Two names may mean one threshold: OC_OK when it is not there yet, or is the same. */
static int add_setting(json_t *out, const char *given, const char *key, const char *value,
                       struct oc_error *err)
{
    const json_t *row;
    size_t i;
    json_array_foreach(out, i, row)
    {
        if (strcmp(oc_json_str(row, "key", ""), key) == 0) {
            return strcmp(oc_json_str(row, "value", ""), value) == 0
                       ? OC_OK
                       : oc_error_set(err, OC_E_CONFIG,
                                      "%.100s: %s is given twice, with different values", given,
                                      key);
        }
    }
    json_t *fresh = json_object();
    oc_json_set_str(fresh, "key", key);
    oc_json_set_str(fresh, "value", value);
    json_array_append_new(out, fresh);
    return OC_OK;
}

static int add_threshold(json_t *out, const char *given, const json_t *value,
                         const struct oc_compat_figures *known, struct oc_error *err)
{
    const char *ours = oc_import_threshold(given, err);
    if (err->code != OC_OK) {
        return err->code;
    }
    const char *name = ours ? ours : given;
    const struct oc_node *node = oc_compat_figure(known, name);
    if (!node) {
        return refuse_unknown(known, given, err);
    }
    if (node->type == OC_NODE_GROUP) {
        return oc_error_set(err, OC_E_CONFIG, "%.100s: expected an object of its thresholds",
                            given);
    }
    if (!same_kind(node, value)) {
        return oc_error_set(err, OC_E_CONFIG, "%.100s: expected %s", given,
                            oc_node_type_name(node->type));
    }
    char *text = json_is_string(value) ? oc_strdup(json_string_value(value))
                                       : json_dumps(value, OC_JSON_WIRE);
    char *key = oc_asprintf("thresholds.%s", name);
    int rc = add_setting(out, given, key, text, err);
    free(key);
    free(text);
    return rc;
}

static int flatten(json_t *out, const char *path, const json_t *value,
                   const struct oc_compat_figures *known, int depth, struct oc_error *err)
{
    if (!json_is_object(value)) {
        return add_threshold(out, path, value, known, err);
    }
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        if (depth >= DEPTH_MAX || strchr(key, '.') || strchr(key, '[')) {
            return refuse_unknown(known, key, err);
        }
        char *name = oc_asprintf("%s%s%s", path, *path ? "." : "", key);
        int rc = flatten(out, name, member, known, depth + 1, err);
        free(name);
        if (rc != OC_OK) {
            return rc;
        }
    }
    return OC_OK;
}

json_t *oc_compat_thresholds(const json_t *body, const struct oc_compat_figures *known,
                             struct oc_error *err)
{
    const json_t *inner = json_object_get(body, "thresholds");
    json_t *out = json_array();
    if (inner && (json_object_size(body) != 1 || !json_is_object(inner))) {
        oc_error_set(err, OC_E_CONFIG, "beside \"thresholds\" there may be nothing");
    } else if (flatten(out, "", inner ? inner : body, known, 0, err) == OC_OK &&
               json_array_size(out) == 0) {
        oc_error_set(err, OC_E_CONFIG, "no threshold is given");
        oc_error_hint(err, "Send for example {\"cpu\":{\"warning_percent\":80}}.");
    }
    if (err->code != OC_OK) {
        json_decref(out);
        return NULL;
    }
    return out;
}
