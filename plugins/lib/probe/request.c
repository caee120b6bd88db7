/* The bytes of an HTTP/1.1 request. SPDX-License-Identifier: MIT */
#include "probe/request.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openclaw/emit.h>

static bool is_token(const char *text)
{
    for (const char *c = text; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr("!#$%&'*+-.^_`|~", *c)) {
            return false;
        }
    }
    return text[0] != '\0';
}

static bool is_value(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if ((*c < ' ' && *c != '\t') || *c == 0x7f) {
            return false;
        }
    }
    return true;
}

static int check(const struct oc_request_parts *parts, struct oc_error *err)
{
    const struct oc_pair *headers = parts->headers.items;
    if (parts->method && !is_token(parts->method)) {
        return oc_fail(err, OC_E_CONFIG, "method \"%s\" is not a word", parts->method);
    }
    for (uint64_t i = 0; i < parts->headers.count; i++) {
        if (!is_token(headers[i].name)) {
            return oc_fail(err, OC_E_CONFIG, "header name \"%s\" is not valid", headers[i].name);
        }
        if (!is_value(headers[i].value)) {
            return oc_fail(err, OC_E_CONFIG,
                           "header \"%s\" holds a line break or control character",
                           headers[i].name);
        }
    }
    if (parts->bearer && !is_value(parts->bearer)) {
        return oc_fail(err, OC_E_CONFIG,
                       "the bearer token holds a line break or control character");
    }
    if (parts->user && strchr(parts->user, ':')) {
        return oc_fail(err, OC_E_CONFIG, "the user of basic authentication holds a colon");
    }
    if (parts->body && strlen(parts->body) > OC_REQUEST_MAX / 2) {
        return oc_fail(err, OC_E_CONFIG, "the request's body is longer than %u bytes",
                       OC_REQUEST_MAX / 2);
    }
    return OC_OK;
}

static bool configured(const struct oc_request_parts *parts, bool foreign, const char *name)
{
    const struct oc_pair *headers = parts->headers.items;
    for (uint64_t i = 0; !foreign && i < parts->headers.count; i++) {
        if (strcasecmp(headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void put_base64(FILE *f, const char *text, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *s = (const unsigned char *)text;
    for (size_t i = 0; i < len; i += 3) {
        size_t have = len - i < 3 ? len - i : 3;
        unsigned long bits = (unsigned long)s[i] << 16;
        bits |= have > 1 ? (unsigned long)s[i + 1] << 8 : 0;
        bits |= have > 2 ? s[i + 2] : 0;
        fputc(digits[bits >> 18 & 63], f);
        fputc(digits[bits >> 12 & 63], f);
        fputc(have > 1 ? digits[bits >> 6 & 63] : '=', f);
        fputc(have > 2 ? digits[bits & 63] : '=', f);
    }
}

static void put_credentials(FILE *f, const struct oc_request_parts *parts)
{
    char plain[1024];
    if (parts->bearer) {
        fprintf(f, "Authorization: Bearer %s\r\n", parts->bearer);
    } else if (parts->user) {
        int len = snprintf(plain, sizeof plain, "%s:%s", parts->user,
                           parts->password ? parts->password : "");
        fputs("Authorization: Basic ", f);
        put_base64(f, plain, len < (int)sizeof plain ? (size_t)len : sizeof plain - 1);
        fputs("\r\n", f);
        explicit_bzero(plain, sizeof plain);
    }
}

static void put_host(FILE *f, const struct oc_url *url)
{
    fprintf(f, "Host: %s%s%s", url->bracket ? "[" : "", url->host, url->bracket ? "]" : "");
    if (url->port != (url->tls ? 443 : 80)) {
        fprintf(f, ":%u", (unsigned)url->port);
    }
    fputs("\r\n", f);
}

static void put_request(FILE *f, const struct oc_url *url, const struct oc_request_parts *parts,
                        bool foreign)
{
    const struct oc_pair *headers = parts->headers.items;
    fprintf(f, "%s %s HTTP/1.1\r\n", parts->method ? parts->method : "GET", url->path);
    if (!configured(parts, foreign, "host")) {
        put_host(f, url);
    }
    if (!configured(parts, foreign, "user-agent")) {
        fputs("User-Agent: openclaw/1.0\r\n", f);
    }
    if (!configured(parts, foreign, "accept")) {
        fprintf(f, "Accept: %s\r\n", parts->accept ? parts->accept : "*/*");
    }
    if (!foreign && !configured(parts, foreign, "authorization")) {
        put_credentials(f, parts);
    }
    for (uint64_t i = 0; !foreign && i < parts->headers.count; i++) {
        fprintf(f, "%s: %s\r\n", headers[i].name, headers[i].value);
    }
    if (parts->body && !configured(parts, foreign, "content-length")) {
        fprintf(f, "Content-Length: %zu\r\n", strlen(parts->body));
    }
    fprintf(f, "\r\n%s", parts->body ? parts->body : "");
}

char *oc_request_build(const struct oc_url *url, const struct oc_request_parts *parts, bool foreign,
                       uint32_t *len, struct oc_error *err)
{
    char *text = NULL;
    size_t size = 0;
    if (check(parts, err) != OC_OK) {
        return NULL;
    }
    FILE *f = open_memstream(&text, &size);
    if (!f) {
        oc_fail(err, OC_E_INTERNAL, "out of memory");
        return NULL;
    }
    put_request(f, url, parts, foreign);
    if (fclose(f) != 0 || size > OC_REQUEST_MAX) {
        free(text);
        oc_fail(err, OC_E_CONFIG, "the request is longer than %u bytes", OC_REQUEST_MAX);
        return NULL;
    }
    *len = (uint32_t)size;
    char *exact = realloc(text, size + 1); /* thousands of these are kept */
    return exact ? exact : text;
}
