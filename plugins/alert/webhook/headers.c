/* Making headers for libcurl. SPDX-License-Identifier: MIT */
#include "headers.h"

#include "payload.h"
#include "transfer/header.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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
    bool whole =
        has(own, "Content-Type") || transfer_header_add(&list, "Content-Type", "application/json");
    whole = whole && (has(own, "User-Agent") ||
                      transfer_header_add(&list, "User-Agent", "openclaw-webhook/1.0"));
    whole = whole && transfer_header_add(&list, "Expect", NULL); /* no wait for 100 Continue */
    if (!whole || !transfer_headers_add(&list, own)) {
        curl_slist_free_all(list);
        return NULL;
    }
    return list;
}

/* A line end in an id cannot come from the host; it must not come through either. */
static bool add_sound(struct curl_slist **list, const char *name, const char *value)
{
    return !transfer_header_value(value) || transfer_header_add(list, name, value);
}

static bool add_own(struct curl_slist **list, const struct headers_own *l)
{
    char timestamp[32], signature[7 + SIGNATURE_SIZE] = "sha256=";
    snprintf(timestamp, sizeof timestamp, "%lld", (long long)time(NULL));
    if (l->secret && *l->secret) {
        payload_sign(l->secret, timestamp, l->body, signature + 7);
    }
    return transfer_header_add(list, "X-OpenClaw-Timestamp", timestamp) &&
           add_sound(list, "X-OpenClaw-Delivery", l->id) &&
           add_sound(list, "X-OpenClaw-Event", l->event) &&
           (!signature[7] || transfer_header_add(list, "X-OpenClaw-Signature", signature));
}

struct curl_slist *headers_make(const struct headers_own *l, struct curl_slist *common)
{
    struct curl_slist *list = NULL, *last;
    if (!add_own(&list, l)) {
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
