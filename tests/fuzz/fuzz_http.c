/* Fuzzes the HTTP response parser and what is done with a Location. SPDX-License-Identifier: MIT
 *
 * Besides looking for bad reads it checks that an answer cut into pieces of any size means the same
 * as the whole. */
// uses: oc_probe
#include "probe/response.h"
#include "probe/url.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct body {
    uint64_t sum, bytes;
};

static bool take(void *ctx, const char *data, size_t len)
{
    struct body *b = ctx;
    b->bytes += len;
    for (size_t i = 0; i < len; i++) {
        b->sum = b->sum * 31 + (unsigned char)data[i];
    }
    return b->bytes < 100000;
}

/* Each piece is copied to a block of its own size, so that a read past its end is seen. */
static enum oc_response_step parse(struct oc_response *r, struct body *b, const uint8_t *data,
                                   size_t size, size_t piece)
{
    enum oc_response_step step = OC_RESPONSE_MORE;
    oc_response_init(r, false);
    memset(b, 0, sizeof *b);
    for (size_t i = 0; i < size && step == OC_RESPONSE_MORE; i += piece) {
        size_t n = size - i < piece ? size - i : piece;
        char *block = malloc(n);
        memcpy(block, data + i, n);
        step = oc_response_feed(r, block, n, take, b);
        free(block);
    }
    return step == OC_RESPONSE_MORE ? oc_response_end(r) : step;
}

static void resolve(const char *location)
{
    struct oc_url base, url;
    const char *why = NULL;
    if (!oc_url_parse(&base, "https://[::1]:8443/a/b?c", &why)) {
        abort();
    }
    if (oc_url_resolve(&url, &base, location, &why)) {
        if (!url.host || url.path[0] != '/' || url.port == 0 || strpbrk(url.path, " \r\n")) {
            abort();
        }
        oc_url_finish(&url);
    } else if (!why) {
        abort();
    }
    oc_url_finish(&base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_response whole, cut;
    struct body a, b;
    if (size < 1) {
        return 0;
    }
    size_t piece = (size_t)data[0] % 32 + 1;
    enum oc_response_step one = parse(&whole, &a, data + 1, size - 1, size);
    enum oc_response_step other = parse(&cut, &b, data + 1, size - 1, piece);
    if (one != other || whole.status != cut.status || (one == OC_RESPONSE_DONE && a.sum != b.sum)) {
        abort();
    }
    if ((one == OC_RESPONSE_BAD) != (whole.error != NULL) ||
        whole.header_bytes > OC_RESPONSE_HEADER_MAX) {
        abort();
    }
    if (whole.location) {
        resolve(whole.location);
    }
    oc_response_finish(&whole);
    oc_response_finish(&cut);
    return 0;
}
