/* Fuzzes what a client says of the answer it wants: query, Accept, Prefer, Last-Event-ID. SPDX-License-Identifier: MIT
 *
 * Lines of the input are pairs `name=value`; the parameters that come out must bind or be refused, never anything else. */
// uses: oc_api
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/ops/accept.h"
#include "core/api/query.h"
#include "core/base/arena.h"
#include "core/base/mem.h"
#include "core/config/bind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bound {
    const char *service, *since_text;
    int32_t refresh, state;
    int64_t limit, since, bytes;
    double share;
    struct oc_list names, ports, labels;
};

#define AT(member) (uint32_t) offsetof(struct bound, member)
static const struct oc_option table[] = {
    {.name = "service", .type = OC_OPT_STRING, .offset = AT(service)},
    {.name = "refresh", .type = OC_OPT_BOOL, .offset = AT(refresh)},
    {.name = "state", .type = OC_OPT_ENUM, .offset = AT(state), .choices = "firing|resolved|all"},
    {.name = "limit", .type = OC_OPT_INT, .offset = AT(limit), .min = 1, .max = 10000},
    {.name = "since", .type = OC_OPT_DURATION, .offset = AT(since)},
    {.name = "bytes", .type = OC_OPT_SIZE, .offset = AT(bytes)},
    {.name = "share", .type = OC_OPT_FLOAT, .offset = AT(share)},
    {.name = "names", .type = OC_OPT_STRINGS, .offset = AT(names)},
    {.name = "ports", .type = OC_OPT_INTS, .offset = AT(ports)},
    {.name = "labels", .type = OC_OPT_MAP, .offset = AT(labels)},
    {0}};

static void bind(const struct oc_query_pair *pairs, size_t count)
{
    struct oc_error err;
    struct oc_arena arena = {0};
    struct bound bound = {0};
    oc_error_init(&err);
    json_t *params = oc_query_params(table, pairs, count, &err);
    if (!params != (err.code != OC_OK) || (!params && !*err.message)) {
        abort();
    }
    if (params) {
        oc_bind_json(table, params, &bound, sizeof bound, &arena, &err);
    }
    if (params && err.code == OC_OK && bound.limit > 10000) {
        abort();
    }
    json_decref(params);
    oc_arena_finish(&arena);
}

static void wish(const char *text)
{
    struct oc_wish w = oc_wish_read(text, text);
    if (w.wait_ms < 0 || w.wait_ms > OC_WISH_WAIT_MAX_MS) {
        abort();
    }
    oc_last_event_read(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_query_pair pairs[OC_QUERY_PAIRS_MAX + 1];
    size_t count = 0;
    char *text = oc_strndup((const char *)data, size), *save = NULL;
    wish(text);
    for (char *line = strtok_r(text, "\n", &save); line && count <= OC_QUERY_PAIRS_MAX;
         line = strtok_r(NULL, "\n", &save)) {
        char *value = strchr(line, '=');
        if (value) {
            *value++ = '\0';
        }
        pairs[count++] = (struct oc_query_pair){line, value ? value : ""};
    }
    bind(pairs, count);
    free(text);
    return 0;
}
