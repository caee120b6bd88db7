/* Downloads with every limit set. SPDX-License-Identifier: MIT */
#include "core/fetch/transfer.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

#define REDIRECTS_MAX  3
#define BYTES_A_SECOND 128L /* slower than this is no progress */
#define BYTES_OVERALL                                                                              \
    1024u /* and on the whole it must be this fast: nobody feeds us drops for a year */
#define HEADERS_MAX (64u << 10)

struct oc_transfer {
    CURL *curl;
    char error[CURL_ERROR_SIZE];
    /* of the request at hand */
    const struct oc_transfer_request *request;
    uint64_t taken;
    size_t headers;
    bool too_large, unheard;
};

static size_t on_data(char *data, size_t size, size_t count, void *ctx)
{
    struct oc_transfer *t = ctx;
    const size_t len = size * count;
    long status = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        t->headers += len; /* the page that comes with an error is not wanted, nor read for ever */
        return t->headers > HEADERS_MAX ? 0 : len;
    }
    if (len > t->request->max - t->taken) {
        t->too_large = true;
        return 0;
    }
    t->taken += len;
    t->unheard = !t->request->take(t->request->ctx, data, len);
    return t->unheard ? 0 : len;
}

/* libcurl has a limit for one header, not for how many come. */
static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
    struct oc_transfer *t = ctx;
    (void)data;
    t->headers += size * count;
    t->too_large = t->headers > HEADERS_MAX;
    return t->too_large ? 0 : size * count;
}

struct oc_transfer *oc_transfer_create(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return NULL;
    }
    struct oc_transfer *t = oc_calloc(1, sizeof *t);
    t->curl = curl_easy_init();
    if (!t->curl) {
        free(t);
        return NULL;
    }
    return t;
}

void oc_transfer_destroy(struct oc_transfer *t)
{
    if (t) {
        curl_easy_cleanup(t->curl);
        curl_global_cleanup();
        free(t);
    }
}

static void set_limits(struct oc_transfer *t, const struct oc_transfer_request *r)
{
    CURL *c = t->curl;
    const long seconds = (long)((r->timeout_ms + 999) / 1000);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)r->timeout_ms);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, BYTES_A_SECOND);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, seconds);
    curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds);
    curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)r->max);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, 2 * seconds + (long)(r->max / BYTES_OVERALL));
}

static void set_up(struct oc_transfer *t, const struct oc_transfer_request *r, const char *url)
{
    CURL *c = t->curl;
    curl_easy_reset(c); /* keeps the connections */
    set_limits(t, r);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L); /* by hand, below: only to the same host */
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "openclaw/" OC_VERSION);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    if (r->ca) {
        struct curl_blob ca = {(void *)(uintptr_t)r->ca, strlen(r->ca), CURL_BLOB_COPY};
        curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &ca);
    }
}

/* ---- redirects ---- */

static char *part(CURLU *url, CURLUPart what)
{
    char *text = NULL;
    return curl_url_get(url, what, &text, CURLU_DEFAULT_PORT) == CURLUE_OK ? text : NULL;
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart what)
{
    char *x = part(a, what), *y = part(b, what);
    const bool same = x && y && strcmp(x, y) == 0;
    curl_free(x);
    curl_free(y);
    return same;
}

static bool is_https(CURLU *url)
{
    char *scheme = part(url, CURLUPART_SCHEME);
    const bool yes = scheme && strcmp(scheme, "https") == 0;
    curl_free(scheme);
    return yes;
}

/* On the same host and port, or from http to https of the same host. */
static bool redirect_allowed(const char *from, const char *to)
{
    CURLU *a = curl_url(), *b = curl_url();
    bool allowed = false;
    if (a && b && curl_url_set(a, CURLUPART_URL, from, 0) == CURLUE_OK &&
        curl_url_set(b, CURLUPART_URL, to, 0) == CURLUE_OK && same_part(a, b, CURLUPART_HOST)) {
        const bool same = same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_PORT);
        allowed = same || (!is_https(a) && is_https(b));
    }
    curl_url_cleanup(a);
    curl_url_cleanup(b);
    return allowed;
}

/* ---- one request ---- */

static bool fail(struct oc_transfer_failure *f, const char *reason, const char *message)
{
    f->reason = reason;
    snprintf(f->message, sizeof f->message, "%s", message);
    return false;
}

static bool explain(struct oc_transfer *t, CURLcode rc, struct oc_transfer_failure *f)
{
    const char *text = t->error[0] ? t->error : curl_easy_strerror(rc);
    if (t->too_large || rc == CURLE_FILESIZE_EXCEEDED) {
        return fail(f, "download-too-large", "the server sends more bytes than the file may have");
    }
    switch ((int)rc) {
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
        return fail(f, "download-truncated", text);
    case CURLE_OPERATION_TIMEDOUT:
        return fail(f, "download-stalled", text);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CONNECT_ERROR:
        return fail(f, "tls-untrusted", text);
    default:
        return fail(f, "registry-unreachable", text);
    }
}

static bool explain_status(long status, struct oc_transfer_failure *f)
{
    char text[64];
    snprintf(text, sizeof text, "the server answered %ld", status);
    return fail(f, status == 404 || status == 410 ? "download-missing" : "registry-unreachable",
                text);
}

/* The address to go on with, owned by the caller; NULL when this was the end. */
static char *redirect_of(struct oc_transfer *t)
{
    char *to = NULL;
    return curl_easy_getinfo(t->curl, CURLINFO_REDIRECT_URL, &to) == CURLE_OK ? oc_strdup(to)
                                                                              : NULL;
}

bool oc_transfer_run(struct oc_transfer *t, const struct oc_transfer_request *request,
                     struct oc_transfer_failure *failure)
{
    char *url = oc_strdup(request->url), *to = NULL;
    bool done = false, ok = false;
    t->request = request;
    t->taken = 0;
    for (int hops = 0; !done; hops++) {
        long status = 0;
        t->headers = 0;
        t->too_large = t->unheard = false;
        t->error[0] = '\0';
        set_up(t, request, url);
        const CURLcode rc = curl_easy_perform(t->curl);
        curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
        done = true;
        if (rc != CURLE_OK && status >= 400 && !t->too_large) {
            explain_status(status, failure); /* the page that came with it was cut off by us */
        } else if (rc != CURLE_OK) {
            explain(t, rc, failure);
        } else if (status == 200) {
            ok = true;
        } else if (!(to = redirect_of(t))) {
            explain_status(status, failure);
        } else if (hops == REDIRECTS_MAX || !redirect_allowed(url, to)) {
            fail(failure, "download-redirect",
                 "the server sends elsewhere, to another host or for ever");
        } else {
            done = false;
        }
        free(url);
        url = to;
        to = NULL;
    }
    free(url);
    return ok;
}
