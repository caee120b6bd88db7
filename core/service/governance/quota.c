/* How much one may propose: slots by category and by asker, and bytes by the hour. SPDX-License-Identifier: MIT
 *
 * Entries of the ledger are kept for a year, also those of proposals that were withdrawn at once. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"

#define ADMIN_SHARE 4    /* an administrator may write so many times as much */
#define ACTORS      1024 /* that are remembered */

struct counts {
    size_t all, own, own_urgent; /* of the category; of the actor; of these emergencies */
};

static struct counts count(const struct oc_governance *g, const struct oc_draft *d)
{
    struct counts n = {0};
    const char *id;
    json_t *p;
    json_object_foreach(json_object_get(g->state, "proposals"), id, p)
    {
        const bool open = !oc_governance_is_closed(p),
                   own = open && strcmp(oc_json_str(p, "submitter", ""), d->actor) == 0;
        const char *category = oc_json_str(p, "category", "");
        n.all += open && strcmp(category, d->category) == 0;
        n.own += own;
        n.own_urgent += own && strcmp(category, "emergency") == 0;
    }
    return n;
}

/* One who asks for much must not keep the others from asking, and nobody an emergency from being decided. */
int oc_governance_check_quota(const struct oc_governance *g, const struct oc_draft *d,
                              struct oc_error *err)
{
    const bool admin = d->role == OC_ROLE_ADMIN, urgent = strcmp(d->category, "emergency") == 0;
    const struct counts n = count(g, d);
    const size_t more = admin ? OC_GOVERNANCE_RESERVE : 0, all = OC_GOVERNANCE_OPEN_MAX + more,
                 own = urgent && !admin ? OC_GOVERNANCE_URGENT_MAX : OC_GOVERNANCE_ACTOR_MAX + more,
                 had = urgent && !admin ? n.own_urgent : n.own;
    if (n.all < all && had < own) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CONFLICT, "%zu %s proposals are open already, and %zu of %.64s", n.all,
                 d->category, had, d->actor);
    oc_error_hint(err,
                  "Decide or withdraw some of them first: %zu of a category may be open, %zu "
                  "of one actor.",
                  all, own);
    return OC_E_CONFLICT;
}

struct allowance {
    double bytes; /* that may still be written */
    int64_t at;   /* mono: when that was so */
};

static struct allowance *allowance_of(struct oc_governance *g, const char *actor, double burst,
                                      double per_hour)
{
    const int64_t now = oc_time_mono();
    struct allowance *a = oc_map_get(&g->allowances, actor);
    if (!a) {
        if (g->allowances.count >= ACTORS) {
            oc_map_finish(&g->allowances, free);
        }
        a = oc_calloc(1, sizeof *a);
        *a = (struct allowance){burst, now};
        oc_map_set(&g->allowances, actor, a);
    }
    a->bytes += per_hour * (double)(now - a->at) / (double)OC_HOUR;
    a->bytes = a->bytes < burst ? a->bytes : burst;
    a->at = now;
    return a;
}

int oc_governance_charge(struct oc_governance *g, const struct oc_draft *d, size_t bytes,
                         struct oc_error *err)
{
    const double share = d->role == OC_ROLE_ADMIN ? ADMIN_SHARE : 1,
                 per_hour = share * OC_GOVERNANCE_PER_HOUR;
    struct allowance *a = allowance_of(g, d->actor, share * OC_GOVERNANCE_BURST, per_hour);
    if (a->bytes >= (double)bytes) {
        a->bytes -= (double)bytes;
        return OC_OK;
    }
    const int64_t wait = (int64_t)(((double)bytes - a->bytes) / per_hour * 3600) + 1;
    oc_error_set(err, OC_E_CONFLICT, "%.64s has proposed too much text of late", d->actor);
    oc_error_hint(err, "The ledger keeps all of it. Try again in %lld s, or be brief.",
                  (long long)wait);
    return OC_E_CONFLICT;
}
