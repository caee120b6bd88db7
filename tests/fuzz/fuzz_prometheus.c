/* Fuzzes the parser of the Prometheus text format and OpenMetrics. SPDX-License-Identifier: MIT */
// uses: oc_exposition openclaw::sdk
#include "exposition/exposition.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct page {
    const char *begin, *end;
    size_t count;
};

static void check_view(const struct page *page, struct oc_view v)
{
    if (v.ptr < page->begin || v.ptr > page->end || v.len > (uint64_t)(page->end - v.ptr)) {
        abort();
    }
}

static bool take(void *ctx, const struct exposition_sample *s)
{
    struct page *page = ctx;
    check_view(page, s->name);
    if (s->name.len == 0 || s->kind > OC_KIND_BOOL || s->label_count > EXPOSITION_LABELS_MAX) {
        abort();
    }
    for (uint32_t i = 0; i < s->label_count; i++) {
        check_view(page, s->labels[i].name);
        check_view(page, s->labels[i].value);
        if (s->labels[i].name.len == 0) {
            abort();
        }
    }
    return ++page->count < 10000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct exposition_result result;
    char *text = malloc(size + 1);
    if (size) {
        memcpy(text, data, size);
    }
    char *exact = realloc(text, size ? size : 1); /* no byte more than there is */
    struct page page = {exact, exact + size, 0};
    exposition_parse(exact, size, take, &page, &result);
    if (result.lines < page.count || (result.bad > 0) != (result.reason != NULL)) {
        abort();
    }
    free(exact);
    return 0;
}
