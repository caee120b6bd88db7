/* What the two halves of the verification share. SPDX-License-Identifier: MIT */
#ifndef OC_STORE_LEDGER_VERIFY_INTERNAL_H
#define OC_STORE_LEDGER_VERIFY_INTERNAL_H

#include <pthread.h>

#include "core/store/ledger/ledger_internal.h"
#include "core/store/ledger/ledger_verify.h"

/* A tree that a checkpoint speaks of. */
struct oc_checked_note {
    uint64_t size;
    char *file; /* its name in the folder; owned */
    uint8_t root[OC_LEDGER_HASH];
    uint8_t found[OC_LEDGER_HASH]; /* of the entries that are there */
    bool reached;
};

struct oc_checked_segment {
    uint64_t first, count;        /* entries that are sound */
    bool log, tree, tail;         /* the tail may be torn */
    uint8_t root[OC_LEDGER_HASH]; /* of those entries */
    struct oc_buf header;         /* its first line */
    uint64_t torn, retired;       /* bytes; up to which entry text is said to be gone */
    bool damaged;
    const char *ending; /* of the damaged file */
    uint64_t line;
    int64_t index;
    char what[256];
};

struct oc_checking {
    const struct oc_ledger_check *check;
    struct oc_ledger_report *report;
    uint64_t per;
    unsigned level;
    OC_VEC(struct oc_checked_segment) segments;
    OC_VEC(struct oc_checked_note) notes; /* by size */
    pthread_mutex_t lock;
    size_t next, done;
};

/* Notes the first damage. */
void oc_checking_damage(struct oc_checking *c, const char *file, uint64_t line, int64_t index,
                        const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* ledger_verify_segment.c: one segment, whatever it is. Fills its part of the notes' `found`. */
void oc_checking_segment(struct oc_checking *c, struct oc_checked_segment *s);
/* ledger_verify_notes.c */
int oc_checking_read_notes(struct oc_checking *c, struct oc_error *err);
void oc_checking_compare_notes(struct oc_checking *c);

#endif
