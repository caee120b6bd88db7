/* Checkpoints, proofs, and entries for others to check by themselves. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/audit/internal.h"
#include "core/sys/file.h"
#include "core/sys/merkle.h"

void oc_audit_hex(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

static void set_hash(json_t *o, const char *key, const uint8_t hash[OC_LEDGER_HASH])
{
    char hex[2 * OC_LEDGER_HASH + 1];
    oc_audit_hex(hash, OC_LEDGER_HASH, hex);
    oc_json_set_str(o, key, hex);
}

static json_t *hashes_json(const struct oc_ledger_proof *proof)
{
    json_t *list = json_array();
    for (size_t i = 0; i < proof->count; i++) {
        char hex[2 * OC_LEDGER_HASH + 1];
        oc_audit_hex(proof->hashes[i], OC_LEDGER_HASH, hex);
        json_array_append_new(list, json_string(hex));
    }
    return list;
}

/* The host's key, as people pass it on. */
static void set_key(struct oc_audit *s, json_t *o)
{
    struct oc_buf text = {0};
    char *path = oc_path_join(s->dir, "host.pub");
    if (oc_file_read(path, 1024, &text, NULL) == OC_OK && text.len > 0) {
        text.data[text.len - 1] = '\0';
    }
    oc_json_set_str(o, "key", text.data ? text.data : "");
    oc_buf_finish(&text);
    free(path);
}

/* ---- ledger.checkpoint ---- */

static void op_checkpoint(struct oc_call *call, void *ctx)
{
    struct oc_audit *s = ctx;
    struct oc_buf note = {0};
    struct oc_error err;
    uint64_t size = 0;
    oc_error_init(&err);
    int rc = oc_ledger_sync(s->env.ledger, &err);
    rc = rc == OC_OK ? oc_audit_checkpoint(s, &note, &size, &err) : rc;
    if (rc == OC_OK) {
        json_t *o = json_object();
        oc_json_set_int(o, "size", (int64_t)size);
        oc_json_set_str(o, "checkpoint", note.data);
        set_key(s, o);
        oc_call_succeed(call, o);
    } else {
        oc_call_fail(call, &err);
    }
    oc_buf_finish(&note);
}

/* ---- ledger.prove ---- */

struct prove_params {
    int64_t index;
};
static const struct oc_option prove_options[] = {{.name = "index",
                                                  .type = OC_OPT_INT,
                                                  .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                                  .offset = offsetof(struct prove_params, index),
                                                  .max = 9e15,
                                                  .help = "number of the entry, from 0 on"},
                                                 {0}};

/* A checkpoint that covers the entry; one is made when there is none. */
static int covering_note(struct oc_audit *s, uint64_t index, struct oc_buf *text,
                         struct oc_note *note, struct oc_error *err)
{
    uint64_t size = oc_audit_covering(s, index);
    int rc = OC_OK;
    if (size == 0) {
        rc = oc_ledger_sync(s->env.ledger, err);
        rc = rc == OC_OK ? oc_audit_checkpoint(s, NULL, &size, err) : rc;
    }
    rc = rc == OC_OK ? oc_audit_read_note(s, size, text, err) : rc;
    rc = rc == OC_OK ? oc_note_parse(text->data, text->len, note, err) : rc;
    return rc;
}

/* What goes out is checked first: a ledger that is damaged proves nothing. */
static int prove(struct oc_audit *s, uint64_t index, const struct oc_note *note,
                 const struct oc_buf *entry, json_t *o, struct oc_error *err)
{
    struct oc_ledger_proof proof;
    uint8_t leaf[OC_LEDGER_HASH];
    const int rc = oc_ledger_prove(s->env.ledger, index, note->size, &proof, err);
    if (rc != OC_OK) {
        return rc;
    }
    oc_merkle_leaf(entry->data, entry->len, leaf);
    if (!oc_tree_check(leaf, index, note->size, &proof, note->root)) {
        oc_error_set(err, OC_E_VERIFY, "entry %llu is not the one that was signed",
                     (unsigned long long)index);
        oc_error_hint(err, "Run `openclaw ledger verify`: it names the first damage.");
        return OC_E_VERIFY;
    }
    oc_json_set_int(o, "index", (int64_t)index);
    oc_json_set_int(o, "size", (int64_t)note->size);
    oc_json_set_str(o, "entry", entry->data);
    set_hash(o, "leaf", leaf);
    oc_json_take(o, "proof", hashes_json(&proof));
    set_hash(o, "root", note->root);
    return OC_OK;
}

static int may_see(const struct oc_call *call, const struct oc_buf *entry, struct oc_error *err)
{
    json_t *o = oc_json_parse(entry->data, entry->len, NULL);
    const bool may = oc_call_actor(call)->role == OC_ROLE_ADMIN ||
                     oc_audit_is_public(oc_json_str(o, "type", "operation"));
    json_decref(o);
    return may ? OC_OK : oc_error_set(err, OC_E_DENIED, "this entry is shown to admins only");
}

static void op_prove(struct oc_call *call, void *ctx)
{
    struct oc_audit *s = ctx;
    const struct prove_params *p = oc_call_params(call);
    const uint64_t index = (uint64_t)p->index;
    struct oc_buf text = {0}, entry = {0};
    struct oc_note *note = oc_calloc(1, sizeof *note);
    struct oc_error err;
    oc_error_init(&err);
    json_t *o = json_object();
    int rc = oc_ledger_read(s->env.ledger, index, &entry, &err);
    rc = rc == OC_OK ? may_see(call, &entry, &err) : rc;
    rc = rc == OC_OK ? covering_note(s, index, &text, note, &err) : rc;
    rc = rc == OC_OK ? prove(s, index, note, &entry, o, &err) : rc;
    if (rc == OC_OK) {
        oc_json_set_str(o, "checkpoint", text.data);
        set_key(s, o);
        oc_call_succeed(call, o);
    } else {
        json_decref(o);
        oc_call_fail(call, &err);
    }
    oc_buf_finish(&text);
    oc_buf_finish(&entry);
    free(note);
}

/* ---- ledger.consistency ---- */

struct growth_params {
    int64_t from, to;
};
static const struct oc_option growth_options[] = {{.name = "from",
                                                   .type = OC_OPT_INT,
                                                   .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                                   .offset = offsetof(struct growth_params, from),
                                                   .min = 1,
                                                   .max = 9e15,
                                                   .help = "entries of the older checkpoint"},
                                                  {.name = "to",
                                                   .type = OC_OPT_INT,
                                                   .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                                   .offset = offsetof(struct growth_params, to),
                                                   .min = 1,
                                                   .max = 9e15,
                                                   .help = "entries of the newer one"},
                                                  {0}};

static void op_consistency(struct oc_call *call, void *ctx)
{
    struct oc_audit *s = ctx;
    const struct growth_params *p = oc_call_params(call);
    struct oc_ledger_proof proof;
    uint8_t before[OC_LEDGER_HASH], after[OC_LEDGER_HASH];
    struct oc_error err;
    oc_error_init(&err);
    const uint64_t from = (uint64_t)p->from, to = (uint64_t)p->to;
    int rc = oc_ledger_prove_growth(s->env.ledger, from, to, &proof, &err);
    rc = rc == OC_OK ? oc_ledger_root(s->env.ledger, from, before, &err) : rc;
    rc = rc == OC_OK ? oc_ledger_root(s->env.ledger, to, after, &err) : rc;
    if (rc == OC_OK && !oc_tree_check_growth(from, before, to, after, &proof)) {
        rc = oc_error_set(&err, OC_E_VERIFY, "the ledger is damaged");
    }
    if (rc != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    json_t *o = json_object();
    oc_json_set_int(o, "from", p->from);
    oc_json_set_int(o, "to", p->to);
    set_hash(o, "from_root", before);
    set_hash(o, "to_root", after);
    oc_json_take(o, "proof", hashes_json(&proof));
    oc_call_succeed(call, o);
}

/* ---- ledger.export ---- */

struct export_params {
    const char *dir;
    int64_t from;
};
static const struct oc_option export_options[] = {
    {.name = "dir",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct export_params, dir),
     .help = "folder that gets entries.jsonl and bundle.json; made when it is not there"},
    {.name = "from",
     .type = OC_OPT_INT,
     .offset = offsetof(struct export_params, from),
     .default_text = "0",
     .max = 9e15,
     .help = "the first entry"},
    {0}};

struct writing {
    FILE *file;
    uint64_t to, next; /* the first that is not written */
};

static bool write_line(void *ctx, uint64_t index, const char *text, size_t len)
{
    struct writing *w = ctx;
    if (index >= w->to) {
        return false;
    }
    fwrite(text, 1, len, w->file);
    fputc('\n', w->file);
    w->next = index + 1;
    return !ferror(w->file);
}

/* `written`: how many. */
static int write_entries(struct oc_ledger *l, const char *dir, uint64_t from, uint64_t to,
                         uint64_t *written, struct oc_error *err)
{
    char *path = oc_path_join(dir, "entries.jsonl"), *temp = oc_asprintf("%s.part", path);
    const int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct writing w = {fd >= 0 ? fdopen(fd, "w") : NULL, to, from};
    int rc = w.file ? oc_ledger_each(l, from, write_line, &w, err)
                    : oc_error_errno(err, 0, errno, "cannot write %s", temp);
    if (w.file) {
        const bool failed = ferror(w.file) || fflush(w.file) != 0 || fsync(fd) != 0;
        fclose(w.file);
        if (rc == OC_OK && (failed || rename(temp, path) != 0)) {
            rc = oc_error_errno(err, 0, errno, "cannot write %s", path);
        }
    }
    if (rc != OC_OK) {
        unlink(temp);
    }
    *written = w.next - from;
    free(temp);
    free(path);
    return rc;
}

/* The newest checkpoint, the key, and the tree before the first line. */
static int write_bundle(struct oc_audit *s, struct oc_ledger *l, const char *dir, uint64_t from,
                        uint64_t to, struct oc_error *err)
{
    struct oc_ledger_proof edge;
    struct oc_buf note = {0};
    json_t *o = json_object();
    int rc = oc_ledger_edge(l, from, &edge, err);
    rc = rc == OC_OK ? oc_audit_read_note(s, to, &note, err) : rc;
    if (rc == OC_OK) {
        oc_json_set_str(o, "format", "openclaw-ledger-bundle/1");
        oc_json_set_int(o, "from", (int64_t)from);
        oc_json_set_int(o, "to", (int64_t)to);
        oc_json_take(o, "edge", hashes_json(&edge));
        oc_json_set_str(o, "checkpoint", note.data);
        set_key(s, o);
        char *path = oc_path_join(dir, "bundle.json"), *text = oc_json_pretty(o);
        rc = oc_file_write(path, text, strlen(text), 0600, err);
        free(text);
        free(path);
    }
    oc_buf_finish(&note);
    json_decref(o);
    return rc;
}

/* What is left is evidence as well, and no whole one. */
static int check_extent(uint64_t from, uint64_t to, uint64_t written, struct oc_error *err)
{
    if (written == to - from) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_VERIFY,
                 "%llu entries are exported, and the newest checkpoint speaks of %llu: the rest of "
                 "the ledger is gone",
                 (unsigned long long)written, (unsigned long long)(to - from));
    oc_error_hint(err, "`openclaw ledger verify` says what is damaged.");
    return OC_E_VERIFY;
}

/* In a private daemon: what others write meanwhile lies behind the checkpoint. */
static void op_export(struct oc_call *call, void *ctx)
{
    struct oc_audit *s = ctx;
    const struct export_params *p = oc_call_params(call);
    const struct oc_ledger_options o = {.dir = s->dir, .read_only = true};
    struct oc_error err;
    oc_error_init(&err);
    const uint64_t to = oc_ledger_note_latest(s->dir);
    uint64_t from = (uint64_t)p->from, written = 0;
    struct oc_ledger *l = oc_ledger_open(&o, NULL, &err);
    int rc = l ? OC_OK : err.code;
    if (rc == OC_OK && (to == 0 || from >= to)) {
        rc = oc_error_set(&err, OC_E_NOT_FOUND, "no checkpoint covers entry %llu",
                          (unsigned long long)from);
        oc_error_hint(&err, "Make one: `openclaw ledger checkpoint`.");
    }
    if (rc == OC_OK) {
        from = from < oc_ledger_oldest(l) ? oc_ledger_oldest(l) : from;
        rc = oc_dir_make(p->dir, 0700, &err);
    }
    rc = rc == OC_OK ? write_entries(l, p->dir, from, to, &written, &err) : rc;
    rc = rc == OC_OK ? write_bundle(s, l, p->dir, from, to, &err) : rc;
    rc = rc == OC_OK ? check_extent(from, to, written, &err) : rc;
    oc_ledger_close(l);
    if (rc == OC_OK) {
        oc_call_succeed(call, json_pack("{s:s, s:I, s:I, s:I}", "folder", p->dir, "from",
                                        (json_int_t)from, "to", (json_int_t)to, "entries",
                                        (json_int_t)written));
    } else {
        oc_call_fail(call, &err);
    }
}

static const struct oc_op checkpoint_op = {
    .name = "ledger.checkpoint",
    .summary = "Sign what the ledger holds now",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_EPHEMERAL | OC_OP_ACTS,
    .view = "text:checkpoint",
    .description = "The text is a C2SP tlog-checkpoint: origin, number of entries, root hash, "
                   "signatures. When nothing was added since the last one, that is shown.",
    .example = "openclaw ledger checkpoint",
    .result = "{size: integer, checkpoint: string, key: string}",
    .handler = op_checkpoint,
};
static const struct oc_op prove_op = {
    .name = "ledger.prove",
    .summary = "Prove that an entry is in the ledger",
    .flags = OC_OP_EPHEMERAL | OC_OP_ACTS,
    .params = prove_options,
    .params_size = sizeof(struct prove_params),
    .description = "The inclusion proof of RFC 6962 against a signed checkpoint: hash the entry, "
                   "hash it with the proof's hashes, compare with the root that the host has "
                   "signed.",
    .example = "openclaw ledger prove 17",
    .result = "{index: integer, size: integer, entry: string, leaf: string, proof: [string], "
              "root: string, checkpoint: string, key: string}",
    .handler = op_prove,
};
static const struct oc_op consistency_op = {
    .name = "ledger.consistency",
    .summary = "Prove that a later ledger continues an earlier one",
    .flags = OC_OP_EPHEMERAL,
    .params = growth_options,
    .params_size = sizeof(struct growth_params),
    .example = "openclaw ledger consistency 100 250",
    .result = "{from: integer, to: integer, from_root: string, to_root: string, proof: [string]}",
    .handler = op_consistency,
};
static const struct oc_op export_op = {
    .name = "ledger.export",
    .summary = "Write entries as JSON lines, with what is needed to check them",
    .role = OC_ROLE_ADMIN,
    .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE | OC_OP_BARE,
    .params = export_options,
    .params_size = sizeof(struct export_params),
    .view = "record",
    .description = "entries.jsonl holds the entries up to the newest checkpoint, byte for byte as "
                   "they were hashed; bundle.json the checkpoint, the host's key and the tree "
                   "before the first line. `openclaw ledger verify --dir DIR` checks them.",
    .example = "openclaw ledger export /srv/evidence",
    .result = "{folder: string, from: integer, to: integer, entries: integer}",
    .handler = op_export,
};

void oc_audit_add_prove_ops(struct oc_audit *s)
{
    static struct oc_op checkpoint_twin, prove_twin, export_twin;
    oc_audit_add_op(s, &checkpoint_op, &checkpoint_twin, "governance.ledger.checkpoint");
    oc_audit_add_op(s, &prove_op, &prove_twin, "governance.ledger.prove");
    oc_audit_add_op(s, &export_op, &export_twin, "governance.ledger.export");
    oc_ops_add(s->env.ops, &consistency_op, s);
}
