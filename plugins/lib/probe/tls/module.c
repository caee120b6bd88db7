/* probe-tls.so: non-blocking TLS sessions on OpenSSL. SPDX-License-Identifier: MIT */
#include "probe/tls.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <openclaw/emit.h>

struct oc_tls_context {
    SSL_CTX *ssl;
    BIO_METHOD *socket;
    bool verify;
};

struct oc_tls_session {
    SSL *ssl;
    int64_t not_after;
    char reason[160];
};

/* ---- a socket BIO that raises no SIGPIPE: OpenSSL's own uses write() ---- */

static int bio_result(BIO *bio, ssize_t n, int retry)
{
    BIO_clear_retry_flags(bio);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
    }
    return (int)n;
}

static int bio_descriptor(BIO *bio)
{
    return (int)(intptr_t)BIO_get_data(bio);
}

static int bio_write(BIO *bio, const char *data, int len)
{
    return bio_result(bio, send(bio_descriptor(bio), data, (size_t)len, MSG_NOSIGNAL),
                      BIO_FLAGS_WRITE);
}

static int bio_read(BIO *bio, char *data, int len)
{
    ssize_t n = recv(bio_descriptor(bio), data, (size_t)len, 0);
    if (n == 0) {
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    }
    return bio_result(bio, n, BIO_FLAGS_READ);
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    (void)num;
    (void)ptr;
    if (cmd == BIO_CTRL_EOF) {
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    }
    return cmd == BIO_CTRL_FLUSH;
}

static BIO_METHOD *socket_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (m) {
        BIO_meth_set_write(m, bio_write);
        BIO_meth_set_read(m, bio_read);
        BIO_meth_set_ctrl(m, bio_ctrl);
    }
    return m;
}

/* ---- contexts ---- */

static void context_destroy(struct oc_tls_context *c)
{
    if (c) {
        SSL_CTX_free(c->ssl);
        BIO_meth_free(c->socket);
        free(c);
    }
}

static const char *library_reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());
    return text ? text : "no reason given";
}

static int64_t seconds_of(const ASN1_TIME *t)
{
    struct tm tm;
    memset(&tm, 0, sizeof tm);
    return t && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* Only to learn when the peer's own certificate ends: also of one that is refused. */
static int note_certificate(int ok, X509_STORE_CTX *store)
{
    if (X509_STORE_CTX_get_error_depth(store) == 0) {
        SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
        struct oc_tls_session *s = ssl ? SSL_get_app_data(ssl) : NULL;
        X509 *cert = X509_STORE_CTX_get_current_cert(store);
        if (s && cert) {
            s->not_after = seconds_of(X509_get0_notAfter(cert));
        }
    }
    return ok;
}

/* Without `verify` every certificate passes, but is still looked at. */
static int note_only(int ok, X509_STORE_CTX *store)
{
    (void)ok;
    note_certificate(1, store);
    return 1;
}

/* An encrypted key must fail, not ask on the terminal of a daemon. */
static int no_passphrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)ctx;
    return 0;
}

static int load_files(SSL_CTX *ssl, const struct oc_tls_options *o, struct oc_error *err)
{
    const char *key = o->key_file ? o->key_file : o->cert_file;
    if (o->verify && o->ca_file && SSL_CTX_load_verify_file(ssl, o->ca_file) != 1) {
        return oc_fail(err, OC_E_CONFIG, "cannot read the CA file %s: %s", o->ca_file,
                       library_reason());
    }
    if (o->verify && !o->ca_file && SSL_CTX_set_default_verify_paths(ssl) != 1) {
        return oc_fail(err, OC_E_CONFIG, "cannot read the system's CA certificates: %s",
                       library_reason());
    }
    if (o->cert_file && SSL_CTX_use_certificate_chain_file(ssl, o->cert_file) != 1) {
        return oc_fail(err, OC_E_CONFIG, "cannot read the client certificate %s: %s", o->cert_file,
                       library_reason());
    }
    if (key && SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1) {
        return oc_fail(err, OC_E_CONFIG, "cannot read the client key %s: %s", key,
                       library_reason());
    }
    return OC_OK;
}

static struct oc_tls_context *context_create(const struct oc_tls_options *o, struct oc_error *err)
{
    struct oc_tls_context *c = calloc(1, sizeof *c);
    ERR_clear_error();
    if (!c || !(c->socket = socket_method()) || !(c->ssl = SSL_CTX_new(TLS_client_method()))) {
        oc_fail(err, OC_E_INTERNAL, "cannot set up TLS: %s", library_reason());
        goto failed;
    }
    c->verify = o->verify;
    SSL_CTX_set_default_passwd_cb(c->ssl, no_passphrase);
    SSL_CTX_set_min_proto_version(c->ssl, TLS1_2_VERSION);
    SSL_CTX_set_mode(c->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
    /* A server that closes without close_notify is common; the answer's own framing tells a cut
     * one. */
    SSL_CTX_set_options(c->ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* A resumed session would show the certificate of yesterday. */
    SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER, o->verify ? note_certificate : note_only);
    if (load_files(c->ssl, o, err) != OC_OK) {
        goto failed;
    }
    return c;
failed:
    context_destroy(c);
    return NULL;
}

/* ---- sessions ---- */

static void session_destroy(struct oc_tls_session *s)
{
    if (s) {
        SSL_free(s->ssl);
        free(s);
    }
}

static bool is_address(const char *name)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
    bool yes = address != NULL;
    ASN1_OCTET_STRING_free(address);
    return yes;
}

static bool set_name(struct oc_tls_session *s, const char *name, bool verify)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(s->ssl);
    if (is_address(name)) {
        return !verify || X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
    }
    if (SSL_set_tlsext_host_name(s->ssl, name) != 1) {
        return false;
    }
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return !verify || X509_VERIFY_PARAM_set1_host(param, name, 0) == 1;
}

static struct oc_tls_session *session_create(struct oc_tls_context *c, int fd, const char *name)
{
    struct oc_tls_session *s = calloc(1, sizeof *s);
    ERR_clear_error();
    BIO *bio = s ? BIO_new(c->socket) : NULL;
    if (!bio || !(s->ssl = SSL_new(c->ssl)) || !set_name(s, name, c->verify)) {
        BIO_free(bio);
        session_destroy(s);
        return NULL;
    }
    BIO_set_data(bio, (void *)(intptr_t)fd);
    BIO_set_init(bio, 1);
    SSL_set_bio(s->ssl, bio, bio);
    SSL_set_app_data(s->ssl, s);
    SSL_set_connect_state(s->ssl);
    return s;
}

static void explain(struct oc_tls_session *s, int saved_errno)
{
    long verify = SSL_get_verify_result(s->ssl);
    const char *text = ERR_reason_error_string(ERR_peek_error());
    if (verify != X509_V_OK) {
        text = X509_verify_cert_error_string(verify);
    } else if (!text) {
        text = saved_errno ? strerror(saved_errno) : "the connection was closed";
    }
    snprintf(s->reason, sizeof s->reason, "%s", text);
}

static enum oc_tls_step step_of(struct oc_tls_session *s, int result)
{
    int saved_errno = errno;
    switch (SSL_get_error(s->ssl, result)) {
    case SSL_ERROR_NONE:
        return OC_TLS_DONE;
    case SSL_ERROR_WANT_READ:
        return OC_TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return OC_TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return OC_TLS_CLOSED;
    default:
        explain(s, saved_errno);
        return OC_TLS_FAILED;
    }
}

static enum oc_tls_step handshake(struct oc_tls_session *s)
{
    ERR_clear_error();
    errno = 0;
    enum oc_tls_step step = step_of(s, SSL_do_handshake(s->ssl));
    if (step == OC_TLS_CLOSED) {
        snprintf(s->reason, sizeof s->reason, "the server closed the connection");
        return OC_TLS_FAILED;
    }
    return step;
}

static enum oc_tls_step session_receive(struct oc_tls_session *s, void *data, size_t *len)
{
    ERR_clear_error();
    errno = 0;
    return step_of(s, SSL_read_ex(s->ssl, data, *len, len));
}

static enum oc_tls_step session_send(struct oc_tls_session *s, const void *data, size_t *len)
{
    ERR_clear_error();
    errno = 0;
    return step_of(s, SSL_write_ex(s->ssl, data, *len, len));
}

static int64_t session_not_after(const struct oc_tls_session *s)
{
    return s->not_after;
}

static const char *session_reason(const struct oc_tls_session *s)
{
    return s->reason;
}

extern const struct oc_tls_api oc_probe_tls_api;
__attribute__((visibility("default"))) const struct oc_tls_api oc_probe_tls_api = {
    .struct_size = sizeof(struct oc_tls_api),
    .context_create = context_create,
    .context_destroy = context_destroy,
    .session_create = session_create,
    .session_destroy = session_destroy,
    .handshake = handshake,
    .receive = session_receive,
    .send = session_send,
    .not_after = session_not_after,
    .reason = session_reason,
};
