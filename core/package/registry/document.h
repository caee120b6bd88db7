/* Signed documents: bytes as they stand, and signatures over them. SPDX-License-Identifier: MIT  [any]
 *
 * The text of every signed document is exactly
 *     {"signed":BODY,"signatures":[{"keyid":"0123456789ABCDEF","sig":"<88 base64>"},..]}  and perhaps one newline
 * A signature is Ed25519 over "openclaw-registry-v1:<type>\n" and then the bytes of BODY as they stand: there is no canonical form
 * to agree upon, and no JSON is parsed before the signature is verified. The type in front keeps a signature of one kind of
 * document from being shown as that of another. */
#ifndef OC_PACKAGE_REGISTRY_DOCUMENT_H
#define OC_PACKAGE_REGISTRY_DOCUMENT_H

#include "core/package/keys.h"

#define OC_SIGNATURES_MAX 16
#define OC_RING_MAX       16

/* A document in its parts; everything is borrowed from the text. */
struct oc_document {
    const char *body;
    size_t body_len;
    size_t count;
    struct oc_document_signature {
        uint8_t keyid[8];
        uint8_t sig[OC_SIGN_SIGNATURE];
    } signatures[OC_SIGNATURES_MAX];
};

/* Who may sign, and how many of them must. */
struct oc_ring {
    unsigned threshold;
    size_t count;
    struct oc_public_key keys[OC_RING_MAX];
};

enum oc_verdict {
    OC_VERDICT_GOOD,     /* the threshold is reached */
    OC_VERDICT_FEW,      /* too few signatures, or damaged ones, of keys that may sign */
    OC_VERDICT_STRANGER, /* too few, and there are signatures of keys that may not */
};

/* Finds the parts; nothing is verified yet. OC_E_VERIFY when the text has not the form above. */
int oc_document_split(const char *text, size_t len, struct oc_document *doc, struct oc_error *err);
/* Distinct keys of the ring with a good signature. */
unsigned oc_document_signers(const struct oc_document *doc, const char *type,
                             const struct oc_ring *ring);
enum oc_verdict oc_document_verify(const struct oc_document *doc, const char *type,
                                   const struct oc_ring *ring);

/* Writes the document of `body` with one signature of each key. */
void oc_document_sign(const char *type, const char *body, size_t body_len,
                      const struct oc_secret_key *keys, size_t count, struct oc_buf *out);
/* The same document with one signature more (in the place of an older one of that key). OC_E_CONFIG when it is full. */
int oc_document_add(const struct oc_document *doc, const char *type,
                    const struct oc_secret_key *key, struct oc_buf *out, struct oc_error *err);

/* False when the ring is full or has the key. */
bool oc_ring_add(struct oc_ring *ring, const struct oc_public_key *key);
bool oc_ring_has(const struct oc_ring *ring, const uint8_t id[8]);
bool oc_ring_equal(const struct oc_ring *a, const struct oc_ring *b); /* keys in any order */

#endif
