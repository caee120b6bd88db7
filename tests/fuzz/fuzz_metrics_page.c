/* Fuzzes the writer of metrics pages: what it writes is read back by the scraper's parser, unchanged. SPDX-License-Identifier: MIT */
// uses: oc_api oc_exposition
#include "exposition/exposition.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/prometheus/prometheus.h"
#include "core/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct expected {
    const char *name, *value;
    double number;
    size_t seen;
};

static bool take(void *ctx, const struct exposition_sample *s)
{
    struct expected *e = ctx;
    e->seen++;
    if (s->label_count > 1 || strlen(e->name) != s->name.len ||
        memcmp(e->name, s->name.ptr, s->name.len) != 0) {
        abort();
    }
    if (s->label_count && (s->labels[0].value.len != strlen(e->value) ||
                           memcmp(s->labels[0].value.ptr, e->value, strlen(e->value)) != 0)) {
        abort();
    }
    if (s->value != e->number) {
        abort();
    }
    return true;
}

static void write_page(struct oc_page *p, const struct expected *e, const char *help)
{
    bool total = oc_ends(e->name, "_total");
    oc_page_family(p, e->name, total ? OC_PAGE_COUNTER : OC_PAGE_GAUGE, help);
    oc_page_sample(p, e->name, e->number, "a", e->value, NULL, NULL);
    oc_page_finish(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_export_name name;
    struct exposition_result result;
    double number = 0;
    if (size < 12) {
        return 0;
    }
    memcpy(&number, data, sizeof number);
    number = isfinite(number) ? number : 1;
    char *text = oc_utf8_clean((const char *)data + 9, size - 9);
    const char *metric = data[8] & 2 ? "fuzz.wait_ms" : "fuzz.seen_total";
    oc_page_wants_open_metrics(text);
    oc_export_name(metric, data[8] & 2 ? OC_KIND_GAUGE : OC_KIND_COUNTER, &name);
    struct expected e = {name.text, text, number, 0};
    struct oc_page page = {.open_metrics = data[8] & 1};
    write_page(&page, &e, text);
    exposition_parse(page.text.data, page.text.len, take, &e, &result);
    if (result.bad || e.seen != 1) {
        abort();
    }
    oc_buf_finish(&page.text);
    free(text);
    return 0;
}
