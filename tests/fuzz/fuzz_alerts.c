/* The document of posted alerts, from anybody who may post. SPDX-License-Identifier: MIT */
// uses: oc_service
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/alert/intake/post.h"
#include "core/service/alert/table/matcher.h"

/* What is given must be text, bounded, in order. */
static void look(const struct oc_post_alert *a)
{
    for (size_t i = 0; i < a->label_count; i++) {
        const struct oc_post_pair *p = &a->labels[i];
        OC_ASSERT(p->name.len > 0 && p->name.len <= OC_INGEST_NAME_MAX);
        OC_ASSERT(p->value.len > 0 && p->value.len <= OC_INGEST_VALUE_MAX);
        OC_ASSERT(oc_utf8_valid(p->name.ptr, p->name.len));
        OC_ASSERT(oc_utf8_valid(p->value.ptr, p->value.len));
        OC_ASSERT(!memchr(p->value.ptr, '\0', p->value.len));
        if (i > 0) {
            const struct oc_view *before = &a->labels[i - 1].name;
            size_t len = before->len < p->name.len ? before->len : p->name.len;
            int order = memcmp(before->ptr, p->name.ptr, len);
            OC_ASSERT(order < 0 || (order == 0 && before->len < p->name.len));
        }
    }
    OC_ASSERT(a->starts_at >= 0 && a->ends_at >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_post post;
    struct oc_post_alert *alert = malloc(sizeof *alert);
    char *text = oc_strndup((const char *)data, size);
    struct oc_matcher m;
    oc_post_init(&post, text, size);
    while (oc_post_next(&post, alert)) {
        look(alert);
    }
    oc_post_finish(&post);
    if (oc_matcher_parse_v2(text, &m, NULL) == OC_OK) {
        oc_matcher_finish(&m);
    }
    if (oc_matcher_parse(text, &m, NULL) == OC_OK) {
        oc_matcher_finish(&m);
    }
    free(text);
    free(alert);
    return 0;
}
