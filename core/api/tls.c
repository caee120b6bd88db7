/* The certificates of TLS listeners, and those of their clients. SPDX-License-Identifier: MIT */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/server_internal.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/sys/file.h"

#define PEM_MAX     (256u << 10)
#define CERTIFICATE "api.tls.certificate"
#define KEY         "api.tls.key"
#define CLIENT_CA   "api.tls.client_ca"

static int read_pem(const char *path, const char *what, char **out, struct oc_error *err)
{
    struct oc_buf text = {0};
    if (!path) {
        oc_error_set(err, OC_E_CONFIG, "%s is not set", what);
        oc_error_hint(err, "Name the PEM file, or leave `tls` out of api.listen.");
        return OC_E_CONFIG;
    }
    const int code = oc_file_read(path, PEM_MAX, &text, err);
    *out = oc_buf_take(&text);
    return code;
}

/* A key of another certificate, or a file that is none, is told now and not to the first client. *option: what it is about. */
static int check_pair(const struct oc_tls_material *m, const char **option, struct oc_error *err)
{
    gnutls_certificate_credentials_t credentials;
    const gnutls_datum_t certificate = {(unsigned char *)m->certificate,
                                        (unsigned)strlen(m->certificate)};
    const gnutls_datum_t key = {(unsigned char *)m->key, (unsigned)strlen(m->key)};
    const gnutls_datum_t ca = {(unsigned char *)m->client_ca,
                               m->client_ca ? (unsigned)strlen(m->client_ca) : 0};
    *option = CERTIFICATE;
    int rc = gnutls_certificate_allocate_credentials(&credentials);
    if (rc < 0) {
        return oc_error_set(err, OC_E_INTERNAL, "gnutls: %s", gnutls_strerror(rc));
    }
    rc = gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
    if (rc < 0) {
        oc_error_set(err, OC_E_CONFIG, "api.tls: certificate and key cannot be used: %s",
                     gnutls_strerror(rc));
    } else if (ca.size && (rc = gnutls_certificate_set_x509_trust_mem(credentials, &ca,
                                                                      GNUTLS_X509_FMT_PEM)) <= 0) {
        rc = -1;
        *option = CLIENT_CA;
        oc_error_set(err, OC_E_CONFIG, CLIENT_CA " holds no certificate");
    }
    gnutls_certificate_free_credentials(credentials);
    return rc < 0 ? err->code : OC_OK;
}

static int64_t expiry_of(const char *pem)
{
    gnutls_x509_crt_t certificate;
    const gnutls_datum_t text = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
    int64_t ms = 0;
    if (gnutls_x509_crt_init(&certificate) < 0) {
        return 0;
    }
    if (gnutls_x509_crt_import(certificate, &text, GNUTLS_X509_FMT_PEM) == 0) {
        const time_t at = gnutls_x509_crt_get_expiration_time(certificate);
        ms = at > 0 ? (int64_t)at * OC_SECOND : 0;
    }
    gnutls_x509_crt_deinit(certificate);
    return ms;
}

int oc_tls_load(const struct oc_api_options *o, struct oc_tls_material *m, struct oc_error *err)
{
    const char *option;
    memset(m, 0, sizeof *m);
    if (read_pem(o->tls.certificate, CERTIFICATE, &m->certificate, err) != OC_OK ||
        read_pem(o->tls.key, KEY, &m->key, err) != OC_OK ||
        (o->tls.client_ca && read_pem(o->tls.client_ca, CLIENT_CA, &m->client_ca, err) != OC_OK) ||
        check_pair(m, &option, err) != OC_OK) {
        const int code = err->code;
        oc_tls_finish(m);
        return code;
    }
    m->expires_ms = expiry_of(m->certificate);
    return OC_OK;
}

void oc_tls_finish(struct oc_tls_material *m)
{
    if (m->key) {
        explicit_bzero(m->key, strlen(m->key));
    }
    free(m->certificate);
    free(m->key);
    free(m->client_ca);
    memset(m, 0, sizeof *m);
}

/* ---- for who only validates ---- */

static void find(const struct oc_config *config, const char *option, const struct oc_error *err,
                 struct oc_diags *diags)
{
    oc_diags_add(diags, true, oc_node_get(oc_config_root(config), option), option, err->hint, "%s",
                 err->message);
}

/* What is named is to be there; whether it has to be named is known without us (options.c). */
static bool check_file(const struct oc_config *config, const char *option, const char *path,
                       char **out, struct oc_diags *diags)
{
    struct oc_error err;
    oc_error_init(&err);
    if (path && read_pem(path, option, out, &err) != OC_OK) {
        find(config, option, &err, diags);
        return false;
    }
    return true;
}

void oc_tls_check(const struct oc_api_options *o, const struct oc_config *config,
                  struct oc_diags *diags)
{
    struct oc_tls_material m = {0};
    struct oc_error err;
    const char *option;
    oc_error_init(&err);
    bool whole = check_file(config, CERTIFICATE, o->tls.certificate, &m.certificate, diags);
    whole = check_file(config, KEY, o->tls.key, &m.key, diags) && whole;
    whole = check_file(config, CLIENT_CA, o->tls.client_ca, &m.client_ca, diags) && whole;
    if (whole && m.certificate && m.key && check_pair(&m, &option, &err) != OC_OK) {
        find(config, option, &err, diags);
    }
    oc_tls_finish(&m);
}

/* ---- clients ---- */

/* The text itself, as it is in the configuration: not the notation of RFC 4514 that escapes commas. A NUL in it, or letters of two bytes,
 * are no name. */
static bool take_name(const gnutls_x509_ava_st *ava, char *name, size_t size)
{
    enum { UTF8 = 12, PRINTABLE = 19, IA5 = 22 }; /* X.680, 8.4 */
    static const char oid[] = GNUTLS_OID_X520_COMMON_NAME;
    const size_t len = ava->value.size;
    const bool text =
        ava->value_tag == UTF8 || ava->value_tag == PRINTABLE || ava->value_tag == IA5;
    if (ava->oid.size < sizeof oid - 1 || memcmp(ava->oid.data, oid, sizeof oid - 1) != 0 ||
        (ava->oid.size > sizeof oid - 1 && ava->oid.data[sizeof oid - 1]) || !text || len == 0 ||
        len >= size || memchr(ava->value.data, '\0', len)) {
        return false;
    }
    memcpy(name, ava->value.data, len);
    name[len] = '\0';
    return true;
}

static bool common_name(gnutls_session_t session, char *name, size_t size)
{
    unsigned count = 0;
    bool found = false;
    gnutls_x509_crt_t certificate;
    gnutls_x509_dn_t subject;
    gnutls_x509_ava_st ava;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    if (!chain || !count || gnutls_x509_crt_init(&certificate) < 0) {
        return false;
    }
    if (gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) == 0 &&
        gnutls_x509_crt_get_subject(certificate, &subject) == 0) {
        for (int i = 0; !found && gnutls_x509_dn_get_rdn_ava(subject, i, 0, &ava) == 0; i++) {
            found = take_name(&ava, name, size);
        }
    }
    gnutls_x509_crt_deinit(certificate);
    return found;
}

/* Signed by the CA of clients, in its time, and made for clients. */
static bool is_good(gnutls_session_t session)
{
    unsigned status = 0;
    gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                     .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT};
    return gnutls_certificate_verify_peers(session, &purpose, 1, &status) == 0 && status == 0;
}

/* Of a client that has shown a certificate; else NULL. */
static gnutls_session_t session_of(struct MHD_Connection *mhd)
{
    unsigned count = 0;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    const gnutls_session_t session = info ? info->tls_session : NULL;
    return session && gnutls_certificate_get_peers(session, &count) && count ? session : NULL;
}

bool oc_tls_is_certified(struct MHD_Connection *mhd)
{
    return session_of(mhd) != NULL;
}

enum oc_certificate oc_http_certificate(const struct oc_http_request *r, char *name, size_t size)
{
    const gnutls_session_t session = oc_http_is_tls(r) ? session_of(r->mhd) : NULL;
    if (size) {
        name[0] = '\0';
    }
    if (!session) {
        return OC_CERTIFICATE_NONE;
    }
    const bool named = common_name(session, name, size);
    return named && !oc_engine_is_distrusted(r->conn->engine) && is_good(session)
               ? OC_CERTIFICATE_GOOD
               : OC_CERTIFICATE_FOREIGN;
}

int64_t oc_http_certificate_expires(const struct oc_http_request *r)
{
    const gnutls_session_t session = oc_http_is_tls(r) ? session_of(r->mhd) : NULL;
    const time_t at = session ? gnutls_certificate_expiration_time_peers(session) : 0;
    return at > 0 ? (int64_t)at * OC_SECOND : 0;
}
