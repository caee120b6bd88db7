/* Witnesses: others who look at checkpoints and vouch for them. SPDX-License-Identifier: MIT
 *
 * A witness takes a checkpoint, asks for the proof that it continues the one that it has vouched for before (ledger.consistency), and
 * signs it. The host keeps the cosignature in the checkpoint's file, and remembers how far each witness has vouched, and for which root: a
 * ledger that is shorter than that was cut, one with another root was rewritten. */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/audit/internal.h"
#include "core/sys/file.h"

#define SPACE     "ledger.witness"
#define CLOCK_OFF 600 /* seconds that the clock of a witness may be ahead */

static bool read_witness(const char *name, const json_t *value, struct oc_ledger_witness *w)
{
    const char *key = oc_json_str(value, "key", "");
    memset(w, 0, sizeof *w);
    snprintf(w->name, sizeof w->name, "%s", name);
    w->cosigned = (uint64_t)oc_json_int(value, "cosigned", 0);
    return oc_base64_decode(key, strlen(key), w->key, sizeof w->key);
}

size_t oc_audit_witnesses(struct oc_audit *s, struct oc_ledger_witness list[OC_AUDIT_WITNESSES])
{
    json_t *all = s->env.store ? oc_kv_all(s->env.store, SPACE) : NULL, *value;
    const char *name;
    size_t count = 0;
    json_object_foreach(all, name, value)
    {
        if (count < OC_AUDIT_WITNESSES && read_witness(name, value, &list[count])) {
            count++;
        }
    }
    json_decref(all);
    return count;
}

static json_t *witness_json(const struct oc_ledger_witness *w)
{
    struct oc_buf key = {0};
    json_t *o = json_object();
    oc_note_key_text(w->name, w->key, 4, &key);
    oc_json_set_str(o, "name", w->name);
    oc_json_set_str(o, "key", key.data);
    oc_json_set_int(o, "cosigned", (int64_t)w->cosigned);
    oc_buf_finish(&key);
    return o;
}

/* `root`: of the entries that it has vouched for; NULL: it has for none. */
static int keep(struct oc_audit *s, const struct oc_ledger_witness *w, const uint8_t *root,
                struct oc_error *err)
{
    struct oc_buf key = {0};
    json_t *value = json_object();
    oc_base64(w->key, sizeof w->key, &key);
    oc_json_set_str(value, "key", key.data);
    oc_json_set_int(value, "cosigned", (int64_t)w->cosigned);
    if (root) {
        char hex[2 * OC_LEDGER_HASH + 1];
        oc_audit_hex(root, OC_LEDGER_HASH, hex);
        oc_json_set_str(value, "root", hex);
    }
    const int rc = oc_kv_put(s->env.store, SPACE, w->name, value, true, err);
    json_decref(value);
    oc_buf_finish(&key);
    return rc;
}

/* ---- add, list, remove ---- */

struct name_params {
    const char *name, *key;
};
#define NAME_OPTION                                                                                \
    {                                                                                              \
        .name = "name", .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,       \
        .offset = offsetof(struct name_params, name), .help = "what the witness is called"         \
    }
static const struct oc_option add_options[] = {
    NAME_OPTION,
    {.name = "key",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct name_params, key),
     .help = "its Ed25519 public key: base64 of the 32 bytes, or NAME+HASH+BASE64"},
    {0}};
static const struct oc_option name_options[] = {NAME_OPTION, {0}};

static bool parse_key(const char *text, struct oc_ledger_witness *w)
{
    char name[OC_NOTE_NAME];
    unsigned type = 0;
    const bool raw = oc_base64_decode(text, strlen(text), w->key, sizeof w->key);
    const bool good = raw || (oc_note_key_parse(text, name, w->key, &type) && type == 4 &&
                              strcmp(name, w->name) == 0);
    return good && oc_sign_key_sound(w->key);
}

static void op_add(struct oc_call *call, void *ctx)
{
    struct oc_audit *s = ctx;
    const struct name_params *p = oc_call_params(call);
    struct oc_ledger_witness w = {.cosigned = 0}, list[OC_AUDIT_WITNESSES];
    struct oc_error err;
    oc_error_init(&err);
    snprintf(w.name, sizeof w.name, "%.*s", OC_NOTE_NAME - 1, p->name);
    json_t *known = oc_kv_get(s->env.store, SPACE, p->name);
    if (!oc_note_name_good(p->name) || !parse_key(p->key, &w)) {
        oc_call_failf(call, OC_E_CONFIG,
                      "Write a name without blanks, and the key as base64 of 32 bytes: a "
                      "public key of Ed25519 whose secret key somebody has.",
                      "this is no witness' name or key");
    } else if (known) {
        oc_call_failf(call, OC_E_CONFLICT, "Remove it first: `openclaw ledger witness remove`.",
                      "there is a witness %s already", p->name);
    } else if (oc_audit_witnesses(s, list) == OC_AUDIT_WITNESSES) {
        oc_call_failf(call, OC_E_CONFLICT, NULL, "there are %d witnesses already",
                      OC_AUDIT_WITNESSES);
    } else if (keep(s, &w, NULL, &err) != OC_OK) {
        oc_call_fail(call, &err);
    } else {
        oc_call_succeed(call, witness_json(&w));
    }
    json_decref(known);
}

static void op_remove(struct oc_call *call, void *ctx)
{
    struct oc_audit *s = ctx;
    const struct name_params *p = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    json_t *known = oc_kv_get(s->env.store, SPACE, p->name);
    if (!known) {
        oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw ledger witness list` shows them.",
                      "there is no witness %s", p->name);
    } else if (oc_kv_remove(s->env.store, SPACE, p->name, true, &err) != OC_OK) {
        oc_call_fail(call, &err);
    } else {
        oc_call_succeed(call, json_pack("{s:s}", "removed", p->name));
    }
    json_decref(known);
}

static void op_list(struct oc_call *call, void *ctx)
{
    struct oc_ledger_witness list[OC_AUDIT_WITNESSES];
    const size_t count = oc_audit_witnesses(ctx, list);
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(rows, witness_json(&list[i]));
    }
    oc_call_succeed(call, rows);
}

/* ---- cosign ---- */

struct cosign_params {
    const char *witness, *signature;
    int64_t size, seconds;
};
#define COSIGN(member) offsetof(struct cosign_params, member)
static const struct oc_option cosign_options[] = {
    {.name = "witness",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = COSIGN(witness),
     .help = "who signs"},
    {.name = "size",
     .type = OC_OPT_INT,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = COSIGN(size),
     .min = 1,
     .max = 9e15,
     .help = "entries of the checkpoint"},
    {.name = "seconds",
     .type = OC_OPT_INT,
     .flags = OC_OPT_REQUIRED,
     .offset = COSIGN(seconds),
     .min = 1,
     .max = 9e15,
     .help = "when it was signed: seconds since 1970"},
    {.name = "signature",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = COSIGN(signature),
     .help = "base64 of the Ed25519 signature over \"cosignature/v1\", the time and the "
             "checkpoint's text"},
    {0}};

static int read_signed(struct oc_audit *s, uint64_t size, struct oc_buf *text, struct oc_error *err)
{
    const int rc = oc_audit_read_note(s, size, text, err);
    if (rc == OC_E_NOT_FOUND) {
        oc_error_set(err, rc, "there is no checkpoint of %llu entries", (unsigned long long)size);
        oc_error_hint(err, "`openclaw ledger checkpoint` prints the newest one.");
    }
    return rc;
}

struct cosigning {
    struct oc_ledger_witness w;
    const char *root; /* of what it has vouched for before, as the store has it; NULL: not known */
    struct oc_buf text;  /* of the checkpoint */
    struct oc_note note; /* the same, read */
    bool signed_already;
};

static int read_checkpoint(struct oc_audit *s, uint64_t size, struct cosigning *c,
                           struct oc_error *err)
{
    uint64_t seconds = 0;
    int rc = read_signed(s, size, &c->text, err);
    rc = rc == OC_OK ? oc_note_parse(c->text.data, c->text.len, &c->note, err) : rc;
    c->signed_already =
        rc == OC_OK && oc_note_is_cosigned(c->text.data, &c->note, c->w.name, c->w.key, &seconds);
    return rc;
}

static int add_cosignature(const struct cosign_params *p, struct cosigning *c, struct oc_error *err)
{
    uint8_t signature[OC_SIGN_SIGNATURE];
    struct oc_buf message = {0};
    int rc = OC_OK;
    if (p->seconds > oc_time_wall() / OC_SECOND + CLOCK_OFF) {
        return oc_error_set(err, OC_E_CONFIG, "the time of the cosignature is in the future");
    }
    if (c->note.count >= OC_NOTE_SIGNATURES) { /* nobody could read it with one more */
        oc_error_set(err, OC_E_CONFLICT, "this checkpoint has %u signatures already",
                     OC_NOTE_SIGNATURES);
        oc_error_hint(err, "Sign the next one: `openclaw ledger checkpoint`.");
        return OC_E_CONFLICT;
    }
    oc_note_cosigned_text(c->text.data, c->note.text_len, (uint64_t)p->seconds, &message);
    if (!oc_base64_decode(p->signature, strlen(p->signature), signature, sizeof signature) ||
        !oc_sign_verify(c->w.key, message.data, message.len, signature)) {
        rc = oc_error_set(err, OC_E_VERIFY, "this is not the signature of %s", c->w.name);
    } else {
        oc_note_add_cosignature(&c->text, c->w.name, c->w.key, (uint64_t)p->seconds, signature);
    }
    oc_buf_finish(&message);
    return rc;
}

static int has_root(struct oc_audit *s, uint64_t size, const char *hex, const char *name,
                    const char *does, struct oc_error *err)
{
    uint8_t root[OC_LEDGER_HASH];
    char now[2 * OC_LEDGER_HASH + 1];
    const int rc = oc_ledger_root(s->env.ledger, size, root, err);
    if (rc != OC_OK) {
        return rc;
    }
    oc_audit_hex(root, sizeof root, now);
    return strcmp(now, hex) == 0
               ? OC_OK
               : oc_error_set(err, OC_E_VERIFY,
                              "the ledger does not continue the one of %llu entries that %s %s",
                              (unsigned long long)size, name, does);
}

/* Of a witness of an older version the store has no root: its checkpoint has it, if it is signed by the witness. */
static int find_root(struct oc_audit *s, const struct oc_ledger_witness *w,
                     char hex[2 * OC_LEDGER_HASH + 1], struct oc_error *err)
{
    struct cosigning *before = oc_calloc(1, sizeof *before);
    before->w = *w;
    const bool found =
        read_checkpoint(s, w->cosigned, before, NULL) == OC_OK && before->signed_already;
    oc_audit_hex(before->note.root, OC_LEDGER_HASH, hex);
    oc_buf_finish(&before->text);
    free(before);
    if (!found) {
        oc_error_set(err, OC_E_VERIFY,
                     "the checkpoint of %llu entries that %s has signed is not there any more",
                     (unsigned long long)w->cosigned, w->name);
        oc_error_hint(err, "Bring it back from a copy into ledger/checkpoints. If there is none, "
                           "ask the witness whether the ledger continues what it has signed, and "
                           "remove and add it again.");
    }
    return found ? OC_OK : OC_E_VERIFY;
}

/* The tree that it vouched for before has to be the front of this ledger, as the tree that it signs now: else there are two histories. */
static int check_growth(struct oc_audit *s, const struct cosigning *c, struct oc_error *err)
{
    char before[2 * OC_LEDGER_HASH + 1], now[2 * OC_LEDGER_HASH + 1];
    int rc = OC_OK;
    if (c->w.cosigned > 0 && c->root) {
        rc = has_root(s, c->w.cosigned, c->root, c->w.name, "has vouched for", err);
    } else if (c->w.cosigned > 0) {
        rc = find_root(s, &c->w, before, err);
        rc = rc == OC_OK ? has_root(s, c->w.cosigned, before, c->w.name, "has vouched for", err)
                         : rc;
    }
    oc_audit_hex(c->note.root, OC_LEDGER_HASH, now);
    return rc == OC_OK ? has_root(s, c->note.size, now, c->w.name, "signs", err) : rc;
}

/* The file first: what is remembered is never more than was signed. When only that failed, the witness sends its signature again. */
static int cosign(struct oc_audit *s, const struct cosign_params *p, struct cosigning *c,
                  struct oc_error *err)
{
    const uint64_t size = (uint64_t)p->size;
    int rc = read_checkpoint(s, size, c, err);
    if (rc == OC_OK && c->signed_already && size <= c->w.cosigned) {
        rc = oc_error_set(err, OC_E_CONFLICT, "%s has signed this checkpoint already", c->w.name);
    }
    rc = rc == OC_OK && !c->signed_already ? add_cosignature(p, c, err) : rc;
    rc = rc == OC_OK ? check_growth(s, c, err) : rc;
    if (rc == OC_OK && !c->signed_already) {
        char *path = oc_asprintf("%s/checkpoints/%012llu", s->dir, (unsigned long long)size);
        rc = oc_file_write(path, c->text.data, c->text.len, 0600, err);
        free(path);
    }
    if (rc == OC_OK && size > c->w.cosigned) {
        c->w.cosigned = size;
        rc = keep(s, &c->w, c->note.root, err);
    }
    return rc;
}

static void op_cosign(struct oc_call *call, void *ctx)
{
    struct oc_audit *s = ctx;
    const struct cosign_params *p = oc_call_params(call);
    struct cosigning *c = oc_calloc(1, sizeof *c);
    struct oc_error err;
    oc_error_init(&err);
    json_t *known = oc_kv_get(s->env.store, SPACE, p->witness);
    int rc = known && read_witness(p->witness, known, &c->w)
                 ? OC_OK
                 : oc_error_set(&err, OC_E_NOT_FOUND, "there is no witness %s", p->witness);
    c->root = oc_json_str(known, "root", NULL);
    rc = rc == OC_OK ? cosign(s, p, c, &err) : rc;
    if (rc == OC_OK) {
        oc_audit_copy_anew(s, (uint64_t)p->size);
        oc_audit_copy(s);
        oc_call_succeed(call, json_pack("{s:s, s:I, s:s}", "witness", c->w.name, "size",
                                        (json_int_t)p->size, "checkpoint", c->text.data));
    } else {
        oc_call_fail(call, &err);
    }
    oc_buf_finish(&c->text);
    free(c);
    json_decref(known);
}

static const struct oc_op ops[] = {
    {.name = "ledger.witness.add",
     .summary = "Accept cosignatures of a witness",
     .role = OC_ROLE_ADMIN,
     .flags = OC_OP_MUTATES,
     .params = add_options,
     .params_size = sizeof(struct name_params),
     .view = "record",
     .result = "{name: string, key: string, cosigned: integer}",
     .handler = op_add},
    {.name = "ledger.witness.remove",
     .summary = "Accept no more cosignatures of a witness",
     .role = OC_ROLE_ADMIN,
     .flags = OC_OP_MUTATES,
     .params = name_options,
     .params_size = sizeof(struct name_params),
     .view = "record",
     .description = "Cosignatures that are there stay; they are not looked at any more.",
     .result = "{removed: string}",
     .handler = op_remove},
    {.name = "ledger.witness.list",
     .summary = "List the witnesses and how far each has vouched",
     .flags = OC_OP_EPHEMERAL,
     .view = "table:name=Name,cosigned=Entries,key=Key",
     .result = "[{name: string, key: string, cosigned: integer}]",
     .handler = op_list},
    {.name = "ledger.cosign",
     .summary = "Add the signature of a witness to a checkpoint",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES,
     .params = cosign_options,
     .params_size = sizeof(struct cosign_params),
     .view = "text:checkpoint",
     .description = "The witness signs the lines \"cosignature/v1\" and \"time SECONDS\", then the "
                    "checkpoint's text up to its empty line. It should ask `ledger consistency` "
                    "first whether the checkpoint continues the one that it has signed before.",
     .result = "{witness: string, size: integer, checkpoint: string}",
     .handler = op_cosign},
};

void oc_audit_add_witness_ops(struct oc_audit *s)
{
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(s->env.ops, &ops[i], s);
    }
}
