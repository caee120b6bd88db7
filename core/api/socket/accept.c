/* The opening handshake. SPDX-License-Identifier: MIT */
#include "core/api/socket/accept.h"

#include <string.h>
#include <strings.h>

#include "core/api/internal.h"
#include "core/api/socket/sha1.h"
#include "core/base/buf.h"
#include "core/base/text.h"
#include "core/sys/sign.h"

#define GUID      "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_CHARS 24u
#define KEY_BYTES 16u

bool oc_ws_accept(const char *key, char accept[OC_WS_ACCEPT])
{
    uint8_t raw[KEY_BYTES], sum[OC_SHA1];
    char text[KEY_CHARS + sizeof GUID];
    if (strlen(key) != KEY_CHARS || !oc_base64_decode(key, KEY_CHARS, raw, sizeof raw)) {
        return false;
    }
    memcpy(text, key, KEY_CHARS);
    memcpy(text + KEY_CHARS, GUID, sizeof GUID);
    oc_sha1(text, KEY_CHARS + sizeof GUID - 1, sum);
    struct oc_buf out = {0};
    oc_base64(sum, sizeof sum, &out);
    oc_copy(accept, OC_WS_ACCEPT, out.data);
    oc_buf_finish(&out);
    return true;
}

/* The next item of a comma-separated list, without the space around it; false at its end. */
static bool next_item(const char **list, const char **item, size_t *len)
{
    const char *s = *list + strspn(*list, " \t,");
    *item = s;
    *len = strcspn(s, ",");
    *list = s + *len;
    while (*len > 0 && (s[*len - 1] == ' ' || s[*len - 1] == '\t')) {
        (*len)--;
    }
    return *len > 0;
}

bool oc_ws_has_token(const char *list, const char *token)
{
    const char *item;
    size_t len;
    while (list && next_item(&list, &item, &len)) {
        if (len == strlen(token) && strncasecmp(item, token, len) == 0) {
            return true;
        }
    }
    return false;
}

const char *oc_ws_choose(const char *offered, const char *const *ours)
{
    const char *item;
    size_t len;
    while (offered && next_item(&offered, &item, &len)) {
        for (size_t i = 0; ours[i]; i++) {
            if (len == strlen(ours[i]) && strncmp(item, ours[i], len) == 0) {
                return ours[i];
            }
        }
    }
    return NULL;
}

static bool refuse(struct oc_http_request *r, unsigned status, const char *what)
{
    oc_http_set(r, "Upgrade", "websocket");
    oc_http_set(r, "Sec-WebSocket-Version", "13");
    oc_http_send_errorf(r, status, OC_E_CONFIG, "Open a WebSocket here, as RFC 6455 has it.", "%s",
                        what);
    return false;
}

/* HTTP/1.0 knows no change of the protocol (RFC 9110, 7.8), and a connection that ends with this answer none either: the library would
 * just close it. */
static bool refuse_version(struct oc_http_request *r)
{
    oc_access_refused(oc_http_api(r)->access, &(struct oc_refusal){.reason = "bad-request",
                                                                   .peer = oc_http_peer(r),
                                                                   .actor = oc_http_who(r)->actor,
                                                                   .method = oc_http_method(r),
                                                                   .path = oc_http_path(r)});
    return refuse(r, 426, "a WebSocket is opened by HTTP/1.1, on a connection that stays");
}

bool oc_ws_handshake(struct oc_http_request *r, const char *const *ours, const char **protocol)
{
    const char *version = oc_http_header(r, "Sec-WebSocket-Version");
    const char *key = oc_http_header(r, "Sec-WebSocket-Key");
    char accept[OC_WS_ACCEPT];
    *protocol = NULL;
    if (!oc_ws_has_token(oc_http_header(r, "Upgrade"), "websocket") ||
        !oc_ws_has_token(oc_http_header(r, "Connection"), "upgrade")) {
        return refuse(r, 426, "this path speaks WebSocket only");
    }
    if (oc_http_is_old(r) || oc_ws_has_token(oc_http_header(r, "Connection"), "close")) {
        return refuse_version(r);
    }
    if (!version || strcmp(version, "13") != 0) {
        return refuse(r, 426, "the WebSocket version is not 13");
    }
    if (!key || !oc_ws_accept(key, accept)) {
        return refuse(r, 400, "the header Sec-WebSocket-Key is missing or malformed");
    }
    if (oc_http_body(r).len > 0) {
        return refuse(r, 400, "a WebSocket handshake has no body");
    }
    if (!oc_http_upgrade_room(r)) {
        return false;
    }
    oc_http_set(r, "Sec-WebSocket-Accept", accept);
    *protocol = oc_ws_choose(oc_http_header(r, "Sec-WebSocket-Protocol"), ours);
    if (*protocol) {
        oc_http_set(r, "Sec-WebSocket-Protocol", *protocol);
    }
    return true;
}
