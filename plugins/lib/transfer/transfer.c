/* Deadline, cancel flag and result classes for libcurl. SPDX-License-Identifier: MIT */
#include "transfer.h"

#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <openclaw/emit.h>

#define MARGIN_MS  50 /* between our end and the host's deadline */
#define CONNECT_MS 5000
#define LOOK_MS    250 /* how often the cancel flag is looked at while nothing comes */

int32_t transfer_enter(struct oc_error *err)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_ALL);
    if (code != CURLE_OK) {
        return oc_fail(err, OC_E_INTERNAL, "libcurl does not start: %s", curl_easy_strerror(code));
    }
    return OC_OK;
}

void transfer_leave(void)
{
    curl_global_cleanup();
}

/* A handle's own multi handle, which has its connections; it stands in CURLOPT_PRIVATE. NULL: of curl_easy_init. */
static CURLM *multi_of(CURL *curl)
{
    char *kept = NULL;
    return curl_easy_getinfo(curl, CURLINFO_PRIVATE, &kept) == CURLE_OK ? (CURLM *)kept : NULL;
}

CURL *transfer_open(void)
{
    CURL *curl = curl_easy_init();
    CURLM *multi = curl_multi_init();
    if (!curl || !multi) {
        curl_easy_cleanup(curl);
        curl_multi_cleanup(multi);
        return NULL;
    }
    curl_easy_setopt(curl, CURLOPT_PRIVATE, multi);
    return curl;
}

void transfer_reset(CURL *curl)
{
    CURLM *multi = multi_of(curl);
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, multi);
}

void transfer_close(CURL *curl)
{
    CURLM *multi = curl ? multi_of(curl) : NULL;
    curl_easy_cleanup(curl);
    curl_multi_cleanup(multi);
}

/* libcurl looks through the environment for each request; where no proxy stands in it, it need not. */
static int has_proxy(void)
{
    static const char suffix[] = "_proxy";
    for (char **entry = environ; *entry; entry++) {
        size_t len = strcspn(*entry, "=");
        if (len >= strlen(suffix) &&
            strncasecmp(*entry + len - strlen(suffix), suffix, strlen(suffix)) == 0) {
            return 1;
        }
    }
    return 0;
}

void transfer_prepare(CURL *curl, const char *protocols, const char *ca_file)
{
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    /* a thread that looks a name up and hangs is left behind, not joined: a join has no deadline */
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    if (ca_file) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
    }
    if (!has_proxy()) {
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    }
}

static int on_progress(void *req, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
                       curl_off_t ulnow)
{
    (void)dltotal, (void)dlnow, (void)ultotal, (void)ulnow;
    return OC_CANCELLED((const struct oc_request *)req) ? 1 : 0;
}

static long time_left(const struct oc_request *req)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t left = req->deadline_ms - MARGIN_MS - (now.tv_sec * 1000 + now.tv_nsec / 1000000);
    return left < 1 ? 1 : left > 3600000 ? 3600000 : (long)left;
}

/* As curl_easy_perform, which waits a whole second before it looks at anything but its socket. */
static CURLcode perform(CURLM *multi, CURL *curl, const struct oc_request *req)
{
    int running = 1, left;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    CURLMcode rc = curl_multi_add_handle(multi, curl);
    while (rc == CURLM_OK && running && !OC_CANCELLED(req)) {
        rc = curl_multi_perform(multi, &running);
        if (rc == CURLM_OK && running) {
            rc = curl_multi_poll(multi, NULL, 0, LOOK_MS, NULL);
        }
    }
    if (rc == CURLM_OK && running) {
        code = CURLE_ABORTED_BY_CALLBACK;
    }
    for (CURLMsg *m; (m = curl_multi_info_read(multi, &left));) {
        code = m->msg == CURLMSG_DONE ? m->data.result : code;
    }
    curl_multi_remove_handle(multi, curl);
    return code;
}

CURLcode transfer_run(CURL *curl, const struct oc_request *req, char detail[CURL_ERROR_SIZE])
{
    long left = time_left(req);
    detail[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, left);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, left < CONNECT_MS ? left : CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, (void *)req);
    CURLM *multi = multi_of(curl);
    CURLcode code = multi ? perform(multi, curl, req) : curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, NULL);
    return code;
}

static int32_t class_of(CURLcode code)
{
    static const struct {
        CURLcode code;
        int32_t class;
    } known[] = {
        {CURLE_OPERATION_TIMEDOUT, OC_E_TIMEOUT}, {CURLE_ABORTED_BY_CALLBACK, OC_E_CANCELLED},
        {CURLE_LOGIN_DENIED, OC_E_AUTH},          {CURLE_AUTH_ERROR, OC_E_AUTH},
        {CURLE_URL_MALFORMAT, OC_E_CONFIG},       {CURLE_UNSUPPORTED_PROTOCOL, OC_E_CONFIG},
        {CURLE_SSL_CACERT_BADFILE, OC_E_CONFIG},  {CURLE_PEER_FAILED_VERIFICATION, OC_E_PERMANENT},
        {CURLE_USE_SSL_FAILED, OC_E_PERMANENT},   {CURLE_OUT_OF_MEMORY, OC_E_INTERNAL},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].code == code) {
            return known[i].class;
        }
    }
    return OC_E_RETRY; /* refused, reset, cut off, no such host yet */
}

static const char *hint_for(CURLcode code)
{
    if (code == CURLE_PEER_FAILED_VERIFICATION) {
        return "Name the authority that signed the server's certificate with `ca_file`.";
    }
    if (code == CURLE_USE_SSL_FAILED) {
        return "The server offers no encryption here: check `tls` and `port`.";
    }
    return code == CURLE_LOGIN_DENIED ? "Check `user` and `password`." : "";
}

int32_t transfer_fail(CURLcode code, const char *detail, struct oc_error *err)
{
    snprintf(err->hint, sizeof err->hint, "%s", hint_for(code));
    return oc_fail(err, class_of(code), "%s", *detail ? detail : curl_easy_strerror(code));
}
