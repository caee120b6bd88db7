/* Finds what looks like a private key or an access token in a text. SPDX-License-Identifier: MIT */
#include "core/package/check/secrets.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/mem.h"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define BASE64 LOWER UPPER DIGITS "+/="

/* `begin`, then at least `least` characters of `set`. */
struct pattern {
    const char *what, *begin, *set;
    size_t least;
};

static const struct pattern patterns[] = {
    {"an access key of a cloud", "AKIA", UPPER DIGITS, 16},
    {"an access token", "ghp_", LOWER UPPER DIGITS, 36},
    {"an access token", "github_pat_", LOWER UPPER DIGITS "_", 60},
    {"an access token", "glpat-", LOWER UPPER DIGITS "_-", 20},
    {"an access token", "xoxb-", LOWER UPPER DIGITS "-", 30},
    {"an access token", "xoxp-", LOWER UPPER DIGITS "-", 30},
    {"an access token", "sk-ant-", LOWER UPPER DIGITS "_-", 40},
    {"an access key of a cloud", "AIza", LOWER UPPER DIGITS "_-", 35},
    {"a private key", "RWRTY0Iy", BASE64, 100}, /* of minisign */
};

static bool in_set(const char *set, char c)
{
    return c != '\0' && strchr(set, c);
}

static bool has_pattern(const char *text, size_t len, const struct pattern *p)
{
    const size_t begin = strlen(p->begin);
    const char *end = text + len;
    for (const char *at = text; (at = memmem(at, (size_t)(end - at), p->begin, begin)); at++) {
        size_t n = 0;
        while (at + begin + n < end && n < p->least && in_set(p->set, at[begin + n])) {
            n++;
        }
        if (n >= p->least && (at == text || !in_set(LOWER UPPER DIGITS, at[-1]))) {
            return true;
        }
    }
    return false;
}

/* "-----BEGIN ... PRIVATE KEY-----", a line end and at least 40 characters of key. */
static bool has_pem(const char *text, size_t len)
{
    static const char mark[] = "PRIVATE KEY-----";
    const char *end = text + len;
    for (const char *at = text; (at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1));) {
        at += sizeof mark - 1;
        const char *body = at;
        while (body < end && in_set("\r\n", *body)) {
            body++;
        }
        size_t n = 0;
        while (body + n < end && n < 40 && in_set(BASE64, body[n])) {
            n++;
        }
        if (n >= 40 && body > at) {
            return true;
        }
    }
    return false;
}

const char *oc_secret_find(const char *text, size_t len)
{
    if (len == 0) {
        return NULL;
    }
    for (size_t i = 0; i < OC_COUNT(patterns); i++) {
        if (has_pattern(text, len, &patterns[i])) {
            return patterns[i].what;
        }
    }
    return has_pem(text, len) ? "a private key" : NULL;
}
