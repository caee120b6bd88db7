/* What is to be done with a candidate: install, update, nothing; in which tier; with which rights. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/install/candidate.h"
#include "core/package/known.h"
#include "core/package/registry/refuse.h"
#include "core/plugin/manifest/manifest.h"
#include "core/plugin/manifest/rights.h"
#include "core/plugin/plugin.h"
#include "core/sys/file.h"

/* ---- is the name free ---- */

static int check_name(struct oc_selection *s, const struct oc_candidate *c)
{
    for (size_t i = 0; i < s->list.count; i++) {
        const struct oc_candidate *o = s->list.items[i];
        if (o != c && o->name && strcmp(o->name, c->name) == 0) {
            return oc_refuse(s->w, OC_E_CONFLICT, "name-twice", "Name each plugin once.",
                             "%s is in the selection twice", c->name);
        }
    }
    char *bundled = c->before ? NULL : oc_known_bundled(s->w, c->name);
    const bool taken = bundled != NULL;
    free(bundled);
    if (taken) {
        return oc_refuse(
            s->w, OC_E_CONFLICT, "name-bundled",
            "It comes with openclaw; configure it, or publish yours under another name.",
            "a plugin named %s is part of openclaw", c->name);
    }
    return OC_OK;
}

/* The registry that names its publisher, now or when it came into the store; NULL for a file. */
static const char *registry_of(const struct oc_candidate *c)
{
    return c->release.registry ? c->release.registry : oc_json_str(c->receipt, "registry", NULL);
}

/* Folders of this host: who may write there is known, which cannot be said of an archive that somebody sent. */
static bool is_own_folder(const char *source)
{
    return oc_starts(source, "folder:") || oc_starts(source, "link:");
}

/* Nobody vouches for it, and yet it comes from where the other one came: the same bytes, or the same folder again. */
static bool same_place(const struct oc_candidate *c)
{
    const char *digest = oc_json_str(c->before, "digest", "");
    const char *source = oc_json_str(c->before, "source", "");
    return (*digest && strcmp(digest, c->digest) == 0) ||
           (is_own_folder(source) && strcmp(source, c->source) == 0);
}

/* An id means something only within its registry; what a file says of its publisher is worth as much as its signature, and
 * without one everybody may say it. */
static bool same_author(const struct oc_candidate *c)
{
    const char *was = oc_json_str(c->before, "registry", NULL), *is = registry_of(c);
    const char *key = oc_json_str(c->before, "key", NULL);
    if (!c->before || strcmp(oc_json_str(c->before, "id", ""), c->id) != 0) {
        return false;
    }
    if (was && is) {
        return strcmp(was, is) == 0;
    }
    return key && c->key ? strcmp(key, c->key) == 0 : !key && !c->key && same_place(c);
}

static int check_registry(struct oc_selection *s, const struct oc_candidate *c)
{
    const char *was = oc_json_str(c->before, "registry", NULL), *is = registry_of(c);
    if (was && is && strcmp(was, is) != 0) {
        return oc_refuse(s->w, OC_E_REFUSED, "registry-changed",
                         "Uninstall it first, or say --force to take it from there from now on.",
                         "%s is installed from the registry %s, this is from %s", c->name, was, is);
    }
    return OC_OK;
}

/* The plugin in force may only be replaced by one of the same author. */
static int check_owner(struct oc_selection *s, const struct oc_candidate *c)
{
    const char *id = oc_json_str(c->before, "id", "");
    if (!c->before || s->o.force || !c->archive) {
        return OC_OK;
    }
    if (strcmp(id, c->id) != 0 && !oc_starts(id, "local/")) {
        return oc_refuse(s->w, OC_E_CONFLICT, "name-taken",
                         "Uninstall that first, or say --force to replace it.",
                         "%s is installed as %s, this is %s", c->name, id, c->id);
    }
    const int code = check_registry(s, c);
    const char *trust = oc_json_str(c->before, "trust", "");
    if (code == OC_OK && strcmp(trust, "unsigned") != 0 && !same_author(c)) {
        return oc_refuse(s->w, OC_E_REFUSED, "signer-changed",
                         "Ask the publisher whether the key changed; --force accepts it.",
                         "%s was signed with another key when it was installed", c->name);
    }
    return code;
}

static int check_pin(struct oc_selection *s, const struct oc_candidate *c)
{
    if (c->action == OC_DO_UPDATE && oc_json_bool(c->before, "pinned", false) && !s->o.force) {
        return oc_refuse(s->w, OC_E_CONFLICT, "pinned",
                         "Say `openclaw plugin unpin` first, or --force.", "%s is pinned to %s",
                         c->name, oc_json_str(c->before, "version", "?"));
    }
    return OC_OK;
}

/* ---- tier ---- */

static const char *default_tier(const struct oc_candidate *c)
{
    const bool known = strcmp(c->trust, "publisher") == 0 || strcmp(c->trust, "signed") == 0;
    const bool tool = strcmp(c->kind, "tool") == 0;
    return known && !tool ? "process" : "sandbox";
}

/* What was chosen stays chosen for whom it was chosen for; a stricter tier than its own does for everybody. */
static const char *kept_tier(const struct oc_selection *s, const struct oc_candidate *c)
{
    enum oc_tier kept, own = OC_TIER_SANDBOX;
    const char *tier = oc_json_str(c->before, "tier", "");
    if (!oc_json_bool(c->before, "tier_chosen", false) || oc_tier_parse(tier, &kept) != OC_OK) {
        return NULL;
    }
    oc_tier_parse(default_tier(c), &own);
    const bool same_trust = strcmp(oc_json_str(c->before, "trust", ""), c->trust) == 0;
    if (kept >= own || (same_trust && same_author(c))) {
        return tier;
    }
    oc_work_warn(s->w, "the tier %s is not kept for %s: it was chosen for what came from %s", tier,
                 c->name, oc_json_str(c->before, "source", "elsewhere"));
    return NULL;
}

/* The least that the policy of its registry asks for. */
static int raise_tier(struct oc_selection *s, struct oc_candidate *c)
{
    enum oc_tier tier = OC_TIER_SANDBOX, floor;
    oc_tier_parse(c->tier, &tier);
    if (!c->release.tier || oc_tier_parse(c->release.tier, &floor) != OC_OK || tier >= floor) {
        return OC_OK;
    }
    if (s->o.tier) {
        return oc_refuse(s->w, OC_E_REFUSED, "tier-not-allowed",
                         "Leave --tier out, or change the policy of the registry.",
                         "the registry %s wants %s to run in the tier %s at the least",
                         c->release.registry, c->id, c->release.tier);
    }
    c->tier = c->release.tier;
    return OC_OK;
}

static int choose_tier(struct oc_selection *s, struct oc_candidate *c)
{
    const char *wish = s->o.tier ? s->o.tier : kept_tier(s, c);
    c->tier_chosen = wish != NULL;
    c->tier = wish ? wish : default_tier(c);
    const int code = raise_tier(s, c);
    if (code == OC_OK && strcmp(c->tier, oc_tier_name(OC_TIER_INPROC)) == 0) {
        oc_work_warn(s->w, "%s will run inside the daemon: what it breaks, it breaks there",
                     c->name);
    }
    return code;
}

/* ---- rights ---- */

/* Adds what is not there yet. */
static void add_all(json_t *list, const json_t *more)
{
    const json_t *item;
    size_t i;
    json_array_foreach(more, i, item)
    {
        bool there = false;
        for (size_t k = 0; k < json_array_size(list); k++) {
            there = there || json_equal(json_array_get(list, k), item);
        }
        if (!there) {
            json_array_append(list, (json_t *)(uintptr_t)item);
        }
    }
}

/* What was consented to stays so, what was taken back stays taken back; only what nobody has seen is asked for. */
static void weigh_rights(struct oc_candidate *c)
{
    /* nobody inherits the rights of somebody else's plugin */
    if (!same_author(c) || !c->archive) {
        c->grants = json_deep_copy(c->permissions);
        c->fresh = c->archive ? json_deep_copy(c->permissions) : json_array();
        return;
    }
    const json_t *seen = json_object_get(c->before, "permissions");
    c->fresh =
        oc_rights_widened(seen ? seen : json_object_get(c->before, "grants"), c->permissions);
    c->grants = oc_rights_effective(c->permissions, json_object_get(c->before, "grants"));
    add_all(c->grants, c->fresh);
}

/* ---- all of it ---- */

static enum oc_candidate_action action_of(const struct oc_selection *s,
                                          const struct oc_candidate *c)
{
    if (!c->before) {
        return OC_DO_INSTALL;
    }
    const bool same = strcmp(oc_json_str(c->before, "digest", ""), c->digest) == 0 &&
                      strcmp(oc_json_str(c->before, "version", ""), c->version) == 0;
    if (!same) {
        return OC_DO_UPDATE;
    }
    const bool moved = strcmp(oc_json_str(c->before, "source", ""), c->source) != 0 ||
                       strcmp(oc_json_str(c->before, "id", ""), c->id) != 0 ||
                       strcmp(oc_json_str(c->before, "trust", ""), c->trust) != 0;
    const bool retier = s->o.tier && strcmp(oc_json_str(c->before, "tier", ""), s->o.tier) != 0;
    return s->o.force || moved || retier || !c->archive ? OC_DO_REINSTALL : OC_DO_NOTHING;
}

static bool enabled_after(const struct oc_selection *s, const struct oc_candidate *c)
{
    if (s->o.enable >= 0) {
        return s->o.enable == 1;
    }
    const char *why = oc_json_str(c->before, "disabled_why", "");
    return !c->disabled_why && strcmp(why, "user") != 0;
}

int oc_step_decide(struct oc_selection *s, struct oc_candidate *c)
{
    const struct oc_installed *p = oc_state_find(&s->t->now, c->name);
    c->before = p ? p->json : NULL;
    c->action = action_of(s, c);
    int code = check_name(s, c);
    if (code == OC_OK) {
        code = check_owner(s, c);
    }
    if (code == OC_OK) {
        code = check_pin(s, c);
    }
    if (code == OC_OK) {
        code = choose_tier(s, c);
    }
    if (code == OC_OK) {
        weigh_rights(c);
        c->enabled = enabled_after(s, c);
    }
    return code;
}
