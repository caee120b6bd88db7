/* The client's order of work: root, timestamp, snapshot. SPDX-License-Identifier: MIT
 *
 * Everything new is held in memory until all of it is verified: keep.c writes it then. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/package/registry/client.h"

#define TELL_THEM     "Tell whoever keeps the registry; nothing was changed on this host."
#define ROOTS_MAX     1024 /* steps of one walk */
#define ROOT_CHECK_MS OC_DAY

/* ---- refusals ---- */

static int refuse_signature(struct oc_work *w, const struct oc_client *c, const char *type,
                            enum oc_verdict verdict, unsigned good, unsigned threshold)
{
    if (verdict == OC_VERDICT_STRANGER) {
        return oc_refuse(w, OC_E_VERIFY, "key-not-in-threshold", TELL_THEM,
                         "the %s of the registry %s is signed by a key that may not sign it: %u of "
                         "%u signatures count",
                         type, c->name, good, threshold);
    }
    char *reason = oc_asprintf("%s-threshold", type);
    oc_refuse(w, OC_E_VERIFY, reason, TELL_THEM,
              "the %s of the registry %s has %u of %u good signatures", type, c->name, good,
              threshold);
    free(reason);
    return w->err.code;
}

static int verify(struct oc_work *w, const struct oc_client *c, const char *type,
                  const struct oc_document *doc, const struct oc_ring *ring)
{
    const enum oc_verdict verdict = oc_document_verify(doc, type, ring);
    return verdict == OC_VERDICT_GOOD
               ? OC_OK
               : refuse_signature(w, c, type, verdict, oc_document_signers(doc, type, ring),
                                  ring->threshold);
}

static int refuse_format(struct oc_work *w, const struct oc_client *c, const char *type,
                         const struct oc_error *why)
{
    char *reason = oc_asprintf("%s-format", type);
    oc_refuse(w, OC_E_VERIFY, reason, TELL_THEM, "the %s of the registry %s cannot be read: %s",
              type, c->name, why->message);
    free(reason);
    return w->err.code;
}

static int refuse_expired(struct oc_work *w, const struct oc_client *c, const char *type,
                          int64_t expires_ms)
{
    char when[32], *reason = oc_asprintf("%s-expired", type);
    oc_refuse(w, OC_E_VERIFY, reason,
              "Refresh it; if it stays so, its keeper has to run `openclaw registry sign`.",
              "the %s of the registry %s expired at %s", type, c->name,
              oc_time_format(expires_ms, when, sizeof when));
    free(reason);
    return w->err.code;
}

/* ---- root ---- */

/* A root that has been verified takes the place of ours. Takes `text`. */
static void take_root(struct oc_client *c, struct oc_root *root, struct oc_buf *text)
{
    const bool other_keys =
        !oc_ring_equal(&c->root.roles[OC_ROLE_TIMESTAMP], &root->roles[OC_ROLE_TIMESTAMP]) ||
        !oc_ring_equal(&c->root.roles[OC_ROLE_SNAPSHOT], &root->roles[OC_ROLE_SNAPSHOT]);
    if (c->root.version && other_keys) {
        /* whoever had the old keys may have run the versions up: the new keys count afresh */
        c->timestamp = (struct oc_timestamp){0};
        c->snapshot = (struct oc_snapshot){0};
        oc_buf_clear(&c->timestamp_text);
        oc_buf_clear(&c->snapshot_text);
    }
    oc_root_finish(&c->root);
    oc_buf_finish(&c->root_text);
    c->root = *root;
    c->root_text = *text;
    *root = (struct oc_root){0};
    *text = (struct oc_buf){0};
}

static int check_step(struct oc_work *w, const struct oc_client *c, int64_t wanted, int64_t got)
{
    if (got == wanted) {
        return OC_OK;
    }
    return got < wanted ? oc_refuse(w, OC_E_VERIFY, "root-rollback", TELL_THEM,
                                    "the registry %s gives its root of version %" PRId64
                                    " as version %" PRId64,
                                    c->name, got, wanted)
                        : oc_refuse(w, OC_E_VERIFY, "root-chain", TELL_THEM,
                                    "the registry %s leaves out roots: version %" PRId64
                                    " in place of %" PRId64,
                                    c->name, got, wanted);
}

/* Verifies the text of root `version`: by the root before it (unless there is none), and by its own keys. */
static int accept_root(struct oc_work *w, struct oc_client *c, int64_t version, struct oc_buf *text)
{
    struct oc_document doc;
    struct oc_root root = {0};
    struct oc_error why;
    oc_error_init(&why);
    if (oc_document_split(text->data ? text->data : "", text->len, &doc, &why) != OC_OK) {
        return refuse_format(w, c, "root", &why);
    }
    int code = c->root.version ? verify(w, c, "root", &doc, &c->root.roles[OC_ROLE_ROOT]) : OC_OK;
    if (code == OC_OK && oc_root_parse(doc.body, doc.body_len, &root, &why) != OC_OK) {
        code = refuse_format(w, c, "root", &why);
    }
    if (code == OC_OK) {
        code = check_step(w, c, version, root.version);
    }
    if (code == OC_OK) {
        code = verify(w, c, "root", &doc, &root.roles[OC_ROLE_ROOT]);
    }
    if (code == OC_OK && c->root.version &&
        strcmp(oc_json_str(root.json, "name", ""), oc_json_str(c->root.json, "name", "")) != 0) {
        code = oc_refuse(w, OC_E_REFUSED, "name-confusion", TELL_THEM,
                         "the registry %s has turned into another one", c->name);
    }
    if (code == OC_OK) {
        take_root(c, &root, text);
    }
    oc_root_finish(&root);
    return code;
}

static int read_root(struct oc_work *w, struct oc_client *c, int64_t version, struct oc_buf *text)
{
    char *path = oc_asprintf("v1/root.%" PRId64 ".json", version);
    const int code = oc_source_read(c->source, w, path, OC_ROOT_MAX, text);
    free(path);
    return code;
}

/* Every root after ours, one by one, until there is none. `fingerprint` (may be NULL) is looked for on the way. */
static int walk_roots(struct oc_work *w, struct oc_client *c, const char *fingerprint, bool *found)
{
    int code = OC_OK;
    for (int i = 0; code == OC_OK && i < ROOTS_MAX; i++) {
        struct oc_buf text = {0};
        char hex[OC_SHA256_HEX];
        code = read_root(w, c, c->root.version + 1, &text);
        if (code == OC_OK) {
            oc_sha256_hex(text.data ? text.data : "", text.len, hex);
            *found = *found || (fingerprint && strcmp(hex, fingerprint) == 0);
            code = accept_root(w, c, c->root.version + 1, &text);
        } else if (code == OC_E_NOT_FOUND && c->root.version) {
            oc_buf_finish(&text);
            oc_refuse_clear(w);
            c->root_checked_ms = oc_time_wall();
            return OC_OK;
        }
        oc_buf_finish(&text);
    }
    return code;
}

int oc_client_pin(struct oc_work *w, struct oc_client *c, const char *fingerprint)
{
    bool found = false;
    const int code = walk_roots(w, c, fingerprint, &found);
    if (code == OC_E_NOT_FOUND && !c->root.version) {
        return oc_refuse(w, OC_E_NOT_FOUND, "not-a-registry",
                         "Give the address of the folder that holds v1/root.1.json.",
                         "there is no registry at %s", c->url);
    }
    if (code == OC_OK && fingerprint && !found) {
        return oc_refuse(w, OC_E_VERIFY, "fingerprint-mismatch",
                         "Ask the keeper of the registry for its fingerprint, over another way.",
                         "no root of the registry at %s has the fingerprint %s", c->url,
                         fingerprint);
    }
    return code;
}

/* ---- timestamp ---- */

/* Nothing newer than what is known may be replaced by something older. */
static int check_timestamp(struct oc_work *w, const struct oc_client *c,
                           const struct oc_timestamp *t, const struct oc_buf *text)
{
    if (t->root < c->timestamp.root) {
        return oc_refuse(w, OC_E_VERIFY, "root-rollback", TELL_THEM,
                         "the registry %s is back at its root of version %" PRId64
                         ", and version %" PRId64 " was seen",
                         c->name, t->root, c->timestamp.root);
    }
    const bool same = t->version == c->timestamp.version;
    if (t->version < c->timestamp.version ||
        (same && (text->len != c->timestamp_text.len ||
                  memcmp(text->data, c->timestamp_text.data, text->len) != 0))) {
        return oc_refuse(w, OC_E_VERIFY, "timestamp-rollback", TELL_THEM,
                         "the registry %s gives %s timestamp of version %" PRId64
                         ", and version %" PRId64 " was seen",
                         c->name, same ? "another" : "a", t->version, c->timestamp.version);
    }
    const int64_t seen = c->timestamp.snapshot_version > c->snapshot.version
                             ? c->timestamp.snapshot_version
                             : c->snapshot.version;
    if (t->snapshot_version < seen) {
        return oc_refuse(w, OC_E_VERIFY, "snapshot-rollback", TELL_THEM,
                         "the registry %s gives a snapshot of version %" PRId64
                         ", and version %" PRId64 " was seen",
                         c->name, t->snapshot_version, seen);
    }
    return t->expires_ms <= oc_time_wall() ? refuse_expired(w, c, "timestamp", t->expires_ms)
                                           : OC_OK;
}

/* Is the root good enough for this timestamp? Else the chain has to be walked first. */
static bool root_serves(const struct oc_client *c, const struct oc_document *doc)
{
    struct oc_timestamp t;
    return c->root.expires_ms > oc_time_wall() &&
           oc_document_verify(doc, "timestamp", &c->root.roles[OC_ROLE_TIMESTAMP]) ==
               OC_VERDICT_GOOD &&
           oc_timestamp_parse(doc->body, doc->body_len, &t, NULL) == OC_OK &&
           t.root <= c->root.version;
}

static int bring_root(struct oc_work *w, struct oc_client *c, const struct oc_document *doc,
                      bool walk)
{
    const int64_t since = oc_time_wall() - c->root_checked_ms;
    bool found = false;
    int code = OC_OK;
    if (walk || !root_serves(c, doc) || since > ROOT_CHECK_MS ||
        since < 0 /* the clock was wrong then, or is now */) {
        code = walk_roots(w, c, NULL, &found);
    }
    return code == OC_OK && c->root.expires_ms <= oc_time_wall()
               ? refuse_expired(w, c, "root", c->root.expires_ms)
               : code;
}

static int accept_timestamp(struct oc_work *w, struct oc_client *c, struct oc_buf *text, bool walk,
                            struct oc_timestamp *t)
{
    struct oc_document doc;
    struct oc_error why;
    oc_error_init(&why);
    if (oc_document_split(text->data ? text->data : "", text->len, &doc, &why) != OC_OK) {
        return refuse_format(w, c, "timestamp", &why);
    }
    int code = bring_root(w, c, &doc, walk);
    if (code == OC_OK) {
        code = verify(w, c, "timestamp", &doc, &c->root.roles[OC_ROLE_TIMESTAMP]);
    }
    if (code == OC_OK && oc_timestamp_parse(doc.body, doc.body_len, t, &why) != OC_OK) {
        code = refuse_format(w, c, "timestamp", &why);
    }
    if (code == OC_OK && t->root > c->root.version) {
        code = oc_refuse(w, OC_E_VERIFY, "root-chain", TELL_THEM,
                         "the registry %s speaks of a root of version %" PRId64
                         " and does not give it",
                         c->name, t->root);
    }
    return code == OC_OK ? check_timestamp(w, c, t, text) : code;
}

/* ---- snapshot ---- */

static bool snapshot_is(const struct oc_client *c, const struct oc_file_ref *ref)
{
    char hex[OC_SHA256_HEX];
    if (!c->snapshot.version || c->snapshot_text.len != ref->length) {
        return false;
    }
    oc_sha256_hex(c->snapshot_text.data, c->snapshot_text.len, hex);
    return strcmp(hex, ref->sha256) == 0;
}

static int check_snapshot(struct oc_work *w, struct oc_client *c, const struct oc_timestamp *t,
                          const struct oc_buf *text, struct oc_snapshot *s)
{
    struct oc_document doc;
    struct oc_error why;
    char hex[OC_SHA256_HEX];
    oc_error_init(&why);
    oc_sha256_hex(text->data ? text->data : "", text->len, hex);
    if (text->len != t->snapshot.length || strcmp(hex, t->snapshot.sha256) != 0) {
        return oc_refuse(w, OC_E_VERIFY, "snapshot-mismatch", TELL_THEM,
                         "the snapshot of the registry %s is not the one that its timestamp names",
                         c->name);
    }
    if (oc_document_split(text->data, text->len, &doc, &why) != OC_OK) {
        return refuse_format(w, c, "snapshot", &why);
    }
    int code = verify(w, c, "snapshot", &doc, &c->root.roles[OC_ROLE_SNAPSHOT]);
    if (code == OC_OK && oc_snapshot_parse(doc.body, doc.body_len, s, &why) != OC_OK) {
        code = refuse_format(w, c, "snapshot", &why);
    }
    if (code == OC_OK && s->version != t->snapshot_version) {
        code = oc_refuse(w, OC_E_VERIFY, "snapshot-mismatch", TELL_THEM,
                         "the snapshot of the registry %s has version %" PRId64
                         " in place of %" PRId64,
                         c->name, s->version, t->snapshot_version);
    }
    return code;
}

static int bring_snapshot(struct oc_work *w, struct oc_client *c, const struct oc_timestamp *t)
{
    struct oc_buf text = {0};
    struct oc_snapshot *s = oc_calloc(1, sizeof *s);
    int code = OC_OK;
    if (!snapshot_is(c, &t->snapshot)) {
        char *path = oc_asprintf("v1/snapshot.%" PRId64 ".json", t->snapshot_version);
        code = oc_source_read(c->source, w, path, t->snapshot.length, &text);
        free(path);
        if (code == OC_OK) {
            code = check_snapshot(w, c, t, &text, s);
        }
        if (code == OC_OK) {
            c->snapshot = *s;
            oc_buf_finish(&c->snapshot_text);
            c->snapshot_text = text;
            text = (struct oc_buf){0};
        }
    }
    if (code == OC_OK && c->snapshot.expires_ms <= oc_time_wall()) {
        code = refuse_expired(w, c, "snapshot", c->snapshot.expires_ms);
    }
    oc_buf_finish(&text);
    free(s);
    return code;
}

/* ---- the whole ---- */

int oc_client_refresh(struct oc_work *w, struct oc_client *c, bool walk)
{
    struct oc_buf text = {0};
    struct oc_timestamp t;
    int code = oc_source_read(c->source, w, "v1/timestamp.json", OC_TIMESTAMP_MAX, &text);
    if (code == OC_OK) {
        code = accept_timestamp(w, c, &text, walk, &t);
    }
    if (code == OC_OK) {
        code = bring_snapshot(w, c, &t);
    }
    if (code == OC_OK) {
        c->timestamp = t;
        oc_buf_finish(&c->timestamp_text);
        c->timestamp_text = text;
        text = (struct oc_buf){0};
        c->refreshed_ms = oc_time_wall();
    }
    c->fresh = code == OC_OK;
    oc_buf_finish(&text);
    return code;
}

int oc_client_offline(struct oc_work *w, struct oc_client *c)
{
    const int64_t now = oc_time_wall();
    if (!c->timestamp.version || !snapshot_is(c, &c->timestamp.snapshot)) {
        return oc_refuse(w, OC_E_NETWORK, "offline", "Run `openclaw registry refresh` once.",
                         "the registry %s was never refreshed on this host", c->name);
    }
    if (c->root.expires_ms <= now) {
        return refuse_expired(w, c, "root", c->root.expires_ms);
    }
    if (c->timestamp.expires_ms <= now) {
        return refuse_expired(w, c, "timestamp", c->timestamp.expires_ms);
    }
    return c->snapshot.expires_ms <= now ? refuse_expired(w, c, "snapshot", c->snapshot.expires_ms)
                                         : OC_OK;
}

int oc_client_ready(struct oc_work *w, struct oc_client *c, bool offline)
{
    if (c->fresh) {
        return OC_OK;
    }
    return offline ? oc_client_offline(w, c) : oc_client_refresh(w, c, false);
}
