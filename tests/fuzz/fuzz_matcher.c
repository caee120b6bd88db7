/* Fuzzes matchers of silences and filters, ours and Alertmanager's: what is read is written so that it reads the same. SPDX-License-Identifier: MIT */
// uses: oc_service
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/service/alert/table/matcher.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(const struct oc_matcher *m)
{
    struct oc_matcher again, same;
    struct oc_error err;
    oc_error_init(&err);
    char *text = oc_matcher_text(m), *value = oc_matcher_v2_value(m);
    if (oc_matcher_copy(m, &same) != OC_OK || !oc_matcher_same(m, &same)) {
        abort();
    }
    /* What is written is read as the same by either reader, unless quoting made it too long. */
    if (strlen(text) <= OC_MATCHER_TEXT_MAX &&
        (oc_matcher_parse(text, &again, &err) != OC_OK || strcmp(again.name, m->name) != 0 ||
         strcmp(again.value, value) != 0 || oc_matcher_is_equal(&again) != oc_matcher_is_equal(m) ||
         oc_matcher_is_regex(&again) != oc_matcher_is_regex(m))) {
        abort();
    }
    if (strlen(text) <= OC_MATCHER_TEXT_MAX) {
        oc_matcher_finish(&again);
    }
    oc_matcher_finish(&same);
    free(value);
    free(text);
}

/* The opposite operator holds for exactly the other values. */
static void check_opposite(const struct oc_matcher *m, const char *value)
{
    static const enum oc_matcher_op opposite[] = {
        [OC_MATCH_EQUAL] = OC_MATCH_UNEQUAL,   [OC_MATCH_UNEQUAL] = OC_MATCH_EQUAL,
        [OC_MATCH_GLOB] = OC_MATCH_NOT_GLOB,   [OC_MATCH_NOT_GLOB] = OC_MATCH_GLOB,
        [OC_MATCH_REGEX] = OC_MATCH_NOT_REGEX, [OC_MATCH_NOT_REGEX] = OC_MATCH_REGEX,
    };
    struct oc_matcher other;
    struct oc_error err;
    oc_error_init(&err);
    if (oc_matcher_make(m->name, opposite[m->op], m->value, &other, &err) != OC_OK) {
        abort();
    }
    if (oc_matcher_holds_value(m, value) == oc_matcher_holds_value(&other, value)) {
        abort();
    }
    oc_matcher_finish(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_matcher m;
    struct oc_error err;
    oc_error_init(&err);
    if (size < 2 || size > 4096) {
        return 0;
    }
    size_t cut = data[0] % size;
    char *text = calloc(size + 1, 1), *value = calloc(size + 1, 1);
    memcpy(text, data + 1, size - 1);
    memcpy(value, data + cut, size - cut);
    int rc = data[0] & 0x80   ? oc_matcher_parse(text, &m, &err)
             : data[0] & 0x40 ? oc_matcher_parse_stored(text, &m, &err)
                              : oc_matcher_parse_v2(text, &m, &err);
    if (rc == OC_OK) {
        check_written(&m);
        check_opposite(&m, value);
        oc_matcher_finish(&m);
    } else if (!*err.message) {
        abort();
    }
    free(value);
    free(text);
    return 0;
}
