/* Headers of HTTP requests, such that none becomes two. SPDX-License-Identifier: MIT */
#include "transfer/header.h"

#include "alert/text.h"

#include <ctype.h>
#include <string.h>

#include <openclaw/emit.h>

/* A token of RFC 9110, 5.6.2. */
static bool is_name(const char *s)
{
    bool sound = *s != '\0';
    for (; *s && sound; s++) {
        sound = isalnum((unsigned char)*s) || strchr("!#$%&'*+-.^_`|~", *s) != NULL;
    }
    return sound;
}

bool transfer_header_value(const char *s)
{
    bool sound = true;
    for (; *s && sound; s++) {
        sound = (unsigned char)*s < 0x20 ? *s == '\t' : *s != 0x7f;
    }
    return sound;
}

int32_t transfer_headers_check(const struct oc_list *pairs, struct oc_error *err)
{
    const struct oc_pair *p = pairs->items;
    for (uint64_t i = 0; i < pairs->count; i++) {
        if (!is_name(p[i].name) || !transfer_header_value(p[i].value)) {
            return oc_fail(err, OC_E_CONFIG, "headers.%.64s: this is no HTTP header", p[i].name);
        }
    }
    return OC_OK;
}

bool transfer_header_add(struct curl_slist **list, const char *name, const char *value)
{
    struct text line = {0};
    text_adds(&line, name);
    /* libcurl wants "name;" for a header without a value */
    text_adds(&line, !value ? ":" : *value ? ": " : ";");
    text_adds(&line, value ? value : "");
    struct curl_slist *longer = line.failed ? NULL : curl_slist_append(*list, line.data);
    text_finish(&line);
    *list = longer ? longer : *list;
    return longer != NULL;
}

bool transfer_headers_add(struct curl_slist **list, const struct oc_list *pairs)
{
    const struct oc_pair *p = pairs->items;
    bool added = true;
    for (uint64_t i = 0; added && i < pairs->count; i++) {
        added = transfer_header_add(list, p[i].name, p[i].value);
    }
    return added;
}
