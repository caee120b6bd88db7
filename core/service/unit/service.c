/* Life of the unit service. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/service/unit/internal.h"
#include "core/sys/file.h"

static void nothing(void *ctx)
{
    (void)ctx;
}

/* Changes that nobody asked for are seen, too. */
static void look_at_all(void *ctx)
{
    struct oc_unit *s = ctx;
    for (size_t i = 0; i < s->units.count; i++) {
        struct unit *u = s->units.items[i];
        if (!oc_unit_busy(u) && u->error.code == OC_OK) {
            oc_unit_look(u, nothing, NULL);
        }
    }
}

struct oc_unit *oc_unit_create(const struct oc_env *env)
{
    struct oc_unit *s = oc_calloc(1, sizeof *s);
    s->env = *env;
    s->state_dir = oc_path_join(env->home, "run/units");
    s->logs_dir = oc_path_join(env->home, "logs/units");
    if (!env->ephemeral) {
        s->timer = oc_timer_create(env->loop, look_at_all, s);
    }
    oc_unit_add_ops(s);
    oc_unit_add_act_ops(s);
    oc_unit_add_maintenance_ops(s);
    oc_unit_add_evidence_ops(s);
    return s;
}

void oc_unit_stop(struct oc_unit *s, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    s->stopping = true;
    if (s->timer) {
        oc_timer_stop(s->timer);
    }
    s->stopped = done;
    s->stopped_ctx = ctx;
    s->leaving++; /* so that the last instance does not end it before we are through */
    for (size_t i = 0; i < s->units.count; i++) {
        oc_unit_release(s->units.items[i], grace_ms);
    }
    s->units.count = 0;
    for (size_t i = 0; i < s->replaced.count; i++) {
        oc_unit_release(s->replaced.items[i], grace_ms);
    }
    s->replaced.count = 0;
    if (--s->leaving == 0 && s->stopped) {
        s->stopped = NULL;
        done(ctx);
    }
}

void oc_unit_destroy(struct oc_unit *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < s->units.count; i++) { /* of a daemon that was never stopped */
        oc_unit_unref(s->units.items[i]);
    }
    for (size_t i = 0; i < s->replaced.count; i++) {
        oc_unit_unref(s->replaced.items[i]);
    }
    OC_VEC_FINISH(&s->units);
    OC_VEC_FINISH(&s->replaced);
    oc_timer_destroy(s->timer);
    free(s->state_dir);
    free(s->logs_dir);
    free(s);
}

/* Those that are configured first. */
static const struct unit *unit_at(const struct oc_unit *s, size_t i)
{
    return i < s->units.count ? s->units.items[i] : s->replaced.items[i - s->units.count];
}

struct oc_instance *oc_unit_find_instance(const struct oc_unit *s, const char *plugin,
                                          const char *name)
{
    for (size_t i = 0; i < s->units.count + s->replaced.count; i++) {
        struct oc_instance *both[] = {unit_at(s, i)->driver, unit_at(s, i)->check};
        for (size_t k = 0; k < 2; k++) {
            if (both[k] && strcmp(oc_plugin_name(oc_instance_plugin(both[k])), plugin) == 0 &&
                (!name || strcmp(oc_instance_name(both[k]), name) == 0)) {
                return both[k];
            }
        }
    }
    return NULL;
}

void oc_unit_each(struct oc_unit *s,
                  void (*fn)(void *ctx, const char *owner, struct oc_instance *instance), void *ctx)
{
    for (size_t i = 0; i < s->units.count + s->replaced.count; i++) {
        const struct unit *u = unit_at(s, i);
        if (u->driver) {
            fn(ctx, "units", u->driver);
        }
        if (u->check) {
            fn(ctx, "units", u->check);
        }
    }
}
