/* Operations on members' keys: list, create, register, revoke. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/governance/act.h"
#include "core/sys/file.h"

#define KEY_FILE_MAX 4096u

struct key_params {
    const char *member, *key, *path, *id, *signature;
    int64_t from;
};
#define AT(field) offsetof(struct key_params, field)
#define MEMBER                                                                                     \
    {                                                                                              \
        .name = "member", .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,     \
        .offset = AT(member), .help = "name of the member, such as alpha"                          \
    }
static const struct oc_option create_options[] = {
    MEMBER,
    {.name = "output",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(path),
     .help = "the file of the secret key; it must not be there yet"},
    {0}};
static const struct oc_option register_options[] = {
    MEMBER,
    {.name = "key",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(key),
     .help = "the public key: 44 characters of base64, or minisign's 56"},
    {.name = "signature",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_ADVANCED,
     .offset = AT(signature),
     .help = "to replace a key that is good: what it says of the new one, in base64"},
    {0}};
static const struct oc_option revoke_options[] = {
    {.name = "id",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(id),
     .help = "the key's id, as `openclaw governance keys list` shows it, or the member's name"},
    {.name = "since",
     .type = OC_OPT_INT,
     .flags = OC_OPT_ADVANCED,
     .offset = AT(from),
     .help = "wall ms from which on nothing signed by it counts; default: now"},
    {0}};

/* ---- keys.create: in a private daemon ---- */

static void op_create(struct oc_call *call, void *ctx)
{
    const struct key_params *p = oc_call_params(call);
    struct oc_member_key key;
    struct oc_buf text = {0};
    struct oc_error err;
    oc_error_init(&err);
    (void)ctx;
    if (oc_member_key_create(p->path, p->member, oc_time_wall(), &key, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    oc_base64(key.key, sizeof key.key, &text);
    json_t *o = json_object();
    oc_json_set_str(o, "member", key.member);
    oc_json_set_str(o, "id", key.id);
    oc_json_set_str(o, "public", text.data);
    oc_json_set_str(o, "file", p->path);
    oc_buf_finish(&text);
    oc_call_succeed(call, o);
}

/* ---- keys.register, keys.revoke ---- */

/* The text of a key; on this host also the path of its file. */
static int read_public(const char *text, struct oc_member_key *key, struct oc_error *err)
{
    struct oc_buf file = {0};
    int rc = oc_member_key_parse(text, strlen(text), key, err);
    if (rc != OC_OK && *text == '/' && oc_file_read(text, KEY_FILE_MAX, &file, NULL) == OC_OK) {
        oc_error_init(err);
        rc = oc_member_key_parse(file.data, file.len, key, err);
    }
    oc_buf_finish(&file);
    if (rc == OC_OK && !oc_sign_key_sound(key->key)) {
        oc_error_set(err, OC_E_CONFIG, "nobody can have the secret key of this one");
        oc_error_hint(err, "It is no sound point of Ed25519's curve. Make one with `openclaw "
                           "governance keys create`.");
        return OC_E_CONFIG;
    }
    return rc;
}

/* NULL: there is no such key. */
static const json_t *row_of(const struct oc_governance *g, const char *id)
{
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(g->state, "keys"), i, row)
    {
        if (strcmp(oc_json_str(row, "id", ""), id) == 0) {
            return row;
        }
    }
    return NULL;
}

/* The member itself names its next key, with the one that is good still. */
static int check_signature(const struct oc_member_key *old, const struct oc_member_key *key,
                           const char *signature, struct oc_error *err)
{
    uint8_t bytes[OC_SIGN_SIGNATURE];
    struct oc_buf text = {0};
    oc_buf_addf(&text, "openclaw-key-v1\nmember %s\nkey ", old->member);
    oc_base64(key->key, sizeof key->key, &text);
    oc_buf_addc(&text, '\n');
    const bool fits = oc_base64_decode(signature, strlen(signature), bytes, sizeof bytes) &&
                      oc_sign_verify(old->key, text.data, text.len, bytes);
    oc_buf_finish(&text);
    return fits ? OC_OK
                : oc_error_set(err, OC_E_VERIFY, "the key of %s has not signed the new one",
                               old->member);
}

static bool had_key(const struct oc_governance *g, const char *member)
{
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(g->state, "keys"), i, row)
    {
        if (strcmp(oc_json_str(row, "member", ""), member) == 0) {
            return true;
        }
    }
    return false;
}

/* A token that is stolen or lent must not be enough to speak for the members: it can take keys away, but not put its own there. */
static int check_replacement(const struct oc_governance *g, const struct oc_call *call,
                             const char *member, struct oc_error *err)
{
    const struct oc_actor *actor = oc_call_actor(call);
    if (!had_key(g, member) || (oc_starts(actor->name, "cli:") && !actor->approval)) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_DENIED, "%s had a key: another one is not registered from afar", member);
    oc_error_hint(err, "Register it on the host with `openclaw governance keys register`, or while "
                       "the old key is good give its signature of the new one.");
    return OC_E_DENIED;
}

static int check_register(const struct oc_governance *g, const struct oc_call *call,
                          const struct key_params *p, struct oc_member_key *key,
                          struct oc_member_key *old, struct oc_error *err)
{
    const bool has = oc_governance_key(g, p->member, old);
    if (!oc_name_valid(p->member)) {
        oc_error_set(err, OC_E_CONFIG, "'%.64s' is no name", p->member);
        oc_error_hint(err, OC_MEMBER_NAME_RULE);
        return OC_E_CONFIG;
    }
    if (has && !p->signature) {
        oc_error_set(err, OC_E_CONFLICT, "%s has the key %s", p->member, old->id);
        oc_error_hint(err, "Revoke it first: `openclaw governance keys revoke %s`.", old->id);
        return OC_E_CONFLICT;
    }
    if (read_public(p->key, key, err) != OC_OK ||
        (has ? check_signature(old, key, p->signature, err)
             : check_replacement(g, call, p->member, err)) != OC_OK) {
        return err->code;
    }
    /* one key, one voice: a key that two members share would vote twice */
    return row_of(g, key->id)
               ? oc_error_set(err, OC_E_CONFLICT, "the key %s is or was another one's", key->id)
               : OC_OK;
}

/* The one that is replaced by a key that it has signed. */
static int write_revoked(struct oc_governance *g, struct oc_call *call,
                         const struct oc_member_key *old)
{
    json_t *entry = json_object();
    oc_json_set_str(entry, "id", old->id);
    oc_json_set_str(entry, "member", old->member);
    oc_json_set_str(entry, "by", oc_call_actor(call)->name);
    oc_json_set_int(entry, "revoked_at", oc_time_wall());
    return oc_governance_write(g, "key_revoked", entry, NULL, NULL);
}

static void op_register(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct key_params *p = oc_call_params(call);
    struct oc_member_key key = {.registered_at = oc_time_wall(), .revoked_at = OC_TALLY_NEVER};
    struct oc_member_key old = {.id = ""};
    struct oc_error err;
    oc_error_init(&err);
    if (check_register(g, call, p, &key, &old, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    if (*old.id && write_revoked(g, call, &old) != OC_OK) {
        oc_call_failf(call, OC_E_RETRY, "Try again.", "the ledger could not be written");
        return;
    }
    if (!oc_governance_is_named(g, p->member)) {
        oc_call_warn(call, "%s holds no office and is not of the triad: it may advise, not vote",
                     p->member);
    }
    oc_copy(key.member, sizeof key.member, p->member);
    key.registered_at = oc_time_wall();
    key.revoked_at = OC_TALLY_NEVER;
    json_t *entry = json_object();
    oc_json_set_str(entry, "member", p->member);
    oc_json_set_str(entry, "by", oc_call_actor(call)->name);
    if (had_key(g, p->member)) { /* who watches over the host wants to know */
        oc_json_set_bool(entry, "replaces", true);
        oc_json_set_str(entry, "proof", *old.id ? "signature" : "local");
    }
    oc_json_take(entry, "key", oc_member_key_json(&key));
    oc_governance_write(g, "key_registered", entry, call,
                        json_pack("{s:s,s:s}", "member", p->member, "id", key.id));
}

static const char *id_of(const struct oc_governance *g, const char *text)
{
    static struct oc_member_key key;
    return oc_governance_key(g, text, &key) ? key.id : text;
}

static void op_revoke(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct key_params *p = oc_call_params(call);
    const char *id = id_of(g, p->id);
    const json_t *row = row_of(g, id);
    const int64_t since = p->from ? p->from : oc_time_wall();
    if (!row) {
        oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw governance keys list` shows them.",
                      "there is no key %.64s", p->id);
        return;
    }
    if (p->from > oc_time_wall()) {
        oc_call_failf(call, OC_E_CONFIG, "Revoke it then.", "a key is not revoked in advance");
        return;
    }
    const int64_t was = oc_json_int(row, "revoked_at", 0);
    if (was && since >= was) { /* a later time would make good what has been signed in between */
        oc_call_failf(call, OC_E_CONFLICT, "An earlier time can be given with --since.",
                      "the key %s is revoked already", id);
        return;
    }
    json_t *entry = json_object();
    oc_json_set_str(entry, "id", id);
    oc_json_set_str(entry, "member", oc_json_str(row, "member", ""));
    oc_json_set_str(entry, "by", oc_call_actor(call)->name);
    oc_json_set_int(entry, "revoked_at", since);
    if (oc_governance_write(g, "key_revoked", entry, call, json_pack("{s:s}", "id", id)) == OC_OK) {
        oc_governance_poke_all(g);
    }
}

/* ---- keys.list ---- */

static void op_list(struct oc_call *call, void *ctx)
{
    const struct oc_governance *g = ctx;
    const json_t *row;
    json_t *list = json_array();
    size_t i;
    json_array_foreach(json_object_get(g->state, "keys"), i, row)
    {
        const int64_t revoked = oc_json_int(row, "revoked_at", 0);
        json_t *o = json_object();
        oc_json_set_str(o, "member", oc_json_str(row, "member", ""));
        oc_json_set_str(o, "id", oc_json_str(row, "id", ""));
        oc_json_set_str(o, "key", oc_json_str(row, "key", ""));
        oc_json_set_time(o, "registered", oc_json_int(row, "registered_at", 0));
        oc_json_set_time(o, "revoked", revoked);
        oc_json_set_str(o, "state", revoked && revoked <= oc_time_wall() ? "revoked" : "ok");
        json_array_append_new(list, o);
    }
    oc_call_succeed(call, list);
}

const struct oc_op oc_governance_ops_key[] = {
    {.name = "governance.keys.list",
     .summary = "List the keys of members",
     .view = "table:member=Member,id=Key,state=State,registered=Registered,revoked=Revoked",
     .example = "openclaw governance keys list",
     .result = "[{member: string, id: string, key: string, registered: time, revoked: time|null, "
               "state: string}]",
     .handler = op_list},
    {.name = "governance.keys.create",
     .summary = "Make a key for a member",
     .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE | OC_OP_BARE,
     .params = create_options,
     .params_size = sizeof(struct key_params),
     .view = "record",
     .description =
         "Writes the secret key to a file that only you can read, in minisign's format, and "
         "prints the public one. No daemon ever sees the secret key.",
     .example = "openclaw governance keys create alpha ~/alpha.key",
     .result = "{member: string, id: string, public: string, file: string}",
     .handler = op_create},
    {.name = "governance.keys.register",
     .summary = "Register the public key of a member",
     .role = OC_ROLE_ADMIN,
     .flags = OC_OP_ACTS,
     .params = register_options,
     .params_size = sizeof(struct key_params),
     .view = "record",
     .description =
         "A member has one key at a time, and no key belongs to two members. A key that takes the "
         "place of another is registered on the host itself, or from afar with --signature: what "
         "the old key, good still, has signed of \"openclaw-key-v1\\nmember NAME\\nkey "
         "BASE64\\n\". It counts for proposals that are opened afterwards.",
     .example =
         "openclaw governance keys register alpha 2hFCmaG0GyJpCbcMBKF4nVkKuMTAbWSSgqUy1CwAJ7c=",
     .result = "{member: string, id: string, index: integer, leaf: string}",
     .handler = op_register},
    {.name = "governance.keys.revoke",
     .summary = "Revoke a key: nothing signed by it counts from then on",
     .role = OC_ROLE_ADMIN,
     .flags = OC_OP_ACTS | OC_OP_DESTRUCTIVE,
     .params = revoke_options,
     .params_size = sizeof(struct key_params),
     .view = "record",
     .description =
         "Open proposals are counted anew: a ballot that was accepted after that time does "
         "not count any more.",
     .example = "openclaw governance keys revoke alpha --yes",
     .result = "{id: string, index: integer, leaf: string}",
     .handler = op_revoke},
};
const size_t oc_governance_ops_key_count = OC_COUNT(oc_governance_ops_key);
