/* Fuzzes what WebSocket clients send: frames in pieces of any size must mean what they mean in one. SPDX-License-Identifier: MIT */
// uses: oc_api
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/socket/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct probe {
    uint64_t sum;
    size_t messages;
};

static void mix(struct probe *p, const void *data, size_t len, unsigned kind)
{
    const uint8_t *at = data;
    p->sum = p->sum * 31 + kind;
    for (size_t i = 0; i < len; i++) {
        p->sum = p->sum * 31 + at[i];
    }
}

static void on_message(void *ctx, bool text, const char *data, size_t len)
{
    struct probe *p = ctx;
    struct oc_utf8_state utf8 = {0};
    if (data[len] != '\0' || len > 2000) {
        abort();
    }
    if (text && (!oc_utf8_feed(&utf8, (const uint8_t *)data, len) || !oc_utf8_whole(&utf8))) {
        abort();
    }
    p->messages++;
    mix(p, data, len, text ? 1 : 2);
}

static void on_ping(void *ctx, const void *data, size_t len)
{
    if (len > OC_WS_CONTROL_MAX) {
        abort();
    }
    mix(ctx, data, len, 3);
}

static void on_pong(void *ctx)
{
    mix(ctx, "", 0, 4);
}

static void on_close(void *ctx, uint16_t code)
{
    if (code != OC_WS_NO_STATUS && !oc_ws_code_valid(code)) {
        abort();
    }
    mix(ctx, &code, sizeof code, 5);
}

/* Each piece is copied to a block of its own size, so that a read past its end is seen. */
static uint16_t feed(struct probe *p, const uint8_t *data, size_t size, size_t piece)
{
    static const struct oc_reader_handler handler = {on_message, on_ping, on_pong, on_close};
    struct oc_reader r;
    uint16_t code = 0;
    memset(p, 0, sizeof *p);
    oc_reader_init(&r, &handler, p, 2000);
    for (size_t i = 0; i < size && code == 0; i += piece) {
        const size_t n = size - i < piece ? size - i : piece;
        uint8_t *block = malloc(n);
        memcpy(block, data + i, n);
        code = oc_reader_feed(&r, block, n);
        free(block);
    }
    oc_reader_finish(&r);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct probe whole, cut;
    if (size < 1) {
        return 0;
    }
    const uint16_t one = feed(&whole, data + 1, size - 1, size);
    const uint16_t other = feed(&cut, data + 1, size - 1, (size_t)data[0] % 40 + 1);
    /* In pieces a failure may be seen before a message that is whole in one: never the other way round. */
    if (one != other || whole.messages != cut.messages || whole.sum != cut.sum) {
        abort();
    }
    return 0;
}
