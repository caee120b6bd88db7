/* Batches that wait for their receiver: files in a folder, bounded. SPDX-License-Identifier: MIT  [loop]
 *
 * A file is named by its number and the samples in it, "0000000000000042-1500.batch"; files that are not are left alone. A batch
 * that the disk does not take is kept in memory within the same bound. */
#ifndef OC_SERVICE_EXPORT_QUEUE_H
#define OC_SERVICE_EXPORT_QUEUE_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/vec.h"

struct oc_export_batch {
    uint64_t seq, samples, bytes;
    char *data; /* owned; NULL: in its file */
};

struct oc_export_queue {
    char *dir;                           /* owned */
    OC_VEC(struct oc_export_batch) list; /* oldest first */
    uint64_t next_seq, bytes, samples;
    bool failing; /* the disk does not take them */
};

/* Makes the folder and takes over what an earlier run left in it. */
void oc_export_queue_init(struct oc_export_queue *q, const char *dir);
void oc_export_queue_finish(struct oc_export_queue *q); /* files stay */
/* Puts a batch behind the others; takes what `data` holds. */
void oc_export_queue_push(struct oc_export_queue *q, struct oc_buf *data, uint64_t samples);
/* The bytes of the oldest batch, owned by the caller. OC_E_NOT_FOUND: its file is gone; else it cannot be read now. */
int oc_export_queue_peek(struct oc_export_queue *q, struct oc_buf *data, struct oc_error *err);
/* Removes batch i (0 is the oldest); returns how many samples it had. */
uint64_t oc_export_queue_remove(struct oc_export_queue *q, size_t i);

#endif
