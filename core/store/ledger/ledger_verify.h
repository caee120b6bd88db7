/* Looking at every byte of a ledger: texts, hashes, tree, checkpoints and who signed them. SPDX-License-Identifier: MIT  [any]
 *
 * The folder is that of a ledger, or a copy of it. Nothing of it is written. Segments are looked at in several threads. */
#ifndef OC_STORE_LEDGER_VERIFY_H
#define OC_STORE_LEDGER_VERIFY_H

#include "core/store/ledger/ledger_note.h"

#define OC_LEDGER_TEXT_RETIRED "ledger_retired" /* type of the entry that says which text is gone */

struct oc_ledger_witness {
    char name[OC_NOTE_NAME];
    uint8_t key[OC_SIGN_PUBLIC];
    uint64_t cosigned; /* a size that it has vouched for; 0: none yet */
};

struct oc_ledger_check {
    const char *dir;
    uint64_t size; /* what lies behind so many entries is not looked at; UINT64_MAX: everything */
    const uint8_t
        *root; /* of `size` entries, as the process that writes them knows it; NULL: not known */
    const struct oc_ledger_witness *witnesses;
    size_t witness_count;
    const char *elsewhere; /* a folder with checkpoints of the same ledger; may be NULL */
    unsigned threads;      /* 0: as many as there are processors, up to 4 */
    void (*progress)(void *ctx, double fraction); /* from any thread, one at a time; may be NULL */
    void *ctx;
    const bool *stop; /* set by another thread to give up; may be NULL */
};

struct oc_ledger_report {
    uint64_t entries, oldest, segments, sealed, checkpoints, cosignatures;
    uint64_t covered;    /* entries up to the newest checkpoint */
    uint64_t torn_bytes; /* behind the last sound entry: left by a crash, or being written */
    char origin[OC_NOTE_NAME];
    uint8_t root[OC_LEDGER_HASH];
    bool damaged;
    char file[96];  /* the first damage, when there is any */
    uint64_t line;  /* of that file; 0: none */
    int64_t index;  /* of the first entry that is not as it was; -1: none in particular */
    char what[512]; /* as long as the message of an error */
};

/* OC_OK: all is as it was written; OC_E_VERIFY: it is not, and the report says where. */
int oc_ledger_verify(const struct oc_ledger_check *check, struct oc_ledger_report *report,
                     struct oc_error *err);

/* The same for a folder that an export left, with entries.jsonl and bundle.json: the entries are those that the checkpoint in it speaks
 * of, and the key beside that has signed it. Whose key that is, the folder cannot prove. */
bool oc_ledger_is_bundle(const char *dir);
int oc_ledger_verify_bundle(const struct oc_ledger_check *check, struct oc_ledger_report *report,
                            struct oc_error *err);

#endif
