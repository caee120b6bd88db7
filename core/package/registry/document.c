/* Splitting, verifying and writing signed documents. SPDX-License-Identifier: MIT */
#include "core/package/registry/document.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"

#define HEAD     "{\"signed\":"
#define MIDDLE   ",\"signatures\":["
#define KEYID    "{\"keyid\":\""
#define SIG      "\",\"sig\":\""
#define SIG_TEXT 88 /* 64 bytes in base64 */
#define ITEM     (sizeof KEYID - 1 + 16 + sizeof SIG - 1 + SIG_TEXT + 2)

/* ---- reading ---- */

static int nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_keyid(const char *s, uint8_t id[8])
{
    for (int i = 0; i < 8; i++) {
        const int high = nibble(s[2 * i]), low = nibble(s[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        id[7 - i] = (uint8_t)(high << 4 |
                              low); /* minisign prints the number, whose first byte is the lowest */
    }
    return true;
}

/* One {"keyid":"..","sig":".."} of exactly ITEM bytes. */
static bool read_item(const char *s, struct oc_document_signature *item)
{
    const size_t sig_at = sizeof KEYID - 1 + 16 + sizeof SIG - 1;
    return memcmp(s, KEYID, sizeof KEYID - 1) == 0 &&
           read_keyid(s + sizeof KEYID - 1, item->keyid) &&
           memcmp(s + sizeof KEYID - 1 + 16, SIG, sizeof SIG - 1) == 0 &&
           oc_base64_decode(s + sig_at, SIG_TEXT, item->sig, sizeof item->sig) &&
           memcmp(s + sig_at + SIG_TEXT, "\"}", 2) == 0;
}

/* From behind: the items have a fixed length, so the end of the body is found without reading the body. */
static bool read_items(const char *text, size_t *len, struct oc_document *doc)
{
    size_t end = *len;
    struct oc_document_signature items[OC_SIGNATURES_MAX];
    size_t n = 0;
    bool more = true; /* a comma stands behind an item that is still to come */
    while (n < OC_SIGNATURES_MAX && end >= ITEM && read_item(text + end - ITEM, &items[n])) {
        end -= ITEM;
        n++;
        more = text[end - 1] == ',' && end > sizeof MIDDLE;
        if (!more) {
            break;
        }
        end--;
    }
    if (n && more) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        doc->signatures[i] = items[n - 1 - i];
    }
    doc->count = n;
    const size_t middle = sizeof MIDDLE - 1;
    if (end < middle || memcmp(text + end - middle, MIDDLE, middle) != 0) {
        return false;
    }
    *len = end - middle;
    return true;
}

int oc_document_split(const char *text, size_t len, struct oc_document *doc, struct oc_error *err)
{
    const size_t head = sizeof HEAD - 1;
    *doc = (struct oc_document){0};
    if (len && text[len - 1] == '\n') {
        len--;
    }
    if (len < head + 2 || memcmp(text, HEAD, head) != 0 || memcmp(text + len - 2, "]}", 2) != 0) {
        return oc_error_set(err, OC_E_VERIFY, "this is no signed document");
    }
    size_t end = len - 2;
    if (!read_items(text, &end, doc) || end < head + 2 || text[head] != '{' ||
        text[end - 1] != '}') {
        return oc_error_set(err, OC_E_VERIFY, "the signatures of the document cannot be read");
    }
    doc->body = text + head;
    doc->body_len = end - head;
    return OC_OK;
}

/* ---- verifying ---- */

/* What is signed: the type in front keeps kinds of documents apart. */
static void message_of(const char *type, const char *body, size_t len, struct oc_buf *out)
{
    oc_buf_addf(out, "openclaw-registry-v1:%s\n", type);
    oc_buf_add(out, body, len);
}

static bool signed_by(const struct oc_document *doc, const struct oc_public_key *key,
                      const struct oc_buf *message)
{
    for (size_t i = 0; i < doc->count; i++) {
        const struct oc_document_signature *s = &doc->signatures[i];
        if (memcmp(s->keyid, key->id, sizeof key->id) == 0 &&
            oc_sign_verify(key->key, message->data, message->len, s->sig)) {
            return true;
        }
    }
    return false;
}

unsigned oc_document_signers(const struct oc_document *doc, const char *type,
                             const struct oc_ring *ring)
{
    struct oc_buf message = {0};
    unsigned count = 0;
    message_of(type, doc->body, doc->body_len, &message);
    for (size_t i = 0; i < ring->count; i++) {
        count += signed_by(doc, &ring->keys[i], &message);
    }
    oc_buf_finish(&message);
    return count;
}

enum oc_verdict oc_document_verify(const struct oc_document *doc, const char *type,
                                   const struct oc_ring *ring)
{
    if (ring->threshold > 0 && oc_document_signers(doc, type, ring) >= ring->threshold) {
        return OC_VERDICT_GOOD;
    }
    for (size_t i = 0; i < doc->count; i++) {
        if (!oc_ring_has(ring, doc->signatures[i].keyid)) {
            return OC_VERDICT_STRANGER;
        }
    }
    return OC_VERDICT_FEW;
}

/* ---- writing ---- */

static void put_signature(const uint8_t id[8], const uint8_t sig[OC_SIGN_SIGNATURE], bool first,
                          struct oc_buf *out)
{
    char keyid[OC_KEY_ID_TEXT];
    oc_key_id_text(id, keyid);
    oc_buf_addf(out, "%s" KEYID "%s" SIG, first ? "" : ",", keyid);
    oc_base64(sig, OC_SIGN_SIGNATURE, out);
    oc_buf_adds(out, "\"}");
}

static void begin_document(const char *body, size_t len, struct oc_buf *out)
{
    oc_buf_adds(out, HEAD);
    oc_buf_add(out, body, len);
    oc_buf_adds(out, MIDDLE);
}

void oc_document_sign(const char *type, const char *body, size_t body_len,
                      const struct oc_secret_key *keys, size_t count, struct oc_buf *out)
{
    struct oc_buf message = {0};
    uint8_t sig[OC_SIGN_SIGNATURE];
    message_of(type, body, body_len, &message);
    begin_document(body, body_len, out);
    for (size_t i = 0; i < count; i++) {
        oc_sign(keys[i].key, message.data, message.len, sig);
        put_signature(keys[i].id, sig, i == 0, out);
    }
    oc_buf_adds(out, "]}\n");
    oc_buf_finish(&message);
}

int oc_document_add(const struct oc_document *doc, const char *type,
                    const struct oc_secret_key *key, struct oc_buf *out, struct oc_error *err)
{
    struct oc_buf message = {0};
    uint8_t sig[OC_SIGN_SIGNATURE];
    bool first = true;
    begin_document(doc->body, doc->body_len, out);
    size_t kept = 0;
    for (size_t i = 0; i < doc->count; i++) {
        if (memcmp(doc->signatures[i].keyid, key->id, sizeof key->id) != 0) {
            put_signature(doc->signatures[i].keyid, doc->signatures[i].sig, first, out);
            first = false;
            kept++;
        }
    }
    if (kept == OC_SIGNATURES_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "a document has at most %d signatures",
                            OC_SIGNATURES_MAX);
    }
    message_of(type, doc->body, doc->body_len, &message);
    oc_sign(key->key, message.data, message.len, sig);
    put_signature(key->id, sig, first, out);
    oc_buf_adds(out, "]}\n");
    oc_buf_finish(&message);
    return OC_OK;
}

/* ---- rings ---- */

bool oc_ring_has(const struct oc_ring *ring, const uint8_t id[8])
{
    for (size_t i = 0; i < ring->count; i++) {
        if (memcmp(ring->keys[i].id, id, sizeof ring->keys[i].id) == 0) {
            return true;
        }
    }
    return false;
}

bool oc_ring_add(struct oc_ring *ring, const struct oc_public_key *key)
{
    /* a second id for a key that is there would let one holder count twice */
    for (size_t i = 0; i < ring->count; i++) {
        if (memcmp(ring->keys[i].key, key->key, sizeof key->key) == 0) {
            return false;
        }
    }
    if (ring->count == OC_RING_MAX || oc_ring_has(ring, key->id)) {
        return false;
    }
    ring->keys[ring->count++] = *key;
    return true;
}

bool oc_ring_equal(const struct oc_ring *a, const struct oc_ring *b)
{
    size_t same = 0;
    for (size_t i = 0; i < a->count; i++) {
        for (size_t k = 0; k < b->count; k++) {
            same += memcmp(a->keys[i].key, b->keys[k].key, sizeof a->keys[i].key) == 0;
        }
    }
    return same == a->count && same == b->count;
}
