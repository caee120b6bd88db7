/* Frames of a server: RFC 6455, section 5.2, without a mask. SPDX-License-Identifier: MIT */
#include "core/api/socket/packet.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#define FIN        0x80u
#define HEAD_MAX   10u
#define REASON_MAX 123u

static size_t write_head(uint8_t *head, enum oc_ws_opcode opcode, uint64_t len)
{
    const unsigned extra = len < 126 ? 0 : len <= UINT16_MAX ? 2 : 8;
    head[0] = (uint8_t)(FIN | (unsigned)opcode);
    head[1] = (uint8_t)(extra == 0 ? len : extra == 2 ? 126 : 127);
    for (unsigned i = 0; i < extra; i++) {
        head[2 + i] = (uint8_t)(len >> (8 * (extra - 1 - i)));
    }
    return 2 + extra;
}

/* A packet whose payload is still to be written, at *payload. */
static struct oc_packet *begin(enum oc_ws_opcode opcode, size_t len, char **payload)
{
    uint8_t head[HEAD_MAX];
    const size_t head_len = write_head(head, opcode, len);
    struct oc_packet *p = oc_alloc(sizeof *p + head_len + len);
    p->refs = 1;
    p->len = head_len + len;
    memcpy(p->bytes, head, head_len);
    *payload = (char *)p->bytes + head_len;
    return p;
}

struct oc_packet *oc_packet_create(enum oc_ws_opcode opcode, const void *payload, size_t len)
{
    char *at;
    struct oc_packet *p = begin(opcode, len, &at);
    if (len > 0) {
        memcpy(at, payload, len);
    }
    return p;
}

struct oc_packet *oc_packet_json(const json_t *value)
{
    char *at, *text = json_dumps(value, OC_JSON_WIRE);
    OC_ASSERT(text);
    const size_t len = strlen(text);
    struct oc_packet *p = begin(OC_WS_TEXT, len, &at);
    memcpy(at, text, len);
    free(text);
    return p;
}

struct oc_packet *oc_packet_close(uint16_t code, const char *reason)
{
    char text[2 + REASON_MAX + 1] = {(char)(code >> 8), (char)(code & 0xff)};
    if (code == OC_WS_NO_STATUS) {
        return oc_packet_create(OC_WS_CLOSE, NULL, 0);
    }
    size_t len = reason ? oc_copy(text + 2, sizeof text - 2, reason) : 0;
    while (len > 0 && !oc_utf8_valid(text + 2, len)) {
        len--; /* cut inside a character */
    }
    return oc_packet_create(OC_WS_CLOSE, text, 2 + len);
}

struct oc_packet *oc_packet_ref(struct oc_packet *p)
{
    p->refs++;
    return p;
}

void oc_packet_unref(struct oc_packet *p)
{
    if (p && --p->refs == 0) {
        free(p);
    }
}
