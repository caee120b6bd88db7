/* Reading Accept, Prefer and Last-Event-ID. SPDX-License-Identifier: MIT */
#include "core/api/ops/accept.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define EVENTS "text/event-stream"

/* The next item of a list with commas, without the blanks around it; false at its end. */
static bool next_item(const char **at, const char **item, size_t *len)
{
    const char *s = *at;
    s += strspn(s, " \t,");
    if (!*s) {
        return false;
    }
    *item = s;
    *len = strcspn(s, ",");
    *at = s + *len;
    while (*len && isspace((unsigned char)(*item)[*len - 1])) {
        (*len)--;
    }
    return true;
}

static bool is_word(const char *item, size_t len, const char *word)
{
    return len == strlen(word) && strncasecmp(item, word, len) == 0;
}

/* Digits alone, capped at `max`; 0 when there are none or something else. */
static uint64_t digits(const char *s, size_t len, uint64_t max)
{
    uint64_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (s[i] < '0' || s[i] > '9') {
            return 0;
        }
        n = n > max / 10 ? max : n * 10 + (uint64_t)(s[i] - '0');
    }
    return n < max ? n : max;
}

struct oc_wish oc_wish_read(const char *accept, const char *prefer)
{
    struct oc_wish wish = {0};
    const char *item, *at = accept ? accept : "";
    size_t len;
    while (next_item(&at, &item, &len)) {
        size_t type = 0;
        while (type < len && item[type] != ';' && item[type] != ' ') {
            type++;
        }
        wish.events = wish.events || is_word(item, type, EVENTS);
    }
    at = prefer ? prefer : "";
    while (next_item(&at, &item, &len)) {
        wish.async = wish.async || is_word(item, len, "respond-async");
        if (len > 5 && strncasecmp(item, "wait=", 5) == 0) {
            wish.wait_ms =
                (int64_t)digits(item + 5, len - 5, (uint64_t)OC_WISH_WAIT_MAX_MS / 1000) * 1000;
        }
    }
    return wish;
}

uint64_t oc_last_event_read(const char *header)
{
    return header ? digits(header, strlen(header), UINT64_MAX / 16) : 0;
}
