/* A journal that something has damaged, and the records of alerts in it. SPDX-License-Identifier: MIT */
// uses: oc_service
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/service/alert/table/codec.h"
#include "core/store/journal.h"

static void on_record(void *ctx, uint32_t segment, unsigned type, const void *data, size_t len)
{
    (void)segment;
    OC_ASSERT(len <= OC_JOURNAL_FRAME_MAX);
    oc_codec_read(ctx, type, data, len);
}

/* Whatever was read can be shown and written again. */
static void use(struct oc_alerts *t)
{
    struct oc_buf out = {0};
    uint32_t it = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(t, &it));) {
        json_decref(oc_alert_record_json(t, a));
        oc_buf_clear(&out);
        oc_codec_alert(&out, t, a);
        OC_ASSERT(oc_codec_read(t, OC_KEEP_ALERT, out.data, out.len) == a);
    }
    oc_buf_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_alerts t;
    oc_alerts_init(&t);
    const struct oc_journal_waste waste = oc_journal_read(data, size, 1, on_record, &t);
    OC_ASSERT(waste.torn <= size && waste.damaged <= size - waste.torn);
    /* checksums stop most of that, so records also come as they are */
    for (size_t at = 0; at + 2 <= size && at < 4096;) {
        size_t len = data[at + 1] < size - at - 2 ? data[at + 1] : size - at - 2;
        oc_codec_read(&t, data[at] % 6, data + at + 2, len);
        at += 2 + len;
    }
    if (size > 0) {
        oc_codec_read(&t, OC_KEEP_ALERT, data, size);
    }
    use(&t);
    oc_alerts_finish(&t);
    return 0;
}
