/* What governance knows: the sum of its ledger entries. SPDX-License-Identifier: MIT */
#include "core/service/governance/state.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/governance/state_internal.h"

json_t *oc_governance_state_new(void)
{
    return json_pack("{s:{},s:[],s:[],s:{},s:[],s:{s:s},s:I,s:{}}", "proposals", "closed", "keys",
                     "members", "delegations", "mode", "name", "standard", "covers", (json_int_t)-1,
                     "floors");
}

json_t *oc_governance_find(const json_t *state, const char *id)
{
    return id ? json_object_get(json_object_get(state, "proposals"), id) : NULL;
}

json_t *oc_governance_member(const json_t *state, const char *name)
{
    return name ? json_object_get(json_object_get(state, "members"), name) : NULL;
}

bool oc_governance_is_closed(const json_t *proposal)
{
    return strcmp(oc_json_str(proposal, "stage", ""), "closed") == 0;
}

void oc_governance_state_hash(const json_t *state, char hex[OC_SHA256_HEX])
{
    char *text = oc_json_text(state);
    oc_sha256_hex(text, strlen(text), hex);
    free(text);
}

/* ---- what the entries of all types use ---- */

void oc_state_copy(json_t *to, const json_t *from, const char *key)
{
    json_t *value = json_object_get(from, key);
    if (json_is_object(value) || json_is_array(value)) {
        json_object_set_new(to, key, json_deep_copy(value)); /* shared, it would be changed twice */
    } else if (value) {
        json_object_set(to, key, value);
    }
}

/* The object under `key`, made when it is not there. */
json_t *oc_state_object(json_t *parent, const char *key)
{
    json_t *o = json_object_get(parent, key);
    if (!json_is_object(o)) {
        o = json_object();
        json_object_set_new(parent, key, o);
    }
    return o;
}

json_t *oc_state_list(json_t *parent, const char *key)
{
    json_t *list = json_object_get(parent, key);
    if (!json_is_array(list)) {
        list = json_array();
        json_object_set_new(parent, key, list);
    }
    return list;
}

/* The proposal that the entry is about; its own time goes on to that of the entry. */
json_t *oc_state_proposal(json_t *state, const json_t *entry)
{
    json_t *p = oc_governance_find(state, oc_json_str(entry, "proposal", NULL));
    const int64_t at = oc_json_int(entry, "at", 0);
    if (p && at > oc_json_int(p, "time", 0)) {
        oc_json_set_int(p, "time", at);
    }
    return p;
}

/* Somebody has signed something: that is a sign of life. */
void oc_state_heard(json_t *state, const json_t *entry)
{
    const char *name = oc_json_str(entry, "member", NULL);
    if (name) {
        oc_json_set_int(oc_state_object(json_object_get(state, "members"), name), "heard",
                        oc_json_int(entry, "at", 0));
    }
}

/* What a member has signed about a proposal, at the end of the list `key`; in the order of the ledger. */
void oc_state_sign(json_t *state, json_t *p, const char *key, uint64_t index, const json_t *entry)
{
    static const char *const keys[] = {"kind", "member", "word", "nonce", "at", "key", "text"};
    json_t *record = json_object();
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        oc_state_copy(record, entry, keys[i]);
    }
    oc_json_set_int(record, "index", (int64_t)index);
    json_array_append_new(oc_state_list(p, key), record);
    char *id =
        oc_asprintf("%s:%s:%" JSON_INTEGER_FORMAT, oc_json_str(entry, "kind", ""),
                    oc_json_str(entry, "member", ""), (json_int_t)oc_json_int(entry, "nonce", 0));
    json_object_set_new(oc_state_object(p, "nonces"), id, json_pack("[I]", (json_int_t)index));
    free(id);
    oc_state_heard(state, entry);
}

/* Of a key, not of a member: what a stolen key has used up does not bind the one after it. */
static char *floor_name(const char *kind, const char *key, const char *scope)
{
    return scope ? oc_asprintf("%s:%s:%s", kind, key, scope) : oc_asprintf("%s:%s", kind, key);
}

int64_t oc_governance_floor(const json_t *state, const char *kind, const char *key,
                            const char *scope)
{
    char *name = floor_name(kind, key, scope);
    const int64_t nonce = oc_json_int(json_object_get(state, "floors"), name, 0);
    free(name);
    return nonce;
}

void oc_state_floor(json_t *state, const char *kind, const char *scope, const json_t *entry)
{
    const char *key = oc_json_str(entry, "key", oc_json_str(entry, "member", ""));
    const int64_t nonce = oc_json_int(entry, "nonce", 0);
    if (nonce > oc_governance_floor(state, kind, key, scope)) {
        char *name = floor_name(kind, key, scope);
        oc_json_set_int(oc_state_object(state, "floors"), name, nonce);
        free(name);
    }
}

/* The oldest of those that are closed make room. */
void oc_state_close(json_t *state, json_t *proposal)
{
    json_t *closed = json_object_get(state, "closed");
    if (oc_governance_is_closed(proposal)) {
        return;
    }
    oc_json_set_str(proposal, "stage", "closed");
    json_object_del(proposal, "stage_until");
    json_array_append(closed, json_object_get(proposal, "id"));
    while (json_array_size(closed) > OC_GOVERNANCE_CLOSED_MAX) {
        const char *oldest = json_string_value(json_array_get(closed, 0));
        json_object_del(json_object_get(state, "proposals"), oldest);
        json_array_remove(closed, 0);
    }
}

/* ---- types ---- */

static int by_type(const void *key, const void *type)
{
    return strcmp(key, ((const struct oc_state_type *)type)->name);
}

static const struct oc_state_type *type_of(const char *name)
{
    const struct oc_state_type *t =
        bsearch(name, oc_state_voting, oc_state_voting_count, sizeof *t, by_type);
    return t ? t : bsearch(name, oc_state_power, oc_state_power_count, sizeof *t, by_type);
}

bool oc_governance_knows(const char *type)
{
    return type_of(type) != NULL;
}

void oc_governance_apply(json_t *state, uint64_t index, const char *type, const json_t *entry)
{
    const struct oc_state_type *t = type_of(type);
    if (t && (int64_t)index > oc_json_int(state, "covers", -1)) {
        oc_json_set_int(state, "covers", (int64_t)index);
        t->apply(state, index, entry);
    }
}
