/* Dependencies: which services stand behind which. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/text.h"
#include "core/service/health/table.h"

static bool is_down(const struct service *s)
{
    return s->check.state == OC_CHECK_CRITICAL || s->check.state == OC_CHECK_UNREACHABLE;
}

static bool every_target_is_down(const struct oc_health *h, const char *instance)
{
    size_t targets = 0;
    for (size_t i = 0; i < h->order.count; i++) {
        const struct service *s = h->order.items[i];
        if (*s->target && strcmp(s->instance, instance) == 0) {
            targets++;
            if (!is_down(s)) {
                return false;
            }
        }
    }
    return targets > 0;
}

/* A parent is a service, or a collector: that is down when it cannot work itself, or has no target left. */
static bool parent_is_down(struct oc_health *h, const char *parent)
{
    const struct service *s = oc_health_find(h, parent);
    return s && (is_down(s) || *s->target) ? is_down(s) : every_target_is_down(h, parent);
}

bool oc_health_is_named_by(const char *service, const char *parent)
{
    size_t n = strlen(parent);
    return strncmp(parent, service, n) == 0 && (service[n] == '\0' || service[n] == '/');
}

bool oc_health_depends(const struct dependency *d, const char *service)
{
    const char *const *parents = d->parents.items;
    for (uint64_t i = 0; i < d->parents.count; i++) {
        if (oc_health_is_named_by(service, parents[i])) {
            return false;
        }
    }
    return oc_glob(d->service, service);
}

static bool any_down(struct oc_health *h, const struct oc_list *parents, const char **which)
{
    const char *const *names = parents->items;
    for (uint64_t i = 0; i < parents->count; i++) {
        if (parent_is_down(h, names[i])) {
            *which = names[i];
            return true;
        }
    }
    return false;
}

bool oc_health_parent_down(struct oc_health *h, const struct service *s, const char **parent)
{
    struct source *src = oc_map_get(&h->sources, s->instance);
    if (src && any_down(h, &src->parents, parent)) {
        return true;
    }
    for (size_t i = 0; i < h->dependencies.count; i++) {
        const struct dependency *d = &h->dependencies.items[i];
        if (oc_health_depends(d, s->name) && any_down(h, &d->parents, parent)) {
            return true;
        }
    }
    return false;
}
