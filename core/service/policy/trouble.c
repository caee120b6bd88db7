/* Alerts about policies that do not load or fail. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/policy/inspect.h"
#include "core/service/policy/internal.h"

#define RULE       "policy_failed"
#define WELL_AFTER OC_MINUTE /* without a failure when asked */

static void tell(struct oc_policy_service *s, const char *policy, const char *message, bool firing)
{
    char fingerprint[17];
    uint64_t hash = oc_hash_bytes(RULE, sizeof RULE, 0);
    hash = oc_hash_bytes(policy, strlen(policy) + 1, hash);
    snprintf(fingerprint, sizeof fingerprint, "%016llx", (unsigned long long)hash);
    json_t *event = json_object(), *labels = json_object();
    oc_json_set_str(labels, "policy", policy);
    oc_json_set_str(event, "rule", RULE);
    oc_json_set_str(event, "fingerprint", fingerprint);
    oc_json_set_str(event, "severity", "warning");
    oc_json_set_str(event, "category", "policy");
    oc_json_set_str(event, "instance", policy);
    oc_json_take(event, "labels", labels);
    oc_json_set_str(event, "message", message);
    oc_json_set_int(event, "since", oc_time_wall());
    oc_json_set_int(event, "at", oc_time_wall());
    oc_json_set_str(event, "reason", firing ? "it failed" : "it is well again");
    oc_bus_publish(s->env->bus, firing ? "rule.firing" : "rule.resolved", event);
}

/* What stands for a file that does not load. */
static const char *standing(const json_t *row)
{
    static const struct {
        const char *word, *says;
    } all[] = {{"kept", "what was in force before is kept"},
               {"last", "the version that was in force before the host was started is in force"},
               {"built in", "the built-in policy of that name is in force instead"}};
    for (size_t i = 0; i < OC_COUNT(all); i++) {
        if (strcmp(oc_json_str(row, "in_force", ""), all[i].word) == 0) {
            return all[i].says;
        }
    }
    return "nothing is in force in its place";
}

static void fire(struct oc_policy_service *s, const char *name, const json_t *row)
{
    if (oc_map_get(&s->troubles, name) != NULL) {
        return;
    }
    oc_map_set(&s->troubles, name, s);
    const bool loads = strcmp(oc_json_str(row, "state", ""), "failing") == 0;
    char *text = oc_asprintf("policy %s %s%s: %s", name,
                             loads ? "fails when it is asked" : "does not load, and ",
                             loads ? "" : standing(row), oc_json_str(row, "error", ""));
    tell(s, name, text, true);
    free(text);
}

static void resolve(struct oc_policy_service *s, const char *name)
{
    char *text = oc_asprintf("policy %s is well again", name);
    oc_map_remove(&s->troubles, name);
    tell(s, name, text, false);
    free(text);
}

static const json_t *find_row(const json_t *rows, const char *name)
{
    size_t i;
    json_t *row;
    json_array_foreach((json_t *)rows, i, row)
    {
        if (strcmp(oc_json_str(row, "name", ""), name) == 0) {
            return row;
        }
    }
    return NULL;
}

/* One of a file that is gone. */
static const char *next_gone(const struct oc_policy_service *s, const json_t *rows)
{
    size_t it = 0;
    const char *name;
    while (oc_map_next(&s->troubles, &it, &name, NULL)) {
        if (find_row(rows, name) == NULL) {
            return name;
        }
    }
    return NULL;
}

void oc_policy_look_for_troubles(struct oc_policy_service *s)
{
    size_t i;
    json_t *row;
    const char *gone;
    oc_policies_settle(s->env->policies, WELL_AFTER);
    json_t *rows = oc_policies_list(s->env->policies);
    json_array_foreach(rows, i, row)
    {
        const char *name = oc_json_str(row, "name", "");
        if (strcmp(oc_json_str(row, "state", ""), "ok") != 0) {
            fire(s, name, row);
        } else if (!s->looked || oc_map_get(&s->troubles, name) != NULL) {
            resolve(s, name); /* at the start: it may have fired before we were stopped */
        }
    }
    while ((gone = next_gone(s, rows)) != NULL) {
        char *name = oc_strdup(gone);
        resolve(s, name);
        free(name);
    }
    s->looked = true;
    json_decref(rows);
}

void oc_policy_forget_troubles(struct oc_policy_service *s)
{
    oc_map_finish(&s->troubles, NULL);
}
