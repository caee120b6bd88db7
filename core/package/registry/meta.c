/* Parsing the registry's documents. SPDX-License-Identifier: MIT */
#include "core/package/registry/meta.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

const char *const oc_role_names[OC_REGISTRY_ROLES] = {"root", "timestamp", "snapshot", "publish"};

int oc_role_find(const char *name)
{
    for (int i = 0; i < OC_REGISTRY_ROLES; i++) {
        if (strcmp(name, oc_role_names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

/* ---- words ---- */

bool oc_registry_word(const char *s)
{
    size_t n = 0;
    for (; s[n]; n++) {
        const bool alnum = (s[n] >= 'a' && s[n] <= 'z') || (s[n] >= '0' && s[n] <= '9');
        if (n == 64 || !(alnum || (s[n] == '-' && n > 0))) {
            return false;
        }
    }
    return n > 0 && s[n - 1] != '-';
}

bool oc_registry_id(const char *s)
{
    const char *slash = strchr(s, '/');
    char publisher[66];
    if (!slash || slash - s > 64) {
        return false;
    }
    memcpy(publisher, s, (size_t)(slash - s));
    publisher[slash - s] = '\0';
    return oc_registry_word(publisher) && oc_registry_word(slash + 1);
}

const char *oc_registry_bare(const char *id)
{
    const char *slash = strchr(id, '/');
    return slash ? slash + 1 : id;
}

bool oc_hex64(const char *s)
{
    return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

unsigned oc_registry_shard(const char *id_or_name)
{
    const char *bare = oc_registry_bare(id_or_name);
    char hex[OC_SHA256_HEX];
    oc_sha256_hex(bare, strlen(bare), hex);
    hex[2] = '\0';
    return (unsigned)strtoul(hex, NULL, 16);
}

const char *oc_registry_near(const struct oc_root *root, const char *name)
{
    const json_t *popular = json_object_get(json_object_get(root->json, "policy"), "popular");
    const char *found = NULL;
    for (size_t i = 0; i < json_array_size(popular); i++) {
        const char *p = json_string_value(json_array_get(popular, i));
        if (p && strcmp(p, name) == 0) {
            return NULL; /* it is one itself, near to another or not */
        }
        if (p && oc_edit_distance(p, name) <= 1) {
            found = p;
        }
    }
    return found;
}

/* ---- parts ---- */

static int bad(struct oc_error *err, const char *what, const char *key)
{
    return oc_error_set(err, OC_E_VERIFY, "%s: \"%s\" is missing or wrong", what, key);
}

bool oc_file_ref_parse(const json_t *json, uint64_t max, struct oc_file_ref *ref)
{
    const char *sha = oc_json_str(json, "sha256", "");
    const int64_t length = oc_json_int(json, "length", -1);
    if (!oc_hex64(sha) || length <= 0 || (uint64_t)length > max) {
        return false;
    }
    oc_copy(ref->sha256, sizeof ref->sha256, sha);
    ref->length = (uint64_t)length;
    return true;
}

json_t *oc_file_ref_json(const struct oc_file_ref *ref)
{
    json_t *json = json_object();
    oc_json_set_str(json, "sha256", ref->sha256);
    oc_json_set_int(json, "length", (int64_t)ref->length);
    return json;
}

/* The members that every document has: its type, its version, and unless `expires` is NULL its end. Owned by the caller. */
static json_t *parse_head(const char *type, const char *body, size_t len, int64_t *version,
                          int64_t *expires, struct oc_error *err)
{
    json_t *json = oc_json_parse(body, len, NULL);
    const char *wrong = NULL;
    *version = oc_json_int(json, "version", 0);
    if (!json_is_object(json)) {
        oc_error_set(err, OC_E_VERIFY, "%s: this is no JSON object", type);
        json_decref(json);
        return NULL;
    }
    if (strcmp(oc_json_str(json, "type", ""), type) != 0) {
        wrong = "type";
    } else if (oc_json_int(json, "format", 0) != OC_REGISTRY_FORMAT) {
        wrong = "format";
    } else if (*version < 1 || *version > OC_VERSION_MAX) {
        wrong = "version";
    } else if (expires && (strlen(oc_json_str(json, "expires", "")) < 20 ||
                           oc_time_parse(oc_json_str(json, "expires", ""), 0, expires) != OC_OK)) {
        wrong = "expires";
    }
    if (wrong) {
        bad(err, type, wrong);
        json_decref(json);
        return NULL;
    }
    return json;
}

/* A key in minisign's text form. */
static bool ring_add_text(struct oc_ring *ring, const char *text)
{
    struct oc_public_key key;
    return text && oc_key_public_parse(text, strlen(text), &key, NULL) == OC_OK &&
           oc_ring_add(ring, &key);
}

static bool threshold_of(const json_t *json, struct oc_ring *ring)
{
    const int64_t threshold = oc_json_int(json, "threshold", 0);
    if (threshold < 1 || (uint64_t)threshold > ring->count) {
        return false;
    }
    ring->threshold = (unsigned)threshold;
    return true;
}

/* ---- root ---- */

static bool parse_role(const json_t *root, enum oc_registry_role role, struct oc_ring *ring)
{
    const json_t *json = json_object_get(json_object_get(root, "roles"), oc_role_names[role]);
    const json_t *ids = json_object_get(json, "keys"), *keys = json_object_get(root, "keys");
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        char real[OC_KEY_ID_TEXT];
        if (!id || !ring_add_text(ring, oc_json_str(keys, id, NULL))) {
            return false;
        }
        oc_key_id_text(ring->keys[ring->count - 1].id, real);
        if (strcmp(real, id) != 0) {
            return false;
        }
    }
    return threshold_of(json, ring);
}

static const char *check_policy(const json_t *policy)
{
    const json_t *popular = json_object_get(policy, "popular");
    for (size_t i = 0; i < json_array_size(popular); i++) {
        if (!json_is_string(json_array_get(popular, i))) {
            return "policy.popular";
        }
    }
    return json_is_object(policy) ? NULL : "policy";
}

int oc_root_parse(const char *body, size_t len, struct oc_root *root, struct oc_error *err)
{
    *root = (struct oc_root){0};
    root->json = parse_head("root", body, len, &root->version, &root->expires_ms, err);
    if (!root->json) {
        return OC_E_VERIFY;
    }
    const char *wrong = check_policy(json_object_get(root->json, "policy"));
    if (!oc_registry_word(oc_json_str(root->json, "name", ""))) {
        wrong = "name";
    }
    for (int i = 0; !wrong && i < OC_REGISTRY_ROLES; i++) {
        wrong = parse_role(root->json, (enum oc_registry_role)i, &root->roles[i])
                    ? NULL
                    : oc_role_names[i];
    }
    if (wrong) {
        oc_root_finish(root);
        return bad(err, "root", wrong);
    }
    return OC_OK;
}

void oc_root_finish(struct oc_root *root)
{
    json_decref(root->json);
    *root = (struct oc_root){0};
}

/* ---- timestamp and snapshot ---- */

int oc_timestamp_parse(const char *body, size_t len, struct oc_timestamp *t, struct oc_error *err)
{
    *t = (struct oc_timestamp){0};
    json_t *json = parse_head("timestamp", body, len, &t->version, &t->expires_ms, err);
    if (!json) {
        return OC_E_VERIFY;
    }
    const json_t *snapshot = json_object_get(json, "snapshot");
    int code = OC_OK;
    t->root = oc_json_int(json, "root", 0);
    t->snapshot_version = oc_json_int(snapshot, "version", 0);
    if (t->root < 1 || t->root > OC_VERSION_MAX) {
        code = bad(err, "timestamp", "root");
    } else if (t->snapshot_version < 1 || t->snapshot_version > OC_VERSION_MAX ||
               !oc_file_ref_parse(snapshot, OC_SNAPSHOT_MAX, &t->snapshot)) {
        code = bad(err, "timestamp", "snapshot");
    }
    json_decref(json);
    return code;
}

/* {"00":{"sha256","length"},..} */
static bool parse_refs(const json_t *json, uint64_t max, struct oc_file_ref refs[OC_SHARDS])
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        if (strlen(key) != 2 || strspn(key, "0123456789abcdef") != 2 ||
            !oc_file_ref_parse(value, max, &refs[strtoul(key, NULL, 16)])) {
            return false;
        }
    }
    return json_is_object(json);
}

int oc_snapshot_parse(const char *body, size_t len, struct oc_snapshot *s, struct oc_error *err)
{
    *s = (struct oc_snapshot){0};
    json_t *json = parse_head("snapshot", body, len, &s->version, &s->expires_ms, err);
    if (!json) {
        return OC_E_VERIFY;
    }
    const json_t *search = json_object_get(json, "search");
    int code = OC_OK;
    if (!parse_refs(json_object_get(json, "shards"), OC_SHARD_MAX, s->shards)) {
        code = bad(err, "snapshot", "shards");
    } else if (!parse_refs(json_object_get(json, "status"), OC_STATUS_MAX, s->status)) {
        code = bad(err, "snapshot", "status");
    } else if (search && !oc_file_ref_parse(search, OC_SEARCH_MAX, &s->search)) {
        code = bad(err, "snapshot", "search");
    }
    json_decref(json);
    return code;
}

/* ---- delegation and shards ---- */

int oc_delegation_parse(const char *body, size_t len, struct oc_delegation *d, struct oc_error *err)
{
    *d = (struct oc_delegation){0};
    json_t *json = parse_head("delegation", body, len, &d->version, NULL, err);
    if (!json) {
        return OC_E_VERIFY;
    }
    const json_t *keys = json_object_get(json, "keys");
    const char *publisher = oc_json_str(json, "publisher", ""), *wrong = NULL;
    const char *trust = oc_json_str(json, "trust", "");
    for (size_t i = 0; !wrong && i < json_array_size(keys); i++) {
        const char *text = json_string_value(json_array_get(keys, i));
        wrong = ring_add_text(&d->ring, text) ? NULL : "keys";
    }
    d->community = strcmp(trust, "community") == 0;
    if (!oc_registry_word(publisher) || strcmp(publisher, "local") == 0) {
        wrong = "publisher"; /* "local" is what nobody vouches for */
    } else if (!d->community && strcmp(trust, "publisher") != 0) {
        wrong = "trust";
    } else if (!wrong && !threshold_of(json, &d->ring)) {
        wrong = "threshold";
    }
    oc_copy(d->publisher, sizeof d->publisher, wrong ? "" : publisher);
    json_decref(json);
    return wrong ? bad(err, "delegation", wrong) : OC_OK;
}

int oc_shard_parse(const char *text, size_t len, json_t **packages, struct oc_error *err)
{
    json_t *json = oc_json_parse(text, len, NULL), *list = json_object_get(json, "packages");
    const char *key;
    json_t *value;
    bool good = json_is_object(list);
    json_object_foreach(list, key, value)
    {
        good = good && oc_registry_id(key) && json_is_object(value);
    }
    *packages = good ? json_incref(list) : NULL;
    json_decref(json);
    return good ? OC_OK : bad(err, "shard", "packages");
}
