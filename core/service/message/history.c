/* The newest messages, bounded in number and bytes. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/service/message/internal.h"

static size_t size_of(const json_t *row)
{
    return json_dumpb(row, NULL, 0, JSON_COMPACT);
}

static void forget_oldest(struct oc_message_history *h)
{
    json_decref(h->entries[h->head].row);
    h->bytes -= h->entries[h->head].bytes;
    h->head = (h->head + 1) % OC_MESSAGES_MAX;
    h->count--;
}

void oc_message_history_add(struct oc_message_history *h, json_t *row)
{
    const size_t bytes = size_of(row);
    while (h->count > 0 &&
           (h->count == OC_MESSAGES_MAX || h->bytes + bytes > OC_MESSAGES_BYTES_MAX)) {
        forget_oldest(h);
    }
    const size_t at = (h->head + h->count++) % OC_MESSAGES_MAX;
    h->entries[at].row = json_incref(row);
    h->entries[at].bytes = bytes;
    h->bytes += bytes;
}

const json_t *oc_message_history_at(const struct oc_message_history *h, size_t i)
{
    return i < h->count ? h->entries[(h->head + i) % OC_MESSAGES_MAX].row : NULL;
}

void oc_message_history_finish(struct oc_message_history *h)
{
    while (h->count > 0) {
        forget_oldest(h);
    }
}
