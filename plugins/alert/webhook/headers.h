/* The headers of a webhook. SPDX-License-Identifier: MIT  [worker]
 *
 * Those that are the same in every request are made once: the list of a request is its own few, which lead on to the common ones. */
#ifndef WEBHOOK_HEADERS_H
#define WEBHOOK_HEADERS_H

#include <curl/curl.h>

#include <openclaw/plugin.h>

/* Content-Type and User-Agent unless `own` (pairs) has them, `own`, and no Expect. Owned by the caller; NULL when memory is short. */
struct curl_slist *headers_make_common(const struct oc_list *own);

struct headers_own {
    const char *id, *event, *body, *secret; /* secret: NULL or "": no signature */
};
/* X-OpenClaw-Timestamp, -Delivery, -Event and -Signature, then `common`, which is borrowed. NULL when memory is short. */
struct curl_slist *headers_make(const struct headers_own *l, struct curl_slist *common);
void headers_free(struct curl_slist *list, const struct curl_slist *common);

#endif
