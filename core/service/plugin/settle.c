/* When a change of packages has had its effect. SPDX-License-Identifier: MIT
 *
 * New instances start on threads of their own, old ones end there, and a collector has data only after its first call. Who
 * installed something waits for that: "packages.applied" is told when all of it is over, or when it takes too long.
 * What a plugin that was purged has kept goes at the same moment: until its instances have ended they could write it again. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/plugin/internal.h"

#define LOOK_MS 10
#define WAIT_MS (5 * OC_SECOND)

/* ---- what was kept ---- */

static void purge_space(struct oc_plugin_service *s, const char *path)
{
    char *space = oc_asprintf("kv:%s", path);
    json_t *all = oc_kv_all(s->env.store, space), *value;
    const char *key;
    json_object_foreach(all, key, value)
    {
        struct oc_error err;
        oc_error_init(&err);
        if (oc_kv_remove(s->env.store, space, key, true, &err) != OC_OK) {
            oc_warn("not purged", "instance=%s key=%s reason=%s", path, key, err.message);
        }
    }
    json_decref(all);
    free(space);
}

/* `path` is "plugin/instance"; hosts of old kept by the name of the instance alone. */
static void purge_instance(struct oc_plugin_service *s, const char *path)
{
    purge_space(s, path);
    purge_space(s, strchr(path, '/') + 1);
}

static void mark_purged(struct oc_plugin_service *s, const char *plugin, const char *instance)
{
    char *path = oc_asprintf("%s/%s", plugin, instance);
    json_object_set_new(s->purged, path, json_true());
    free(path);
}

void oc_plugin_purge_begin(struct oc_plugin_service *s, const json_t *names)
{
    const json_t *name;
    size_t i;
    json_array_foreach(names, i, name)
    {
        struct seen_instances seen;
        const char *plugin = json_string_value(name);
        if (!plugin) {
            continue;
        }
        mark_purged(s, plugin, plugin); /* also when it does not run */
        oc_look_instances(s, plugin, &seen);
        for (size_t k = 0; k < seen.list.count; k++) {
            mark_purged(s, plugin, oc_instance_name(seen.list.items[k].instance));
        }
        oc_look_finish(&seen);
    }
}

void oc_plugin_purge_end(struct oc_plugin_service *s)
{
    const char *path;
    json_t *value;
    json_object_foreach(s->purged, path, value)
    {
        purge_instance(s, path);
    }
    json_object_clear(s->purged);
}

static bool purged_run(const struct oc_plugin_service *s)
{
    const char *path;
    json_t *value;
    json_object_foreach(s->purged, path, value)
    {
        if (oc_map_get(&s->started, strchr(path, '/') + 1)) {
            return true;
        }
    }
    return false;
}

/* ---- what runs ---- */

static bool has_been_called(const struct seen_instance *seen)
{
    json_t *stats = oc_instance_stats(seen->instance);
    const bool called = oc_json_int(stats, "calls", 0) > 0;
    json_decref(stats);
    return called;
}

static bool is_settled(const struct seen_instance *seen)
{
    const enum oc_instance_state state = oc_instance_state(seen->instance);
    const bool up = state == OC_INSTANCE_READY || state == OC_INSTANCE_BUSY;
    return up ? strcmp(seen->owner, "collectors") != 0 || has_been_called(seen)
              : state != OC_INSTANCE_STARTING;
}

static bool all_settled(struct oc_plugin_service *s)
{
    struct seen_instances seen;
    bool settled = s->reloading == 0 && s->stopping == 0 && !purged_run(s);
    oc_look_instances(s, NULL, &seen);
    for (size_t i = 0; settled && i < seen.list.count; i++) {
        settled = is_settled(&seen.list.items[i]);
    }
    oc_look_finish(&seen);
    return settled;
}

void oc_plugin_on_settle(void *ctx)
{
    struct oc_plugin_service *s = ctx;
    if (oc_time_mono() < s->settle_until_ms && !all_settled(s)) {
        return;
    }
    oc_timer_stop(s->settle);
    oc_plugin_purge_end(s);
    oc_bus_publish(s->env.bus, "packages.applied", json_object());
}

void oc_plugin_settle(struct oc_plugin_service *s)
{
    s->settle_until_ms = oc_time_mono() + WAIT_MS;
    oc_timer_start(s->settle, LOOK_MS, LOOK_MS);
}
