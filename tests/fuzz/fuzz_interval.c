/* Time intervals and recurring silences as people write them: what is accepted answers in bounded time. SPDX-License-Identifier: MIT */
// uses: oc_service
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/alert/route/interval.h"
#include "core/service/alert/silence/silence_recur.h"

#define NOW INT64_C(1774700000000) /* the night before Berlin's clocks go forward */

/* The text as one key of an interval that names nothing else. */
static void try_interval(int key, const char *text)
{
    struct oc_interval_part part = {0}, *parts[] = {&part};
    struct oc_interval interval = {.name = NULL};
    struct oc_interval_ranges *const ranges[] = {&part.times, &part.weekdays, &part.days,
                                                 &part.months, &part.years};
    struct oc_error err = {0};
    if (oc_interval_parse((enum oc_interval_key)key, text, ranges[key], &err) != OC_OK) {
        OC_ASSERT(err.message[0] && err.hint[0]);
        return;
    }
    interval.parts.items = parts;
    interval.parts.count = 1;
    bool in = oc_interval_contains(&interval, NOW);
    int64_t next = oc_interval_next(&interval, NOW);
    OC_ASSERT(next > NOW);
    OC_ASSERT(next == INT64_MAX || oc_interval_contains(&interval, next) != in);
    OC_ASSERT(next == INT64_MAX || oc_interval_contains(&interval, next - 1) == in);
}

static void try_recurrence(const char *text, int64_t span)
{
    struct oc_error err = {0};
    struct oc_recurrence *r = oc_recurrence_create(text, "+01:00", span, &err);
    int64_t starts, ends, after = NOW;
    OC_ASSERT(r || err.message[0]);
    for (int i = 0; r && i < 5 && oc_recurrence_next(r, after, NOW, &starts, &ends); i++) {
        OC_ASSERT(starts > after && ends > starts && ends > NOW);
        after = starts;
    }
    oc_recurrence_destroy(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    char *text = oc_strndup((const char *)data + 1, size - 1);
    try_interval(data[0] % 5, text);
    try_recurrence(text, 0);
    try_recurrence(text, OC_HOUR);
    free(text);
    return 0;
}
