/* Candidates, selections and what the verbs share. SPDX-License-Identifier: MIT */
#include "core/package/install/candidate.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/registry/refuse.h"
#include "core/plugin/plugin.h"

struct oc_candidate *oc_candidate_add(struct oc_selection *s)
{
    struct oc_candidate *c = oc_calloc(1, sizeof *c);
    c->trust = "unsigned";
    OC_VEC_PUSH(&s->list, c);
    return c;
}

static void candidate_free(struct oc_candidate *c)
{
    json_t *const values[] = {c->manifest, c->permissions, c->files, c->describe,
                              c->findings, c->grants,      c->fresh, c->receipt};
    char *const texts[] = {c->source, c->archive, c->dir,          c->range,        c->name,
                           c->id,     c->version, c->digest,       c->summary,      c->kind,
                           c->key,    c->comment, c->disabled_why, c->disabled_text};
    for (size_t i = 0; i < OC_COUNT(values); i++) {
        json_decref(values[i]);
    }
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        free(texts[i]);
    }
    if (c->release.id) {
        oc_release_finish(&c->release);
    }
    oc_buf_finish(&c->minisig);
    free(c);
}

void oc_selection_finish(struct oc_selection *s)
{
    for (size_t i = 0; i < s->list.count; i++) {
        candidate_free(s->list.items[i]);
    }
    OC_VEC_FINISH(&s->list);
    json_decref(s->lock);
    json_decref(s->bundle);
    s->lock = s->bundle = NULL;
}

/* ---- options ---- */

static int check_tier(struct oc_work *w, const char *tier)
{
    enum oc_tier value;
    if (tier && oc_tier_parse(tier, &value) != OC_OK) {
        return oc_refuse(w, OC_E_CONFIG, "tier-unknown", "Say inproc, process or sandbox.",
                         "there is no tier %.40s", tier);
    }
    return OC_OK;
}

int oc_install_options_read(struct oc_work *w, struct oc_install_options *o)
{
    const json_t *p = w->params;
    const json_t *enable = json_object_get(p, "enable");
    *o = (struct oc_install_options){.force = oc_json_bool(p, "force", false),
                                     .locked = oc_json_bool(p, "locked", false),
                                     .frozen = oc_json_bool(p, "frozen", false),
                                     .dry_run = oc_json_bool(p, "dry_run", false),
                                     .offline = oc_json_bool(p, "offline", false),
                                     .enable = enable ? json_is_true(enable) : -1,
                                     .lock_file = oc_json_str(p, "lock_file", NULL),
                                     .tier = oc_json_str(p, "tier", NULL),
                                     .plan = oc_json_str(p, "plan", NULL),
                                     .accept = oc_json_str(p, "accept_permissions", NULL),
                                     .grant = json_object_get(p, "grant"),
                                     .keys = json_object_get(p, "key")};
    if (o->tier && strcmp(o->tier, "default") == 0) {
        o->tier = NULL;
    }
    if (o->frozen) {
        o->locked = o->offline = true;
    }
    return check_tier(w, o->tier);
}
