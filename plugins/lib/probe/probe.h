/* Many network checks at once on one thread: non-blocking, with the fewest system calls.
 * SPDX-License-Identifier: MIT
 *
 * A *probe* is one target: where to connect, what to send, and a table of functions that judges
 * what comes back. The *prober* drives any number of them to their end within one call of the host.
 * It knows sockets, names, TLS, timeouts and kept connections; it knows no protocol.
 *
 * What makes it cheap: the request is sent right after connect() (on loopback the handshake is then
 * already done), the answer is read optimistically a few probes later, and only a probe that has to
 * wait is registered with epoll. A check of a quick service costs five system calls: socket,
 * connect, send, recv, close; kept alive, two. All probes share one receive buffer; a probe at rest
 * owns nothing but itself (and its kept connection).
 *
 * What makes it robust: a probe that hangs holds a descriptor and nothing else, so it never delays
 * another one; when descriptors run out, the rest wait for one to come free.
 *
 * Everything is [worker], one call at a time. A prober and its probes belong together until
 * oc_prober_finish. */
#ifndef OC_PROBE_PROBE_H
#define OC_PROBE_PROBE_H

#include "net/addr.h"
#include "net/resolve.h"
#include "probe/tls.h"

#include <stdint.h>

#include <openclaw/plugin.h>

enum oc_probe_outcome {
    OC_PROBE_OK,       /* the protocol is content */
    OC_PROBE_RESOLVE,  /* the name has no address: see probe->name */
    OC_PROBE_CONNECT,  /* no connection: sys_errno */
    OC_PROBE_TLS,      /* the handshake failed: detail */
    OC_PROBE_IO,       /* the connection broke: sys_errno */
    OC_PROBE_PROTOCOL, /* the peer answered nonsense: detail */
    OC_PROBE_TIMEOUT,  /* probe->phase says while doing what */
    OC_PROBE_SKIPPED,  /* the call's deadline came before a descriptor was free */
    OC_PROBE_CANCELLED
};

/* What a protocol wants after it has seen data. */
enum oc_probe_step { OC_PROBE_MORE, OC_PROBE_DONE, OC_PROBE_BAD /* detail is set */ };

enum oc_probe_phase {
    OC_PHASE_IDLE,
    OC_PHASE_RESOLVING,
    OC_PHASE_CONNECTING, /* no request to send, or TLS to come: waits for the connection itself */
    OC_PHASE_HANDSHAKE,
    OC_PHASE_SENDING, /* without TLS this may begin before the connection is there */
    OC_PHASE_READING
};

struct oc_probe;

struct oc_probe_ops {
    /* Bytes from the peer, or its end (len 0). */
    enum oc_probe_step (*receive)(struct oc_probe *p, const char *data, size_t len);
    /* It is over: the outcome and the times are in `p`. True = begin again (with what is now in
     * `to` and `request`) within the same timeout. */
    bool (*done)(struct oc_probe *p);
    /* A new connection is about to be tried: forget what was received. May be NULL. */
    void (*reset)(struct oc_probe *p);
};

enum oc_ip_version { OC_IP_ANY, OC_IP_4, OC_IP_6 };

/* Where to connect. The first five members are the caller's, the rest oc_endpoint_init's. */
struct oc_endpoint {
    const char *host; /* name or literal, borrowed; also what TLS verifies unless tls_name is set */
    const char *tls_name;       /* NULL = host */
    struct oc_tls_context *tls; /* NULL = plain */
    uint16_t port;
    uint8_t ip_version;   /* enum oc_ip_version */
    union oc_addr addr;   /* of a literal, with the port; of a name, the one that is being tried */
    struct oc_name *name; /* NULL for a literal */
};

/* Microseconds since the probe began, of its last round; 0 = did not happen. */
struct oc_probe_times {
    uint32_t started, resolved, connected, secured, first_byte, total;
};

struct oc_probe {
    const struct oc_probe_ops *ops;
    struct oc_endpoint to;
    const char *request; /* borrowed until the probe is done; may be empty: then only the connection
                            counts */
    uint32_t request_len;
    uint32_t timeout_ms;
    bool keep;  /* keep the connection for the next run */
    bool reuse; /* set by receive with DONE: the connection may carry another request */

    /* the result */
    uint8_t outcome; /* enum oc_probe_outcome */
    uint8_t phase;   /* enum oc_probe_phase; at done, the one that it ended in */
    bool resolved;   /* a look-up was made for it */
    bool reused;     /* over a kept connection: the times have no connect and no TLS */
    int32_t sys_errno;
    const char *detail; /* a constant, or probe->detail_text */
    char *detail_text;  /* owned; words of the TLS library */
    struct oc_probe_times times;
    int64_t not_after; /* end of the peer's certificate, seconds since 1970; 0 = unknown */

    /* the prober's */
    struct oc_prober *prober;
    struct oc_tls_session *session;
    struct oc_probe *next, *prev; /* among the active */
    int64_t began_us, expires_us, attempt_expires_us;
    uint32_t sent;
    int fd;           /* -1 = none */
    uint8_t address;  /* index of the next address of the name */
    uint8_t interest; /* what epoll watches of fd: OC_INTEREST_* */
    bool waits;       /* counted in prober->waiting */
    bool second_use;  /* the connection is a kept one, and nothing has come back yet */
};

struct oc_prober {
    const char *plugin_dir; /* where the TLS module is; borrowed */
    const struct oc_tls_api *tls;
    struct oc_tls_entry *contexts; /* owned; one for each set of TLS options */
    struct oc_resolver *resolver;
    char *buf;
    int epoll_fd, wake_fd;
    uint32_t max_active;

    /* of the run */
    struct oc_probe *first, *last;
    uint32_t active;
    uint32_t waiting; /* active ones that an event or a timeout must bring on */
    int64_t now_us, deadline_us, next_expiry_us, flushed_us;
    int32_t abort_code; /* set by oc_prober_abort */
    bool starved;       /* no descriptor was free */
    bool dirty;         /* something ended since the last flush */
};

/* `plugin_dir` is borrowed. `max_active` 0 = the default, 4096. Cannot fail: descriptors come with
 * the first run. */
void oc_prober_init(struct oc_prober *pr, const char *plugin_dir, uint32_t max_active);
/* Frees what the prober holds; every probe must have been finished before. A zeroed one is fine. */
void oc_prober_finish(struct oc_prober *pr);

/* Makes `p` ready: ops, to (see struct oc_endpoint), request, timeout_ms and keep are the caller's;
 * the rest is zero. Errors are those of oc_endpoint_init. */
int oc_probe_init(struct oc_probe *p, struct oc_prober *pr, struct oc_error *err);
/* Closes and frees what `p` owns. A zeroed one is fine. */
void oc_probe_finish(struct oc_probe *p);

/* Prepares the address: used by init, and by a protocol that redirects. OC_E_CONFIG when the host
 * is a literal of the wrong ip_version. */
int oc_endpoint_init(struct oc_endpoint *to, struct oc_prober *pr, struct oc_error *err);
void oc_endpoint_finish(struct oc_endpoint *to, struct oc_prober *pr);

/* The context for `options`, made when there is none yet; the first loads the TLS module. Owned by
 * the prober. NULL and `err` when that fails. */
struct oc_tls_context *oc_prober_tls(struct oc_prober *pr, const struct oc_tls_options *options,
                                     struct oc_error *err);

/* Drives `count` probes to their ends and calls each one's `done`. Probe i is at `first` plus i *
 * stride bytes, so that an array of larger structs needs no list beside it. Ends a little before
 * req->deadline_ms, within 50 ms of a cancel, and flushes `out` before it waits. OC_OK,
 * OC_E_CANCELLED, the code of oc_prober_abort, or why descriptors for waiting cannot be had. */
int oc_prober_run(struct oc_prober *pr, struct oc_probe *first, size_t count, size_t stride,
                  const struct oc_request *req, const struct oc_sink *out, struct oc_error *err);
/* From within `done`: the host wants no more records; the run ends with `code`. */
void oc_prober_abort(struct oc_prober *pr, int32_t code);

/* Why `p` failed, in words for an operator ("connection refused"); "" for OC_PROBE_OK. Returns
 * `text`. */
const char *oc_probe_reason(const struct oc_probe *p, char *text, size_t size);

#endif
