/* The members' keys of the state, read once: every ballot asks for them. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/governance/internal.h"

struct key {
    struct oc_member_key key;
    int64_t index; /* of its entry */
    bool sound;    /* it can be verified with; its place in time counts all the same */
};

struct oc_keyring {
    bool known; /* as the state has them */
    OC_VEC(struct key) keys;
};

struct oc_keyring *oc_keyring_create(void)
{
    return oc_calloc(1, sizeof(struct oc_keyring));
}

void oc_keyring_destroy(struct oc_keyring *r)
{
    if (r) {
        OC_VEC_FINISH(&r->keys);
        free(r);
    }
}

void oc_keyring_forget(struct oc_keyring *r)
{
    r->known = false;
}

static const struct oc_keyring *keyring(const struct oc_governance *g)
{
    struct oc_keyring *r = g->keyring;
    const json_t *row;
    size_t i;
    if (r->known) {
        return r;
    }
    r->known = true;
    r->keys.count = 0;
    json_array_foreach(json_object_get(g->state, "keys"), i, row)
    {
        struct key k = {.index = oc_json_int(row, "index", 0)};
        k.sound = oc_member_key_read(row, &k.key, NULL) == OC_OK;
        oc_copy(k.key.id, sizeof k.key.id, oc_json_str(row, "id", ""));
        OC_VEC_PUSH(&r->keys, k);
    }
    return r;
}

/* A key that is revoked is so for good, wherever the clock stands. */
bool oc_governance_key(const struct oc_governance *g, const char *member, struct oc_member_key *key)
{
    const struct oc_keyring *r = keyring(g);
    for (size_t i = r->keys.count; i > 0; i--) { /* the newest is the last */
        const struct key *k = &r->keys.items[i - 1];
        if (k->sound && k->key.revoked_at == OC_TALLY_NEVER && strcmp(k->key.member, member) == 0) {
            *key = k->key;
            return true;
        }
    }
    return false;
}

bool oc_governance_is_late_key(const struct oc_governance *g, const json_t *p, const char *id)
{
    const struct oc_keyring *r = keyring(g);
    for (size_t i = 0; i < r->keys.count; i++) {
        if (strcmp(r->keys.items[i].key.id, id) == 0) {
            return r->keys.items[i].index > oc_json_int(p, "index", INT64_MAX);
        }
    }
    return false;
}
