/* The answer to an HTTP request, and what it means. SPDX-License-Identifier: MIT */
#include "transfer/answer.h"

#include "alert/text.h"

#include <stdio.h>
#include <string.h>

#include <openclaw/emit.h>

#define CUT_MAX  300   /* bytes of the body that are reported */
#define WAIT_MAX 86400 /* s; a service that wants more is as good as gone */

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct transfer_answer *a = ctx;
    size_t room = sizeof a->text - 1 - a->len, take = size * count < room ? size * count : room;
    memcpy(a->text + a->len, data, take);
    a->len += take;
    a->text[a->len] = '\0';
    return size * count;
}

void transfer_answer_expect(CURL *curl, struct transfer_answer *a)
{
    a->status = 0;
    a->len = 0;
    a->text[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
}

void transfer_answer_complete(CURL *curl, struct transfer_answer *a)
{
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a->status);
}

int64_t transfer_wait_asked_for(CURL *curl)
{
    curl_off_t seconds = 0;
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds);
    return seconds > 0 && seconds <= WAIT_MAX ? seconds : 0;
}

const char *transfer_describe(const struct transfer_answer *a, char said[TRANSFER_SAID_MAX])
{
    struct text clean = {0};
    char cut[CUT_MAX] = "";
    memcpy(cut, a->text, a->len < sizeof cut ? a->len : sizeof cut - 1);
    text_addf(&clean, "HTTP %ld%s", a->status, a->len ? ": " : "");
    text_add_line(&clean, cut);
    snprintf(said, TRANSFER_SAID_MAX, "%s", clean.data ? clean.data : "");
    text_finish(&clean);
    return said;
}

static int32_t class_of(long status)
{
    if (status >= 500) {
        return OC_E_RETRY;
    }
    switch (status) {
    case 408:
    case 425:
    case 429:
        return OC_E_RETRY;
    case 400:
    case 409:
    case 413:
    case 422:
        return OC_E_PERMANENT;
    case 401:
    case 403:
    case 407:
        return OC_E_AUTH;
    default:
        return OC_E_CONFIG;
    }
}

int32_t transfer_judge(const struct transfer_answer *a, const struct transfer_words *words,
                       struct oc_error *err)
{
    char said[TRANSFER_SAID_MAX];
    const char *hint = NULL;
    int32_t class;
    if (a->status >= 200 && a->status < 300) {
        return OC_OK;
    }
    class = class_of(a->status);
    if (class == OC_E_AUTH || class == OC_E_CONFIG) {
        hint = class == OC_E_AUTH ? words->auth_hint : words->address_hint;
    }
    if (a->status >= 300 && a->status < 400) {
        snprintf(err->hint, sizeof err->hint, "Give the address that it points to.");
        return oc_fail(err, class, "%s redirects elsewhere (HTTP %ld)", words->who, a->status);
    }
    snprintf(err->hint, sizeof err->hint, "%s", hint ? hint : "");
    return oc_fail(err, class, "%s answered %s", words->who, transfer_describe(a, said));
}
