/* What a plugin host says, and a description of a plugin, from somebody who means no good. SPDX-License-Identifier: MIT */
// uses: oc_plugin
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plugin/instance/describe.h"
#include "core/plugin/instance/draft.h"
#include "core/plugin/process/wire.h"

static int32_t take(void *ctx, const struct oc_record *record)
{
    struct oc_records_report report = {0};
    struct oc_draft d;
    size_t *seen = ctx;
    if (!oc_draft_make(&d, record, 1, &report)) {
        *seen += (size_t)d.record.name.len + (size_t)d.record.text.len;
        for (uint32_t i = 0; i < d.record.label_count; i++) {
            *seen += (size_t)d.labels[i].value.len;
        }
    }
    oc_draft_finish(&d);
    return OC_OK;
}

static void try_description(const char *text, size_t len)
{
    struct oc_error err;
    oc_error_init(&err);
    json_t *json =
        oc_wire_shallow(text, len, OC_WIRE_DEPTH) ? oc_json_parse(text, len, &err) : NULL;
    struct oc_description *d = json ? oc_description_parse(json, &err) : NULL;
    if (d) { /* a table that passed can be used */
        struct oc_arena arena = {0};
        struct oc_diags diags = {0};
        void *bound = oc_arena_alloc(&arena, d->size);
        if (!oc_bind(d->options, sizeof *d->options, NULL, "x", NULL, bound, d->size, &arena,
                     &diags)) {
            json_decref(oc_describe_bound(d->options, sizeof *d->options, NULL, bound));
        }
        oc_diags_finish(&diags);
        oc_arena_finish(&arena);
        oc_description_free(d);
    }
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t seen = 0;
    const struct oc_sink sink = {.struct_size = sizeof sink, .ctx = &seen, .emit = take};
    struct oc_wire_head head;
    struct oc_error err;
    const char *json;
    int32_t code = 0;
    if (size < 1) {
        return 0;
    }
    char *payload = oc_alloc(size); /* its own block: a read beyond it is seen */
    memcpy(payload, data + 1, size - 1);
    payload = oc_realloc(payload, size - 1 ? size - 1 : 1);
    size_t len = size - 1;
    oc_error_init(&err);
    switch (data[0] % 4) {
    case 0:
        oc_wire_get_records(payload, len, &sink, &code);
        break;
    case 1:
        oc_wire_get_result(payload, len, &code, &err, &json);
        break;
    case 2:
        if (len >= sizeof head) {
            memcpy(&head, payload, sizeof head);
            OC_ASSERT(!oc_wire_head_sound(&head) || head.length <= OC_WIRE_IN_MAX);
        }
        break;
    default:
        try_description(payload, len);
        break;
    }
    free(payload);
    return 0;
}
