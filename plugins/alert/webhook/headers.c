/* Making headers for libcurl. SPDX-License-Identifier: MIT */
#include "headers.h"

#include "alert/text.h"
#include "payload.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int headers_is_name(const char *s)
{
    if (!*s) {
        return 0;
    }
    for (; *s; s++) {
        if (!isalnum((unsigned char)*s) && !strchr("!#$%&'*+-.^_`|~", *s)) {
            return 0;
        }
    }
    return 1;
}

int headers_is_value(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < 0x20 ? *s != '\t' : *s == 0x7f) {
            return 0;
        }
    }
    return 1;
}

static int add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer) {
        return -1;
    }
    *list = longer;
    return 0;
}

static int add(struct curl_slist **list, const char *name, const char *value)
{
    struct text line = {0};
    text_adds(&line, name);
    text_adds(&line, *value ? ": " : ";"); /* libcurl wants "name;" for a header without a value */
    text_adds(&line, value);
    int rc = line.failed ? -1 : add_line(list, line.data);
    text_finish(&line);
    return rc;
}

static int has(const struct oc_list *headers, const char *name)
{
    const struct oc_pair *pairs = headers->items;
    for (uint64_t i = 0; i < headers->count; i++) {
        if (strcasecmp(pairs[i].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

struct curl_slist *headers_make_common(const struct oc_list *own)
{
    struct curl_slist *list = NULL;
    const struct oc_pair *pairs = own->items;
    int failed = 0;
    if (!has(own, "Content-Type")) {
        failed |= add(&list, "Content-Type", "application/json");
    }
    if (!has(own, "User-Agent")) {
        failed |= add(&list, "User-Agent", "openclaw-webhook/1.0");
    }
    failed |= add_line(&list, "Expect:"); /* taken out: no wait for 100 Continue */
    for (uint64_t i = 0; i < own->count; i++) {
        failed |= add(&list, pairs[i].name, pairs[i].value);
    }
    if (failed) {
        curl_slist_free_all(list);
        return NULL;
    }
    return list;
}

static int add_own(struct curl_slist **list, const struct headers_own *l)
{
    char timestamp[32], signature[7 + SIGNATURE_SIZE] = "sha256=";
    snprintf(timestamp, sizeof timestamp, "%lld", (long long)time(NULL));
    int failed = add(list, "X-OpenClaw-Timestamp", timestamp);
    /* a line end in an id cannot come from the host; it must not come through either */
    failed |= headers_is_value(l->id) ? add(list, "X-OpenClaw-Delivery", l->id) : 0;
    failed |= headers_is_value(l->event) ? add(list, "X-OpenClaw-Event", l->event) : 0;
    if (l->secret && *l->secret) {
        payload_sign(l->secret, timestamp, l->body, signature + 7);
        failed |= add(list, "X-OpenClaw-Signature", signature);
    }
    return failed;
}

struct curl_slist *headers_make(const struct headers_own *l, struct curl_slist *common)
{
    struct curl_slist *list = NULL, *last;
    if (add_own(&list, l)) {
        curl_slist_free_all(list);
        return NULL;
    }
    for (last = list; last->next; last = last->next) {
    }
    last->next = common;
    return list;
}

void headers_free(struct curl_slist *list, const struct curl_slist *common)
{
    struct curl_slist *last = list;
    while (last->next != common) {
        last = last->next;
    }
    last->next = NULL;
    curl_slist_free_all(list);
}
