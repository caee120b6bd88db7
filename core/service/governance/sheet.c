/* Sheets: their one signature, and the proof that a ballot is on one. SPDX-License-Identifier: MIT */
#include "core/service/governance/sheet.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/store/ledger/ledger_tree.h"
#include "core/sys/merkle.h"

#define PREFIX "sheet:"

#define SEEN 64 /* sheets: one of each member of the largest electorate */

/* What a signature of this form says. */
struct sheet {
    uint64_t index, size;
    uint8_t signature[OC_SIGN_SIGNATURE], root[OC_MERKLE_HASH];
    struct oc_ledger_proof path;
};

bool oc_sheet_is(const char *signature)
{
    return oc_starts(signature, PREFIX);
}

/* ---- reading ---- */

/* Decimal without a zero in front, then a colon. */
static bool take_number(const char **at, uint64_t *value)
{
    const size_t len = strspn(*at, "0123456789");
    if (len == 0 || len > 5 || (*at)[len] != ':' || (len > 1 && **at == '0')) {
        return false;
    }
    *value = strtoull(*at, NULL, 10);
    *at += len + 1;
    return true;
}

/* How many hashes prove one leaf (RFC 6962, 2.1.1). */
static size_t path_length(uint64_t index, uint64_t size)
{
    size_t count = 0;
    while (size > 1) {
        const uint64_t left = UINT64_C(1) << (63 - (unsigned)__builtin_clzll(size - 1));
        count++;
        if (index < left) {
            size = left;
        } else {
            index -= left;
            size -= left;
        }
    }
    return count;
}

static bool read_sheet(const char *text, struct sheet *s)
{
    uint8_t bytes[OC_SIGN_SIGNATURE + (1 + OC_SHEET_LEVELS) * OC_MERKLE_HASH];
    const char *at = text + strlen(PREFIX);
    if (!oc_sheet_is(text) || !take_number(&at, &s->index) || !take_number(&at, &s->size) ||
        s->size > OC_SHEET_MAX || s->index >= s->size) {
        return false;
    }
    s->path.count = path_length(s->index, s->size);
    const size_t head = OC_SIGN_SIGNATURE + OC_MERKLE_HASH;
    if (!oc_base64_decode(at, strlen(at), bytes, head + s->path.count * OC_MERKLE_HASH)) {
        return false;
    }
    memcpy(s->signature, bytes, OC_SIGN_SIGNATURE);
    memcpy(s->root, bytes + OC_SIGN_SIGNATURE, OC_MERKLE_HASH);
    memcpy(s->path.hashes, bytes + head, s->path.count * OC_MERKLE_HASH);
    return true;
}

/* ---- what is signed ---- */

static void sheet_text(const char *member, uint64_t size, const uint8_t root[OC_MERKLE_HASH],
                       struct oc_buf *out)
{
    oc_buf_addf(out, "openclaw-sheet-v1\nmember %s\nsize %" PRIu64 "\nroot ", member, size);
    oc_base64(root, OC_MERKLE_HASH, out);
    oc_buf_addc(out, '\n');
}

static void leaf_of(const struct oc_statement *s, struct oc_buf *text, uint8_t leaf[OC_MERKLE_HASH])
{
    text->len = 0;
    oc_statement_text(s, text);
    oc_merkle_leaf(text->data, text->len, leaf);
}

/* ---- what was seen ---- */

/* All that the signature depends on: what is found here is good wherever it is asked for. */
struct seen {
    uint64_t size; /* 0: nothing here */
    uint8_t key[OC_SIGN_PUBLIC], root[OC_MERKLE_HASH], signature[OC_SIGN_SIGNATURE];
    char member[OC_GOV_NAME];
};

struct oc_sheet_seen {
    pthread_mutex_t lock;
    struct seen items[SEEN];
    unsigned next;
};

struct oc_sheet_seen *oc_sheet_seen_create(void)
{
    struct oc_sheet_seen *seen = oc_calloc(1, sizeof *seen);
    pthread_mutex_init(&seen->lock, NULL);
    return seen;
}

void oc_sheet_seen_destroy(struct oc_sheet_seen *seen)
{
    if (seen) {
        pthread_mutex_destroy(&seen->lock);
        free(seen);
    }
}

static bool is_same(const struct seen *one, const char *member, const uint8_t key[OC_SIGN_PUBLIC],
                    const struct sheet *s)
{
    return one->size == s->size && memcmp(one->root, s->root, sizeof s->root) == 0 &&
           memcmp(one->key, key, OC_SIGN_PUBLIC) == 0 &&
           memcmp(one->signature, s->signature, sizeof s->signature) == 0 &&
           strcmp(one->member, member) == 0;
}

static bool was_seen(struct oc_sheet_seen *seen, const char *member,
                     const uint8_t key[OC_SIGN_PUBLIC], const struct sheet *s)
{
    bool found = false;
    pthread_mutex_lock(&seen->lock);
    for (size_t i = 0; !found && i < SEEN; i++) {
        found = is_same(&seen->items[i], member, key, s);
    }
    pthread_mutex_unlock(&seen->lock);
    return found;
}

static void remember(struct oc_sheet_seen *seen, const char *member,
                     const uint8_t key[OC_SIGN_PUBLIC], const struct sheet *s)
{
    pthread_mutex_lock(&seen->lock);
    struct seen *one = &seen->items[seen->next++ % SEEN];
    one->size = s->size;
    memcpy(one->key, key, OC_SIGN_PUBLIC);
    memcpy(one->root, s->root, sizeof s->root);
    memcpy(one->signature, s->signature, sizeof s->signature);
    oc_copy(one->member, sizeof one->member, member);
    pthread_mutex_unlock(&seen->lock);
}

/* ---- verifying ---- */

static bool signature_fits(const char *member, const struct sheet *sheet,
                           const uint8_t key[OC_SIGN_PUBLIC], struct oc_sheet_seen *seen)
{
    struct oc_buf text = {0};
    if (seen && was_seen(seen, member, key, sheet)) {
        return true;
    }
    sheet_text(member, sheet->size, sheet->root, &text);
    const bool good = oc_sign_verify(key, text.data, text.len, sheet->signature);
    oc_buf_finish(&text);
    if (good && seen) {
        remember(seen, member, key, sheet);
    }
    return good;
}

int oc_sheet_verify(const struct oc_statement *s, const uint8_t public_key[OC_SIGN_PUBLIC],
                    const char *signature, struct oc_sheet_seen *seen, struct oc_error *err)
{
    struct sheet sheet;
    struct oc_buf text = {0};
    uint8_t leaf[OC_MERKLE_HASH];
    int rc = oc_statement_check(s, err);
    if (rc == OC_OK && s->kind != OC_STATEMENT_BALLOT) {
        rc = oc_error_set(err, OC_E_CONFIG, "a %s is signed by itself: only ballots come on sheets",
                          oc_statement_name(s->kind));
    }
    if (rc == OC_OK && !read_sheet(signature, &sheet)) {
        rc = oc_error_set(err, OC_E_VERIFY,
                          "the signature is not sheet:INDEX:SIZE: and base64 of a signature, a "
                          "root and the proof for that place");
    }
    if (rc == OC_OK) {
        leaf_of(s, &text, leaf);
        if (!oc_tree_check(leaf, sheet.index, sheet.size, &sheet.path, sheet.root) ||
            !signature_fits(s->member, &sheet, public_key, seen)) {
            rc = oc_error_set(err, OC_E_VERIFY, "the sheet of %s does not have this ballot",
                              s->member);
            oc_error_hint(err, "Its leaves are the texts that `openclaw governance form` prints "
                               "now: after an amendment they are others.");
        }
    }
    oc_buf_finish(&text);
    return rc;
}

/* ---- signing ---- */

/* Level by level: the leaves, then the complete subtrees above them. */
struct tree {
    uint8_t *levels[OC_SHEET_LEVELS + 1];
};

static int subtree(void *ctx, unsigned level, uint64_t first, uint8_t hash[OC_LEDGER_HASH],
                   struct oc_error *err)
{
    const struct tree *t = ctx;
    (void)err;
    memcpy(hash, t->levels[level] + (first >> level) * OC_MERKLE_HASH, OC_MERKLE_HASH);
    return OC_OK;
}

static void grow(struct tree *t, const struct oc_statement *ballots, size_t count)
{
    struct oc_buf text = {0};
    t->levels[0] = oc_alloc(count * OC_MERKLE_HASH);
    for (size_t i = 0; i < count; i++) {
        leaf_of(&ballots[i], &text, t->levels[0] + i * OC_MERKLE_HASH);
    }
    for (unsigned level = 1; count >> level; level++) {
        t->levels[level] = oc_alloc((count >> level) * OC_MERKLE_HASH);
        for (size_t i = 0; i < count >> level; i++) {
            const uint8_t *pair = t->levels[level - 1] + 2 * i * OC_MERKLE_HASH;
            oc_merkle_node(pair, pair + OC_MERKLE_HASH, t->levels[level] + i * OC_MERKLE_HASH);
        }
    }
    oc_buf_finish(&text);
}

static char *signature_text(struct tree *t, size_t index, size_t count,
                            const uint8_t head[OC_SIGN_SIGNATURE + OC_MERKLE_HASH])
{
    struct oc_buf bytes = {0}, text = {0};
    struct oc_ledger_proof path;
    oc_tree_prove(subtree, t, index, count, &path, NULL);
    oc_buf_add(&bytes, head, OC_SIGN_SIGNATURE + OC_MERKLE_HASH);
    oc_buf_add(&bytes, path.hashes, path.count * OC_MERKLE_HASH);
    oc_buf_addf(&text, PREFIX "%zu:%zu:", index, count);
    oc_base64(bytes.data, bytes.len, &text);
    oc_buf_finish(&bytes);
    return oc_buf_take(&text);
}

/* It travels without its reason (governance.votes), so none may have been signed. */
static int check_reason(const struct oc_statement *s, size_t number, struct oc_error *err)
{
    struct oc_statement without = *s;
    oc_statement_reason(&without, NULL);
    if (strcmp(s->rationale, without.rationale) == 0) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CONFIG, "number %zu was made with a reason: on a sheet it would be lost",
                 number);
    oc_error_hint(err, "Make it without --reason, or vote with `openclaw governance vote`.");
    return OC_E_CONFIG;
}

static int check_all(const struct oc_statement *ballots, size_t count, struct oc_error *err)
{
    int rc = count > 0 && count <= OC_SHEET_MAX
                 ? OC_OK
                 : oc_error_set(err, OC_E_CONFIG, "a sheet has 1 to %d ballots", OC_SHEET_MAX);
    for (size_t i = 0; rc == OC_OK && i < count; i++) {
        rc = oc_statement_check(&ballots[i], err);
        if (rc == OC_OK && ballots[i].kind != OC_STATEMENT_BALLOT) {
            rc = oc_error_set(err, OC_E_CONFIG, "number %zu is a %s: only ballots come on sheets",
                              i + 1, oc_statement_name(ballots[i].kind));
        } else if (rc == OC_OK && strcmp(ballots[i].member, ballots[0].member) != 0) {
            rc = oc_error_set(err, OC_E_CONFIG, "a sheet is of one member, not of %s and %s",
                              ballots[0].member, ballots[i].member);
        } else if (rc == OC_OK) {
            rc = check_reason(&ballots[i], i + 1, err);
        }
    }
    return rc;
}

int oc_sheet_sign(const struct oc_statement *ballots, size_t count,
                  const uint8_t secret[OC_SIGN_SECRET], char **signatures, struct oc_error *err)
{
    uint8_t head[OC_SIGN_SIGNATURE + OC_MERKLE_HASH];
    struct tree t = {0};
    struct oc_buf text = {0};
    const int rc = check_all(ballots, count, err);
    if (rc != OC_OK) {
        return rc;
    }
    grow(&t, ballots, count);
    oc_tree_hash(subtree, &t, 0, count, head + OC_SIGN_SIGNATURE, NULL);
    sheet_text(ballots[0].member, count, head + OC_SIGN_SIGNATURE, &text);
    oc_sign(secret, text.data, text.len, head);
    for (size_t i = 0; i < count; i++) {
        signatures[i] = signature_text(&t, i, count, head);
    }
    oc_buf_finish(&text);
    for (size_t level = 0; level <= OC_SHEET_LEVELS; level++) {
        free(t.levels[level]);
    }
    return OC_OK;
}
