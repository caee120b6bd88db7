/* TLS for probes, in a module of its own that is loaded with the first target that needs it.
 * SPDX-License-Identifier: MIT
 *
 * libssl costs 3 ms and 3 MB at load: a host without TLS targets must not pay that. This header is
 * the line between the probe library and `probe-tls.so`; both come from the same build, so the
 * table needs no versions beyond its size. All functions belong to the thread that runs the probes.
 */
#ifndef OC_PROBE_TLS_H
#define OC_PROBE_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include <openclaw/plugin.h>

#define OC_TLS_MODULE "probe-tls.so"

enum oc_tls_step { OC_TLS_DONE, OC_TLS_WANT_READ, OC_TLS_WANT_WRITE, OC_TLS_CLOSED, OC_TLS_FAILED };

struct oc_tls_options {
    const char *ca_file;              /* PEM; NULL = the system's */
    const char *cert_file, *key_file; /* the client's; NULL = none; key_file NULL = in cert_file */
    bool verify;
};

struct oc_tls_context; /* options made ready; shared by the sessions of many targets */
struct oc_tls_session; /* one connection */

struct oc_tls_api {
    uint32_t struct_size;
    uint32_t reserved;
    struct oc_tls_context *(*context_create)(const struct oc_tls_options *options,
                                             struct oc_error *err);
    void (*context_destroy)(struct oc_tls_context *c); /* NULL is fine */
    /* `name` is what the certificate must say, and the SNI unless it is an address. The descriptor
     * stays the caller's. */
    struct oc_tls_session *(*session_create)(struct oc_tls_context *c, int fd, const char *name);
    void (*session_destroy)(
        struct oc_tls_session *s); /* NULL is fine; does not close the descriptor */
    enum oc_tls_step (*handshake)(struct oc_tls_session *s);
    /* *len is the room, then what was moved; DONE moved at least one byte. */
    enum oc_tls_step (*receive)(struct oc_tls_session *s, void *data, size_t *len);
    enum oc_tls_step (*send)(struct oc_tls_session *s, const void *data, size_t *len);
    /* End of the peer's certificate, seconds since 1970; 0 = none was seen. Also known when the
     * handshake failed. */
    int64_t (*not_after)(const struct oc_tls_session *s);
    const char *(*reason)(const struct oc_tls_session *s); /* why the last step FAILED */
};

#define OC_TLS_SYMBOL "oc_probe_tls_api"

/* The module in `dir`, loaded for good at the first call (unloading libssl is not safe). NULL and
 * `err` when that fails. */
const struct oc_tls_api *oc_tls_load(const char *dir, struct oc_error *err);

#endif
