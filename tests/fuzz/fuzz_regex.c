/* Regular expressions from outside: bounded in size and in steps. SPDX-License-Identifier: MIT */
// uses: oc_base
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/regex.h"

/* The pattern ends with the first new line, the text follows. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    size_t len = line ? (size_t)(line - data) : size;
    char *pattern = oc_strndup((const char *)data, len);
    const char *text = line ? (const char *)line + 1 : "";
    size_t text_len = line ? size - len - 1 : 0;
    struct oc_regex *re = oc_regex_create(pattern, NULL);
    if (re) {
        const bool matches = oc_regex_match(re, text, text_len);
        OC_ASSERT(oc_regex_steps(re) <= (text_len + 1) * (OC_REGEX_PROGRAM_MAX + 1));
        for (int i = 0; i < 40 && text_len < 512; i++) { /* what is tried often goes by a table */
            OC_ASSERT(oc_regex_match(re, text, text_len) == matches);
        }
        oc_regex_destroy(re);
    }
    free(pattern);
    return 0;
}
