/* Cron expressions from outside: whatever is accepted is due in bounded time, and later each time. SPDX-License-Identifier: MIT */
// uses: oc_sys
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/sys/crontime.h"

/* Where the clock is set forth and back once, by an hour each. */
static int64_t times[] = {1774746000, 1792890000};
static int32_t offsets[] = {7200, 3600};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct oc_zone zone = {.times = times, .offsets = offsets, .count = 2, .first = 3600};
    char *text = oc_strndup((const char *)data, size);
    struct oc_error err = {0};
    struct oc_cron c;
    int64_t last = INT64_C(1774700000000);
    if (oc_cron_parse(text, &c, &err) != OC_OK) {
        OC_ASSERT(err.message[0]);
    } else {
        for (int i = 0; i < 20 && last != OC_CRON_NEVER; i++) {
            int64_t next = oc_cron_next(&c, &zone, last);
            OC_ASSERT(next > last && (i || next != OC_CRON_NEVER));
            last = next;
        }
        char *words = oc_cron_text(&c);
        OC_ASSERT(*words);
        free(words);
    }
    free(text);
    return 0;
}
