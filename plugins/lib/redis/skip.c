/* Strings that are longer than anybody wants, cut while they come. SPDX-License-Identifier: MIT */
#include "redis/skip.h"

#include <stdio.h>
#include <string.h>

struct sink {
    int (*pass)(void *ctx, const char *data, size_t len);
    void *ctx;
};

static int give(const struct sink *sink, const char *data, size_t len)
{
    return len ? sink->pass(sink->ctx, data, len) : 0;
}

/* "$5\r\n" to 5; false for all else, also for "$-1". */
static int is_length(const struct oc_redis_skip *s, uint64_t *n)
{
    size_t i = 1;
    *n = 0;
    for (; i < s->len && i < 20 && s->line[i] >= '0' && s->line[i] <= '9'; i++) {
        *n = *n * 10 + (uint64_t)(s->line[i] - '0');
    }
    return s->line[0] == '$' && i > 1 && i + 2 == s->len && s->line[i] == '\r';
}

static int end_line(struct oc_redis_skip *s, size_t max, const struct sink *sink)
{
    uint64_t n;
    int rc;
    if (is_length(s, &n)) {
        char head[32];
        const uint64_t keep = n > max ? max + 1 : n;
        s->keep = keep;
        s->drop = n - keep;
        s->end = 2;
        rc = give(sink, head,
                  (size_t)snprintf(head, sizeof head, "$%llu\r\n", (unsigned long long)keep));
    } else {
        rc = give(sink, s->line, s->len);
    }
    s->len = 0;
    return rc;
}

static size_t least(uint64_t a, size_t b)
{
    return a < b ? (size_t)a : b;
}

/* One step: `*used` bytes of `data` are done with. */
static int step(struct oc_redis_skip *s, const char *data, size_t len, size_t max,
                const struct sink *sink, size_t *used)
{
    if (s->keep) {
        *used = least(s->keep, len);
        s->keep -= *used;
        return give(sink, data, *used);
    }
    if (s->drop) {
        *used = least(s->drop, len);
        s->drop -= *used;
        return 0;
    }
    if (s->end) {
        *used = least(s->end, len);
        s->end -= (unsigned)*used;
        return give(sink, data, *used);
    }
    if (s->through) {
        const char *end = memchr(data, '\n', len);
        *used = end ? (size_t)(end - data) + 1 : len;
        s->through = !end;
        return give(sink, data, *used);
    }
    *used = 1;
    s->line[s->len++] = *data;
    if (*data == '\n') {
        return end_line(s, max, sink);
    }
    if (s->line[0] != '$' || s->len == sizeof s->line) { /* no length: it need not be kept */
        const size_t all = s->len;
        s->through = 1;
        s->len = 0;
        return give(sink, s->line, all);
    }
    return 0;
}

int oc_redis_skip(struct oc_redis_skip *s, const char *data, size_t len, size_t max,
                  int (*pass)(void *ctx, const char *data, size_t len), void *ctx)
{
    const struct sink sink = {pass, ctx};
    int rc = 0;
    for (size_t used; len > 0 && rc == 0; data += used, len -= used) {
        rc = step(s, data, len, max, &sink, &used);
    }
    return rc;
}
