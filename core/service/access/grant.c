/* Tokens and sessions as they are kept: loading, adding, removing, noting their use. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/access/internal.h"
#include "core/sys/sign.h"

#define WRITE_EVERY (5 * OC_MINUTE)

static const char *const roles[] = {"viewer", "operator", "admin"};

const char *oc_access_role_name(enum oc_role role)
{
    return roles[role];
}

bool oc_grant_expired(const struct oc_grant *grant, int64_t now)
{
    return grant->expires_ms && now >= grant->expires_ms;
}

/* ---- the store's documents ---- */

static json_t *to_json(const struct oc_grant *grant)
{
    struct oc_buf hash = {0};
    json_t *o = json_object();
    oc_base64(grant->hash, sizeof grant->hash, &hash);
    oc_json_set_str(o, "name", grant->name);
    oc_json_set_str(o, "role", oc_access_role_name(grant->role));
    oc_json_set_str(o, "hash", hash.data);
    oc_json_set_int(o, "created", grant->created_ms);
    oc_json_set_int(o, "expires", grant->expires_ms);
    oc_json_set_int(o, "used", grant->used_ms);
    oc_json_set_str(o, "by", grant->by);
    oc_json_set_str(o, "peer", grant->peer);
    oc_json_set_str(o, "parent", grant->parent);
    if (grant->told) {
        oc_json_set_bool(o, "told", true);
    }
    oc_buf_finish(&hash);
    return o;
}

/* What is not whole is no grant: nobody gets in by a damaged document. */
static struct oc_grant *from_json(const char *id, const json_t *o)
{
    struct oc_grant *grant = oc_calloc(1, sizeof *grant);
    const char *hash = oc_json_str(o, "hash", ""), *role = oc_json_str(o, "role", "");
    int found = -1;
    for (int i = 0; i < (int)OC_COUNT(roles); i++) {
        found = strcmp(roles[i], role) == 0 ? i : found;
    }
    if (found < 0 || !oc_base64_decode(hash, strlen(hash), grant->hash, sizeof grant->hash)) {
        oc_warn("a token or session in the store cannot be read", "id=%s", id);
        free(grant);
        return NULL;
    }
    oc_copy(grant->id, sizeof grant->id, id);
    oc_copy(grant->name, sizeof grant->name, oc_json_str(o, "name", ""));
    oc_copy(grant->by, sizeof grant->by, oc_json_str(o, "by", ""));
    oc_copy(grant->peer, sizeof grant->peer, oc_json_str(o, "peer", ""));
    oc_copy(grant->parent, sizeof grant->parent, oc_json_str(o, "parent", ""));
    grant->role = (enum oc_role)found;
    grant->told = json_is_true(json_object_get(o, "told"));
    grant->created_ms = oc_json_int(o, "created", 0);
    grant->expires_ms = oc_json_int(o, "expires", 1);
    grant->used_ms = grant->written_ms = oc_json_int(o, "used", 0);
    return grant;
}

static int write_grant(struct oc_grants *g, const struct oc_grant *grant, bool durable,
                       struct oc_error *err)
{
    json_t *o = to_json(grant);
    int rc = oc_kv_put(g->store, g->space, grant->id, o, durable, err);
    json_decref(o);
    return rc;
}

/* ---- the list ---- */

static int by_id(const void *a, const void *b)
{
    const struct oc_grant *const *x = a, *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

static char *key_of(const uint8_t hash[OC_ACCESS_HASH], char key[2 * OC_ACCESS_HASH + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < OC_ACCESS_HASH; i++) {
        key[2 * i] = digits[hash[i] >> 4];
        key[2 * i + 1] = digits[hash[i] & 15];
    }
    key[2 * OC_ACCESS_HASH] = '\0';
    return key;
}

static void enter(struct oc_grants *g, struct oc_grant *grant)
{
    char key[2 * OC_ACCESS_HASH + 1];
    snprintf(grant->actor, sizeof grant->actor, "%s:%s", grant->name[0] ? "token" : "session",
             grant->name[0] ? grant->name : grant->id);
    OC_VEC_PUSH(&g->list, grant);
    oc_map_set(&g->by_hash, key_of(grant->hash, key), grant);
}

void oc_grants_init(struct oc_grants *g, struct oc_store *store, const char *space, size_t max)
{
    memset(g, 0, sizeof *g);
    g->store = store;
    g->space = space;
    g->max = max;
    json_t *all = oc_kv_all(store, space), *o;
    const char *id;
    json_object_foreach(all, id, o)
    {
        struct oc_grant *grant = from_json(id, o);
        if (grant) {
            enter(g, grant);
        }
    }
    json_decref(all);
    if (g->list.count) { /* ids begin with the time */
        qsort(g->list.items, g->list.count, sizeof *g->list.items, by_id);
    }
}

void oc_grants_finish(struct oc_grants *g)
{
    oc_map_finish(&g->by_hash, NULL);
    for (size_t i = 0; i < g->list.count; i++) {
        free(g->list.items[i]);
    }
    OC_VEC_FINISH(&g->list);
}

int oc_grants_add(struct oc_grants *g, struct oc_grant *grant, struct oc_error *err)
{
    int rc;
    if (g->list.count >= g->max) {
        rc = oc_error_set(err, OC_E_CONFLICT, "there are %zu %ss already", g->list.count, g->space);
        oc_error_hint(err, "Revoke those that nobody uses: `openclaw %s list`.", g->space);
    } else {
        rc = write_grant(g, grant, true, err);
    }
    if (rc == OC_OK) {
        enter(g, grant);
    } else {
        free(grant);
    }
    return rc;
}

/* Puts those that are leaving out of the list. */
static void drop_leaving(struct oc_grants *g)
{
    char key[2 * OC_ACCESS_HASH + 1];
    size_t kept = 0;
    for (size_t i = 0; i < g->list.count; i++) {
        struct oc_grant *grant = g->list.items[i];
        if (grant->leaving) {
            oc_map_remove(&g->by_hash, key_of(grant->hash, key));
        } else {
            g->list.items[kept++] = grant;
        }
    }
    g->list.count = kept;
}

int oc_grants_remove(struct oc_grants *g, struct oc_grant *const *grants, size_t count,
                     struct oc_error *err)
{
    oc_store_begin(g->store);
    for (size_t i = 0; i < count; i++) {
        oc_kv_remove(g->store, g->space, grants[i]->id, true, NULL); /* the end says how it went */
    }
    const int rc = oc_store_end(g->store, err);
    for (size_t i = 0; rc == OC_OK && i < count; i++) {
        grants[i]->leaving = true;
    }
    drop_leaving(g);
    return rc;
}

void oc_grants_note_use(struct oc_grants *g, struct oc_grant *grant, int64_t now)
{
    struct oc_error err;
    grant->used_ms = now;
    if (now - grant->written_ms < WRITE_EVERY && now >= grant->written_ms) {
        return;
    }
    grant->written_ms = now;
    write_grant(g, grant, false, &err); /* the store says itself when it cannot write */
}

void oc_grants_note_told(struct oc_grants *g, struct oc_grant *grant, bool told)
{
    struct oc_error err;
    grant->told = told;
    write_grant(g, grant, false, &err); /* at the worst it is told twice */
}

struct oc_grant *oc_grants_named(const struct oc_grants *g, const char *name_or_id)
{
    for (size_t i = 0; i < g->list.count; i++) {
        struct oc_grant *grant = g->list.items[i];
        if (strcmp(grant->id, name_or_id) == 0 ||
            (grant->name[0] && strcmp(grant->name, name_or_id) == 0)) {
            return grant;
        }
    }
    return NULL;
}

/* The map is asked by the hash, of which nobody can choose a part that helps; that it is the same is found out over all of
 * its bytes, against a stand-in where there is none. */
struct oc_grant *oc_grants_find(struct oc_grants *g, const char *text, size_t len)
{
    static const uint8_t nobody[OC_ACCESS_HASH];
    uint8_t hash[OC_ACCESS_HASH];
    char key[2 * OC_ACCESS_HASH + 1];
    oc_secret_hash(text, len, hash);
    g->cost.hashes++;
    struct oc_grant *grant = oc_map_get(&g->by_hash, key_of(hash, key));
    const bool same = oc_bytes_equal(grant ? grant->hash : nobody, hash, sizeof hash);
    g->cost.compares++;
    return same && oc_secret_shaped(text, len) ? grant : NULL;
}
