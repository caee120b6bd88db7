/* remote-write: batches of samples by Prometheus' remote write 1.0. SPDX-License-Identifier: MIT
 *
 * export.write/1 pulls one WriteRequest from its input stream, compresses it with snappy and posts it. A batch that the receiver
 * can never take (400, 409, 413, 422) is OC_E_PERMANENT, and the host drops it; all else can be put right, the transport, the
 * credentials and the address included, and the host holds what waits. */
#include "transfer/answer.h"
#include "transfer/header.h"

#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define BATCH_MAX (64u << 20)

struct remote_write {
    const char *url, *bearer, *user, *password, *ca_file; /* options */
    struct oc_list headers;

    CURL *curl; /* kept between calls, with its connection */
};

static const struct oc_option options[] = {
    {.name = "url",
     .type = OC_OPT_URL,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct remote_write, url),
     .choices = "http|https",
     .help = "where samples are sent, such as https://prometheus.example.org/api/v1/write"},
    {.name = "bearer",
     .type = OC_OPT_SECRET,
     .offset = offsetof(struct remote_write, bearer),
     .help = "bearer token, when the receiver wants one"},
    {.name = "user",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct remote_write, user),
     .help = "user name for basic authentication"},
    {.name = "password",
     .type = OC_OPT_SECRET,
     .offset = offsetof(struct remote_write, password),
     .help = "its password"},
    {.name = "headers",
     .type = OC_OPT_MAP,
     .flags = OC_OPT_SENSITIVE,
     .offset = offsetof(struct remote_write, headers),
     .help = "further request headers, such as X-Scope-OrgID"},
    {.name = "ca_file",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct remote_write, ca_file),
     .help = "certificates of the authorities that are trusted; the system's by default"},
    {0},
};

/* ---- life ---- */

static int32_t check(const struct remote_write *w, struct oc_error *err)
{
    if (w->bearer && !transfer_header_value(w->bearer)) {
        return oc_fail(err, OC_E_CONFIG, "bearer: a token has no control characters");
    }
    return transfer_headers_check(&w->headers, err);
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct remote_write *w = self;
    int32_t rc = check(w, err);
    (void)host;
    if (rc == OC_OK) {
        rc = transfer_enter(err);
    }
    if (rc == OC_OK) {
        w->curl = transfer_open();
        if (!w->curl) {
            transfer_leave();
            rc = oc_fail(err, OC_E_INTERNAL, "out of memory");
        }
    }
    return rc;
}

static void stop(void *self)
{
    struct remote_write *w = self;
    transfer_close(w->curl);
    transfer_leave();
}

/* ---- the batch ---- */

struct bytes {
    char *data;
    size_t len, cap;
};

static int32_t grow(struct bytes *b, struct oc_error *err)
{
    size_t cap = b->cap ? b->cap * 2 : 65536;
    char *data = cap <= BATCH_MAX ? realloc(b->data, cap) : NULL;
    if (!data) {
        return oc_fail(err, OC_E_PERMANENT, "the batch has more than %u bytes", BATCH_MAX);
    }
    b->data = data;
    b->cap = cap;
    return OC_OK;
}

static int32_t pull(const struct oc_request *req, struct bytes *b, struct oc_error *err)
{
    int64_t got = 1;
    if (!req->read) {
        return oc_fail(err, OC_E_CONFIG, "there is nothing to send");
    }
    while (got > 0) {
        if (b->len == b->cap && grow(b, err) != OC_OK) {
            return err->code;
        }
        got = req->read(req->read_ctx, b->data + b->len, b->cap - b->len);
        b->len += got > 0 ? (size_t)got : 0;
    }
    return got < 0 ? oc_fail(err, (int32_t)got, "the batch could not be read") : OC_OK;
}

static int32_t compress_batch(const struct bytes *in, struct bytes *out, struct oc_error *err)
{
    out->len = out->cap = snappy_max_compressed_length(in->len);
    out->data = malloc(out->cap ? out->cap : 1);
    if (!out->data || snappy_compress(in->data, in->len, out->data, &out->len) != SNAPPY_OK) {
        return oc_fail(err, OC_E_INTERNAL, "the batch could not be compressed");
    }
    return OC_OK;
}

/* ---- the request ---- */

static struct curl_slist *make_headers(const struct remote_write *w)
{
    struct curl_slist *list = NULL;
    bool whole = transfer_header_add(&list, "Content-Type", "application/x-protobuf") &&
                 transfer_header_add(&list, "Content-Encoding", "snappy") &&
                 transfer_header_add(&list, "X-Prometheus-Remote-Write-Version", "0.1.0") &&
                 transfer_header_add(&list, "User-Agent", "openclaw-remote-write/1.0") &&
                 transfer_headers_add(&list, &w->headers) &&
                 transfer_header_add(&list, "Expect", NULL); /* no wait for 100 Continue */
    if (!whole) {
        curl_slist_free_all(list);
        return NULL;
    }
    return list;
}

static void prepare(const struct remote_write *w, const struct bytes *body,
                    struct curl_slist *headers, struct transfer_answer *answer)
{
    transfer_reset(w->curl); /* keeps connections */
    transfer_prepare(w->curl, "http,https", w->ca_file);
    curl_easy_setopt(w->curl, CURLOPT_URL, w->url);
    curl_easy_setopt(w->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
    curl_easy_setopt(w->curl, CURLOPT_POSTFIELDS, body->data);
    curl_easy_setopt(w->curl, CURLOPT_HTTPHEADER, headers);
    transfer_answer_expect(w->curl, answer);
    if (w->bearer) {
        curl_easy_setopt(w->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(w->curl, CURLOPT_XOAUTH2_BEARER, w->bearer);
    } else if (w->user) {
        curl_easy_setopt(w->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(w->curl, CURLOPT_USERNAME, w->user);
        curl_easy_setopt(w->curl, CURLOPT_PASSWORD, w->password ? w->password : "");
    }
}

static void tell_wait(const struct remote_write *w, const struct oc_sink *out)
{
    char text[64];
    const int64_t seconds = transfer_wait_asked_for(w->curl);
    if (seconds > 0) {
        snprintf(text, sizeof text, "{\"retry_after\":%lld}", (long long)seconds);
        struct oc_record r = {
            .struct_size = sizeof r, .type = OC_RECORD_JSON, .text = oc_view(text)};
        out->emit(out->ctx, &r);
    }
}

static int32_t judge(const struct remote_write *w, struct transfer_answer *answer,
                     const struct oc_sink *out, struct oc_error *err)
{
    static const struct transfer_words words = {
        .who = "the receiver",
        .auth_hint = "Check `bearer`, or `user` and `password`.",
        .address_hint =
            "Check `url`; Prometheus takes samples with --web.enable-remote-write-receiver."};
    transfer_answer_complete(w->curl, answer);
    tell_wait(w, out);
    return transfer_judge(answer, &words, err);
}

static int32_t post(struct remote_write *w, const struct oc_request *req, const struct bytes *body,
                    const struct oc_sink *out, struct oc_error *err)
{
    char detail[CURL_ERROR_SIZE];
    struct transfer_answer answer;
    struct curl_slist *headers = make_headers(w);
    if (!headers) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    prepare(w, body, headers, &answer);
    CURLcode code = transfer_run(w->curl, req, detail);
    int32_t rc = code == CURLE_OK ? judge(w, &answer, out, err) : transfer_fail(code, detail, err);
    if (code != CURLE_OK && rc == OC_E_PERMANENT) {
        rc = err->code = OC_E_RETRY; /* a certificate is put right some day: samples can wait */
    }
    curl_slist_free_all(headers);
    return rc;
}

static int32_t write_batch(void *self, const struct oc_request *req, const struct oc_sink *out,
                           struct oc_error *err)
{
    struct bytes batch = {0}, packed = {0};
    int32_t rc = pull(req, &batch, err);
    if (rc == OC_OK) {
        rc = compress_batch(&batch, &packed, err);
    }
    if (rc == OC_OK) {
        rc = post(self, req, &packed, out, err);
    }
    free(packed.data);
    free(batch.data);
    return rc;
}

static const struct oc_method methods[] = {
    {"export.write/1", write_batch},
    {0},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct remote_write),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
