/* The log of what was appended since the last flush. SPDX-License-Identifier: MIT  [any]
 *
 * One flush writes one blob with the samples of all series in the order they came, so its cost does
 * not grow with the number of series. Replayed at open over the last snapshot of the tails. A
 * record is a token (low bits the value kind of core/store/number.h, or SEAL), the series' id
 * unless it is the one after the last record's, the time unless it is the last record's, and the
 * value as it follows the value of its series. */
#ifndef OC_STORE_HEAD_H
#define OC_STORE_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"

struct oc_head {
    struct oc_buf buf;
    uint32_t id;     /* of the record before */
    int64_t time_ms; /* of the record before */
};

void oc_head_clear(struct oc_head *h); /* keeps the memory */
void oc_head_finish(struct oc_head *h);
void oc_head_sample(struct oc_head *h, uint32_t id, int64_t time_ms, double before, double value);
void oc_head_seal(struct oc_head *h, uint32_t id); /* the tail of this series was sealed here */

struct oc_head_reader {
    const uint8_t *p, *end; /* borrowed */
    uint32_t id;
    int64_t time_ms;
    unsigned kind;
};

enum oc_head_next { OC_HEAD_END, OC_HEAD_SAMPLE, OC_HEAD_SEAL, OC_HEAD_BAD };

bool oc_head_begin(struct oc_head_reader *r, const void *data, size_t len); /* false: not a log */
/* The next record: its id and time are in the reader; a SAMPLE's value must be read before the next
 * step. */
enum oc_head_next oc_head_step(struct oc_head_reader *r);
bool oc_head_value(struct oc_head_reader *r, double before, double *value);

#endif
