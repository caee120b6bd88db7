/* email: alerts as mail over SMTP. SPDX-License-Identifier: MIT */
#include "alert/message.h"
#include "mail.h"
#include "replies.h"
#include "transfer/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openclaw/emit.h>

#define RECIPIENTS_MAX 100

enum tls { TLS_STARTTLS, TLS_TLS, TLS_NONE };

struct email {
    const char *host, *user, *password, *from, *subject, *ca_file; /* options */
    int64_t port;
    int32_t tls;
    struct oc_list to, cc;

    char *url;                     /* "smtp://host:port" */
    struct curl_slist *recipients; /* "<address>" of to and cc */
    struct text sender;            /* "<address>" */
};

static const struct oc_option options[] = {
    {.name = "host",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct email, host),
     .help = "the mail server"},
    {.name = "port",
     .type = OC_OPT_INT,
     .offset = offsetof(struct email, port),
     .default_text = "587",
     .min = 1,
     .max = 65535,
     .help = "its port: 587 for starttls, 465 for tls, 25 for none"},
    {.name = "tls",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct email, tls),
     .choices = "starttls|tls|none",
     .default_text = "starttls",
     .help = "starttls and tls are both required of the server; none is plain text"},
    {.name = "user",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct email, user),
     .help = "user name, when the server wants one"},
    {.name = "password",
     .type = OC_OPT_SECRET,
     .offset = offsetof(struct email, password),
     .help = "password of the user"},
    {.name = "from",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct email, from),
     .help = "sender: a@b.example or 'Text <a@b.example>'"},
    {.name = "to",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct email, to),
     .help = "recipients"},
    {.name = "cc",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct email, cc),
     .help = "recipients of a copy"},
    {.name = "subject",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct email, subject),
     .default_text = "[OpenClaw] {severity}: {title}",
     .help = "subject with {severity}, {title}, {event}, {host}, or any member of the alert"},
    {.name = "ca_file",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct email, ca_file),
     .help = "certificates of the authorities that are trusted; the system's by default"},
    {0},
};

/* ---- life ---- */

static int is_loopback(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "::1") == 0 || strcmp(host, "[::1]") == 0;
}

static int32_t check_password(const struct email *e, struct oc_error *err)
{
    if (e->tls == TLS_NONE && e->user && !is_loopback(e->host)) {
        snprintf(err->hint, sizeof err->hint, "Use tls = \"starttls\", or leave `user` out.");
        return oc_fail(err, OC_E_CONFIG, "tls: a password does not travel in plain text");
    }
    if (e->user && !e->password) {
        return oc_fail(err, OC_E_CONFIG, "password: missing, there is a user");
    }
    return OC_OK;
}

/* Built by libcurl, so that nothing in `host` can become another part of the URL. */
static int32_t make_url(struct email *e, struct oc_error *err)
{
    char port[8];
    char *url = NULL;
    CURLU *u = curl_url();
    snprintf(port, sizeof port, "%d", (int)e->port);
    const char *scheme = e->tls == TLS_TLS ? "smtps" : "smtp";
    if (u && curl_url_set(u, CURLUPART_SCHEME, scheme, 0) == CURLUE_OK &&
        curl_url_set(u, CURLUPART_HOST, e->host, 0) == CURLUE_OK &&
        curl_url_set(u, CURLUPART_PORT, port, 0) == CURLUE_OK) {
        curl_url_get(u, CURLUPART_URL, &url, 0);
    }
    e->url = url ? strdup(url) : NULL;
    curl_free(url);
    curl_url_cleanup(u);
    return e->url ? OC_OK : oc_fail(err, OC_E_CONFIG, "host: '%.100s' is no host name", e->host);
}

static int32_t bad_address(struct oc_error *err, const char *key, const char *address)
{
    snprintf(err->hint, sizeof err->hint, "Write name@host.example or 'Text <name@host.example>'.");
    return oc_fail(err, OC_E_CONFIG, "%s: '%.100s' is no mail address", key, address);
}

static int32_t add_recipients(struct email *e, const char *key, const struct oc_list *list,
                              struct oc_error *err)
{
    const char *const *items = list->items;
    for (uint64_t i = 0; i < list->count; i++) {
        struct text address = {0};
        if (mail_address(items[i], &address) != 0) {
            return bad_address(err, key, items[i]);
        }
        struct curl_slist *longer =
            address.failed ? NULL : curl_slist_append(e->recipients, address.data);
        text_finish(&address);
        if (!longer) {
            return oc_fail(err, OC_E_INTERNAL, "out of memory");
        }
        e->recipients = longer;
    }
    return OC_OK;
}

static int32_t read_addresses(struct email *e, struct oc_error *err)
{
    if (e->to.count == 0 || e->to.count + e->cc.count > RECIPIENTS_MAX) {
        return oc_fail(err, OC_E_CONFIG, "to: expected 1 to %d recipients", RECIPIENTS_MAX);
    }
    if (mail_address(e->from, &e->sender) != 0) {
        return bad_address(err, "from", e->from);
    }
    int32_t rc = add_recipients(e, "to", &e->to, err);
    return rc == OC_OK ? add_recipients(e, "cc", &e->cc, err) : rc;
}

static void release(struct email *e)
{
    free(e->url);
    curl_slist_free_all(e->recipients);
    text_finish(&e->sender);
    e->url = NULL;
    e->recipients = NULL;
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct email *e = self;
    (void)host;
    int32_t rc = transfer_enter(err);
    if (rc != OC_OK) {
        return rc;
    }
    rc = check_password(e, err);
    if (rc == OC_OK) {
        rc = read_addresses(e, err);
    }
    if (rc == OC_OK) {
        rc = make_url(e, err);
    }
    if (rc != OC_OK) { /* the host does not call stop */
        release(e);
        transfer_leave();
    }
    return rc;
}

static void stop(void *self)
{
    release(self);
    transfer_leave();
}

/* ---- one mail ---- */

struct upload {
    const char *data;
    size_t left;
};

static size_t on_read(char *buffer, size_t size, size_t count, void *ctx)
{
    struct upload *up = ctx;
    size_t take = size * count < up->left ? size * count : up->left;
    memcpy(buffer, up->data, take);
    up->data += take;
    up->left -= take;
    return take;
}

static size_t drop(char *data, size_t size, size_t count, void *ctx)
{
    (void)data, (void)ctx;
    return size * count;
}

static void prepare(const struct email *e, CURL *curl, struct upload *up)
{
    transfer_prepare(curl, "smtp,smtps", e->ca_file);
    curl_easy_setopt(curl, CURLOPT_URL, e->url);
    curl_easy_setopt(curl, CURLOPT_USE_SSL,
                     (long)(e->tls == TLS_NONE ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    if (e->user) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, e->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, e->password);
    }
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, e->sender.data);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, e->recipients);
    /* one address that is refused must not keep the alert from the others */
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(curl, CURLOPT_READDATA, up);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
}

/* What the server said last tells more than how libcurl names its end. */
static int32_t judge(CURL *curl, const struct replies *replies, CURLcode code, const char *detail,
                     struct oc_error *err)
{
    long reply = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
    int32_t rc = transfer_fail(code, detail, err);
    const bool nobody_yet = replies->accepted == 0 && replies->temporary;
    const bool passing = (reply >= 400 && reply < 500) || (reply >= 500 && nobody_yet);
    if (reply < 400 || (rc != OC_E_RETRY && rc != OC_E_AUTH) || (rc == OC_E_AUTH && !passing)) {
        return rc;
    }
    err->hint[0] = '\0'; /* a server that cannot look a password up says nothing about it */
    return oc_fail(err, passing ? OC_E_RETRY : OC_E_PERMANENT, "the mail server answered %.300s",
                   replies->refused > 0 && replies->accepted == 0 ? replies->refusals.data
                                                                  : replies->last.data);
}

static void tell_accepted(const struct replies *replies, const struct oc_sink *out)
{
    struct text answer = {0};
    if (replies->refused == 0) {
        text_addf(&answer, "accepted for %u recipients", replies->accepted);
    } else {
        text_addf(&answer, "accepted for %u of %u; refused: %s", replies->accepted,
                  replies->accepted + replies->refused, replies->refusals.data);
    }
    message_answer(out, answer.data ? answer.data : "accepted", 0);
    text_finish(&answer);
}

static int32_t deliver(const struct email *e, const struct text *text, const struct oc_request *req,
                       const struct oc_sink *out, struct oc_error *err)
{
    char detail[CURL_ERROR_SIZE];
    struct upload up = {text->data, text->len};
    struct replies replies = {0};
    CURL *curl = curl_easy_init();
    if (!curl) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    prepare(e, curl, &up);
    replies_watch(&replies, curl, e->recipients);
    CURLcode code = transfer_run(curl, req, detail);
    int32_t rc = code == CURLE_OK ? OC_OK : judge(curl, &replies, code, detail, err);
    if (rc == OC_OK) {
        tell_accepted(&replies, out);
    }
    curl_easy_cleanup(curl); /* says goodbye, and that is watched, too */
    replies_finish(&replies);
    return rc;
}

static int32_t send_alert(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    const struct email *e = self;
    struct mail mail = {
        .from = e->from, .subject = e->subject, .to = e->to, .cc = e->cc, .date = time(NULL)};
    struct message m;
    struct text text = {0};
    int32_t rc = message_read(&m, req, err);
    if (rc != OC_OK) {
        return rc;
    }
    mail_compose(&mail, &m, &text);
    rc = text.failed ? oc_fail(err, OC_E_INTERNAL, "out of memory")
                     : deliver(e, &text, req, out, err);
    text_finish(&text);
    message_finish(&m);
    return rc;
}

static const struct oc_method methods[] = {
    {"alert.send/1", send_alert},
    {0},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct email),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
