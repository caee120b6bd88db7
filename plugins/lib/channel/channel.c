/* One JSON request to a chat or paging service, and what its answer means. SPDX-License-Identifier: MIT */
#include "channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define WAIT_MAX 86400 /* s; a service that wants more is as good as gone */

int32_t channel_start(struct channel *c, const char *ca_file, struct oc_error *err)
{
    int32_t rc = transfer_enter(err);
    if (rc != OC_OK) {
        return rc;
    }
    c->ca_file = ca_file;
    c->curl = transfer_open();
    if (!c->curl) {
        transfer_leave();
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    return OC_OK;
}

void channel_stop(struct channel *c)
{
    transfer_close(c->curl);
    transfer_leave();
}

bool channel_is_url(const char *s)
{
    return strncmp(s, "https://", 8) == 0 || strncmp(s, "http://", 7) == 0;
}

char *channel_join_url(const char *base, const char *path)
{
    size_t len = strlen(base);
    char *url;
    len -= len > 0 && base[len - 1] == '/';
    return asprintf(&url, "%.*s/%s", (int)len, base, path) < 0 ? NULL : url;
}

/* ---- headers ---- */

static struct curl_slist *make_headers(const struct channel_post *post)
{
    struct curl_slist *list = NULL;
    bool whole = transfer_header_add(&list, "Content-Type", "application/json; charset=utf-8") &&
                 transfer_header_add(&list, "User-Agent", "openclaw/1.0") &&
                 transfer_header_add(&list, "Expect", NULL);
    for (const struct channel_header *h = post->headers; whole && h && h->name; h++) {
        whole = transfer_header_value(h->value) && transfer_header_add(&list, h->name, h->value);
    }
    if (!whole) {
        curl_slist_free_all(list);
        return NULL;
    }
    return list;
}

/* ---- what the answer means ---- */

static double number_at(const json_t *value, const char *path)
{
    while (value && *path) {
        char key[64];
        size_t len = strcspn(path, ".");
        if (len >= sizeof key) {
            return 0;
        }
        memcpy(key, path, len);
        key[len] = '\0';
        value = json_object_get(value, key);
        path += path[len] ? len + 1 : len;
    }
    return json_is_number(value) ? json_number_value(value) : 0;
}

static int64_t wait_asked_for(const struct channel *c, const struct channel_post *post,
                              const struct transfer_answer *a)
{
    double seconds = (double)transfer_wait_asked_for(c->curl);
    if (post->wait_path) {
        json_t *json = json_loadb(a->text, a->len, 0, NULL);
        double told = number_at(json, post->wait_path) / post->wait_units;
        seconds = told > seconds ? told : seconds;
        json_decref(json);
    }
    if (!(seconds > 0) || seconds > WAIT_MAX) {
        return 0;
    }
    return (int64_t)seconds + (seconds > (double)(int64_t)seconds);
}

/* ---- sending ---- */

static void prepare(struct channel *c, const struct channel_post *post, const char *body,
                    struct curl_slist *headers, struct transfer_answer *a)
{
    transfer_reset(c->curl); /* keeps connections */
    transfer_prepare(c->curl, "http,https", c->ca_file);
    curl_easy_setopt(c->curl, CURLOPT_URL, post->url);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, post->method ? post->method : "POST");
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    transfer_answer_expect(c->curl, a);
}

static int32_t send_post(struct channel *c, const struct oc_request *req, const struct oc_sink *out,
                         const struct channel_post *post, struct oc_error *err)
{
    const struct transfer_words words = {.who = "the service", .auth_hint = post->auth_hint};
    struct transfer_answer a;
    char detail[CURL_ERROR_SIZE], said[TRANSFER_SAID_MAX];
    char *body = json_dumps(post->body, JSON_COMPACT | JSON_REAL_PRECISION(15));
    struct curl_slist *headers = body ? make_headers(post) : NULL;
    int32_t rc;
    if (!headers) {
        rc = oc_fail(err, OC_E_INTERNAL, "the request cannot be made");
        goto out;
    }
    prepare(c, post, body, headers, &a);
    CURLcode code = transfer_run(c->curl, req, detail);
    if (code != CURLE_OK) {
        rc = transfer_fail(code, detail, err);
        goto out;
    }
    transfer_answer_complete(c->curl, &a);
    message_answer(out, transfer_describe(&a, said), wait_asked_for(c, post, &a));
    rc = transfer_judge(&a, &words, err);
out:
    curl_slist_free_all(headers);
    free(body);
    return rc;
}

static bool is_incident(const struct message *m)
{
    return strcmp(m->event, "notice") != 0 || strcmp(m->severity, "info") != 0;
}

int32_t channel_tell(struct channel *c, const struct oc_request *req, const struct oc_sink *out,
                     struct channel_post *post,
                     json_t *(*make)(const void *self, const struct message *m), const void *self,
                     struct oc_error *err)
{
    struct message m;
    int32_t rc = message_read(&m, req, err);
    if (rc != OC_OK) {
        return rc;
    }
    if (post->incidents_only && !is_incident(&m)) {
        message_answer(out, "left out: a notice is no incident", 0);
        message_finish(&m);
        return OC_OK;
    }
    json_t *body = make(self, &m);
    post->body = body;
    rc = body ? send_post(c, req, out, post, err) : oc_fail(err, OC_E_INTERNAL, "out of memory");
    json_decref(body);
    message_finish(&m);
    return rc;
}
