/* Which bytes run, for whoever compares them with what was installed. SPDX-License-Identifier: MIT
 *
 * Whoever loads a library hashes it through the descriptor that is loaded and says so ("plugin.loaded"). What a process or this
 * one holds is what was said of it last. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/package/internal.h"

#define LOADED_MAX 256u

/* "hello 4711"; owned. In this process there is one of each plugin: "hello 0". */
static char *key_of(const json_t *json)
{
    return oc_asprintf("%s %" PRId64, oc_json_str(json, "plugin", ""), oc_json_int(json, "pid", 0));
}

/* Processes come and go for as long as this one lives. */
static void forget_the_dead(json_t *loaded)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(loaded, next, key, value)
    {
        const char *space = strrchr(key, ' ');
        const pid_t pid = (pid_t)strtol(space ? space : "", NULL, 10);
        if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH) {
            json_object_del(loaded, key);
        }
    }
}

void oc_package_on_loaded(void *ctx, const struct oc_event *event)
{
    const char *sha256 = oc_json_str(event->data, "library_sha256", NULL);
    char *key = key_of(event->data);
    if (json_object_size(ctx) >= LOADED_MAX) {
        forget_the_dead(ctx);
    }
    if (sha256) {
        json_object_set_new(ctx, key, json_string(sha256));
    }
    free(key);
}

json_t *oc_package_running(const struct oc_env *env, const json_t *loaded)
{
    json_t *instances = oc_ops_ask(env->ops, "plugin.instances", NULL), *rows = json_array();
    const json_t *instance;
    size_t i;
    json_array_foreach(instances, i, instance)
    {
        json_t *row = json_object();
        char *key = key_of(instance);
        oc_json_set_str(row, "name", oc_json_str(instance, "plugin", ""));
        oc_json_set_str(row, "instance", oc_json_str(instance, "instance", ""));
        oc_json_set_str(row, "digest", oc_json_str(instance, "digest", ""));
        oc_json_set_str(row, "library_sha256", oc_json_str(loaded, key, NULL));
        json_array_append_new(rows, row);
        free(key);
    }
    json_decref(instances);
    return rows;
}
