/* Checkpoints: what the tree was at a time, signed. SPDX-License-Identifier: MIT  [any]
 *
 * The text is that of C2SP tlog-checkpoint: origin, number of entries, root in base64, each on a line; an empty line; then signature lines
 * "- NAME BASE64" (with an em dash), where the base64 holds four bytes of the key's hash and the signature. The host signs the text with
 * Ed25519; a witness signs "cosignature/v1\ntime SECONDS\n" and the text (C2SP tlog-cosignature), with the time before the signature. */
#ifndef OC_STORE_LEDGER_NOTE_H
#define OC_STORE_LEDGER_NOTE_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/store/ledger/ledger.h"
#include "core/sys/sign.h"

#define OC_NOTE_NAME       128
#define OC_NOTE_MAX        65536 /* bytes of a note */
#define OC_NOTE_SIGNATURES 64

struct oc_note_signature {
    char name[OC_NOTE_NAME];
    uint8_t key_hash[4];
    uint8_t signature[OC_SIGN_SIGNATURE];
    bool cosignature; /* of a witness: it has a time */
    uint64_t seconds;
};

struct oc_note {
    char origin[OC_NOTE_NAME];
    uint64_t size;
    uint8_t root[OC_LEDGER_HASH];
    size_t text_len; /* the bytes that are signed: the front of the note */
    size_t count;
    struct oc_note_signature signatures[OC_NOTE_SIGNATURES];
};

/* OC_E_VERIFY: it is not a checkpoint, byte for byte as one is written. */
int oc_note_parse(const char *text, size_t len, struct oc_note *note, struct oc_error *err);
/* The text that is signed, with its empty line. */
void oc_note_text(const char *origin, uint64_t size, const uint8_t root[OC_LEDGER_HASH],
                  struct oc_buf *out);
/* Adds the signature line of a host. `out` holds the text with its empty line, and the lines of others. */
void oc_note_sign(struct oc_buf *out, const char *name, const uint8_t secret[OC_SIGN_SECRET],
                  const uint8_t public_key[OC_SIGN_PUBLIC]);
/* What a witness signs, and its line. */
void oc_note_cosigned_text(const char *text, size_t text_len, uint64_t seconds, struct oc_buf *out);
void oc_note_add_cosignature(struct oc_buf *out, const char *name,
                             const uint8_t public_key[OC_SIGN_PUBLIC], uint64_t seconds,
                             const uint8_t signature[OC_SIGN_SIGNATURE]);
/* Whether this key has signed; `note` was read from `text`. For a witness, `seconds` gets when. */
bool oc_note_is_signed(const char *text, const struct oc_note *note, const char *name,
                       const uint8_t public_key[OC_SIGN_PUBLIC]);
bool oc_note_is_cosigned(const char *text, const struct oc_note *note, const char *name,
                         const uint8_t public_key[OC_SIGN_PUBLIC], uint64_t *seconds);

/* A key as people pass it on: NAME+HASH+BASE64. `type` 1 is a host's, 4 a witness'. */
void oc_note_key_text(const char *name, const uint8_t public_key[OC_SIGN_PUBLIC], unsigned type,
                      struct oc_buf *out);
bool oc_note_key_parse(const char *text, char name[OC_NOTE_NAME],
                       uint8_t public_key[OC_SIGN_PUBLIC], unsigned *type);
bool oc_note_name_good(const char *name); /* no white space, no '+' */

/* How many entries the newest checkpoint of a ledger's folder speaks of, by the names of the files in <dir>/checkpoints; 0: none. */
uint64_t oc_ledger_note_latest(const char *dir);

#endif
