/* Answers in Alertmanager's words. SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/alertmanager/alertmanager.h"
#include "core/base/mem.h"
#include "core/base/text.h"

static void send(struct oc_http_request *r, unsigned status, struct oc_buf *body)
{
    size_t len = body->len;
    oc_http_send(r, status, OC_HTTP_TYPE_JSON, oc_buf_take(body), len);
}

void oc_am_send(struct oc_http_request *r, struct oc_buf *body)
{
    send(r, 200, body);
}

void oc_am_refuse(struct oc_http_request *r, unsigned status, const char *fmt, ...)
{
    struct oc_buf body = {0};
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    oc_am_add_string(&body, text);
    free(text);
    oc_buf_addc(&body, '\n');
    send(r, status, &body);
}

void oc_am_invalid(struct oc_http_request *r, unsigned status, int code, const char *fmt, ...)
{
    struct oc_buf body = {0};
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    oc_buf_addf(&body, "{\"code\":%d,\"message\":", code);
    oc_am_add_string(&body, text);
    free(text);
    oc_buf_addc(&body, '}');
    send(r, status, &body);
}

bool oc_am_accepts_body(struct oc_http_request *r)
{
    const char *type = oc_http_header(r, "Content-Type");
    size_t len = type ? strcspn(type, "; ") : 0;
    if (!type ||
        (len == strlen(OC_HTTP_TYPE_JSON) && strncasecmp(type, OC_HTTP_TYPE_JSON, len) == 0)) {
        return true;
    }
    char *clean = oc_utf8_clean(type, len < 128 ? len : 128);
    oc_am_invalid(r, 415, 415, "unsupported media type \"%s\", only [application/json] are allowed",
                  clean);
    free(clean);
    return false;
}
