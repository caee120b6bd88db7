/* Listeners, connections and requests, shared by the files that know libmicrohttpd. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_API_SERVER_INTERNAL_H
#define OC_API_SERVER_INTERNAL_H

#include <microhttpd.h>
#include <stdarg.h>
#include <sys/socket.h>

#include "core/api/admission.h"
#include "core/api/internal.h"
#include "core/api/server.h"
#include "core/base/vec.h"
#include "core/loop/watch.h"

#define OC_PEER_MAX 64

/* One MHD daemon. A listener has one that takes connections, and older ones that still have some: after a change of
 * certificates or limits they are let go when the last of theirs is closed. */
struct oc_engine {
    struct oc_listen *listen;
    struct MHD_Daemon *mhd;
    struct oc_watch *watch;
    struct oc_timer *due;
    int64_t expires_ms; /* wall: until when its certificate is good; 0 = it has none */
    uint64_t
        trust; /* another number when certificates of clients are to be signed by others; 0: it asks for none */
    struct oc_conn *conns;
    struct oc_conn *ended; /* whose request was over last in this run of the library; NULL */
    struct oc_http_stream *streams;
    size_t upgraded; /* connections of another protocol that the library passes on: over TLS */
    bool running;    /* inside MHD_run: not to be entered again */
    bool again;      /* something was taken up from within: run once more */
    bool posted;     /* a turn of the loop is asked for */
    bool doomed;     /* destroyed meanwhile: that turn frees it */
};

struct oc_listen {
    struct oc_server *server;
    char *key;  /* address, port or path, and what it serves: equal keys are the same listener */
    char *path; /* of a unix socket */
    char address[64];
    int64_t wanted_port;
    int port; /* as it really is */
    enum oc_serves serves;
    bool tls, loopback, seen;
    bool wants_certificate; /* of every client */
    int fd;
    char
        *error; /* why it does not listen, or not with what its files hold now; NULL when it does */
    char *made_of; /* certificates and limits of `engine`: another text means another engine */
    struct oc_engine *engine;
    OC_VEC(struct oc_engine *) leaving;
    int64_t retired_ms; /* mono: no longer in the configuration since then; 0 = it is */
};

struct oc_server {
    struct oc_api *api;
    OC_VEC(struct oc_listen *) list;
    OC_VEC(struct oc_listen *) retired; /* no longer listening, some connections are left */
    struct oc_timer *sweep;             /* late requests, certificates, engines that are done */
    struct oc_http_upgrade *upgrades;   /* connections of another protocol */
    size_t upgraded;                    /* how many */
    size_t busy;                        /* requests whose answer is not there */
    struct oc_http_request *pending;    /* those whose handler has not answered */
    int64_t certificates_at, retry_at;
    bool quiesced;
    bool closed;     /* the areas are gone: nothing more reaches a handler */
    size_t buffered; /* bytes of bodies whose requests are not answered */
};

/* One connection of a client, from accept to close. */
struct oc_conn {
    struct oc_engine *engine;
    struct MHD_Connection *mhd;
    struct oc_conn *next, *prev;
    int64_t deadline; /* mono ms by which the request must be whole; 0 = none runs */
    int fd;
    uid_t uid; /* of a unix peer */
    bool loopback, upgraded, passed_on;
    struct oc_http_upgrade *upgrade; /* over TLS, while its owner has it; else NULL */
    struct oc_http_request *request; /* that it is about; NULL between two */
    bool over;                       /* it ends: what else has come over it is of no account */
    unsigned complaint;              /* the status of a refusal that may be its own; 0: none */
    int64_t claimed; /* what has come of its requests: bytes, over TLS records; -1: nobody knows */
    int64_t beside;  /* bytes that may have come between them and are of none */
    char peer[OC_PEER_MAX];
};

struct oc_http_request {
    struct oc_server *server;
    struct oc_conn *conn; /* NULL once the client has gone */
    struct MHD_Connection *mhd;
    struct oc_http_request *next, *prev; /* of server->pending */
    char *target;                        /* as sent; once it is routed, without the authority */
    char *authority; /* that came in the target: in the place of the header Host; else NULL */
    const char *url,
        *version;      /* where libmicrohttpd has read them; until the headers are checked */
    char *path;        /* decoded */
    const char *query; /* raw, inside `target`; NULL: none */
    const char *method;
    struct oc_match match;
    struct oc_identity who;
    struct oc_buf body;
    int64_t body_max;
    uint64_t size;          /* bytes of the answer's body, where they are known */
    OC_VEC(char *) decoded; /* query values handed out */
    OC_VEC(struct oc_pair) headers;
    struct MHD_Response *response; /* to be queued */
    unsigned status;
    struct oc_http_blob *blob; /* whose response that is; NULL: our own */
    struct oc_http_upgrade *upgrade;
    int64_t begun_us;
    bool old; /* HTTP/1.0 */
    bool seen, handed, answered, suspended, too_large, crowded;
    bool last; /* its connection ends with the answer */
    oc_loop_fn gone;
    void *gone_ctx;
};

/* ---- request.c: the callbacks of libmicrohttpd about requests ---- */

void *oc_request_on_target(void *ctx, const char *target, struct MHD_Connection *mhd);
/* When the head is there, for each part of the body, and at its end. */
enum MHD_Result oc_request_on_part(void *ctx, struct MHD_Connection *mhd, const char *url,
                                   const char *method, const char *version, const char *upload,
                                   size_t *upload_size, void **state);
void oc_request_on_completed(void *ctx, struct MHD_Connection *mhd, void **state,
                             enum MHD_RequestTerminationCode why);
/* Before it is answered: no other request is read from its connection. */
void oc_request_set_last(struct oc_http_request *r);

/* ---- conn.c: its callbacks about connections ---- */

/* Whether a client has not too many connections already. */
enum MHD_Result oc_conn_on_accept(void *ctx, const struct sockaddr *addr, socklen_t len);
void oc_conn_on_change(void *ctx, struct MHD_Connection *mhd, void **state,
                       enum MHD_ConnectionNotificationCode what);
/* Answers 503 in the place of a handler, which is told that the client has left. */
void oc_conn_give_up(struct oc_http_request *r, const char *why);
/* Ends every request and connection of an engine whose listener is gone, in the next turns of the loop. */
void oc_conn_evict(struct oc_engine *engine);
/* Before anything of the body is read, and when the request is over: what has come so far is of requests that are known. */
void oc_conn_claim_request(struct oc_conn *c, struct MHD_Connection *mhd, int64_t body_length);
void oc_conn_claim_records(struct oc_conn *c);
/* Certain that it has sent nothing of a request that is not known yet, and certain that it has: both false where that cannot
 * be seen, as the second is over TLS and a unix socket. */
bool oc_conn_rests(const struct oc_conn *c);
bool oc_conn_has_more(const struct oc_conn *c);
/* How many of this peer it has; not those whose socket it has let go (upgrade.c). */
size_t oc_conn_count(const struct oc_engine *engine, const char *peer);
/* Closes the connections of whoever has shown a certificate: those that rest at once, the others with their answer. */
void oc_conn_distrust(const struct oc_engine *engine);
/* Closes what has kept us waiting for too long. */
void oc_conn_sweep(struct oc_engine *engine, int64_t now);
/* Ends it (SHUT_RD: what is on its way out still goes): what comes over it from now on is of no account. */
void oc_conn_end(struct oc_conn *c, int how);
/* What was never read is not kept by the kernel for somebody who may never read it. */
void oc_conn_drop_unread(const struct oc_conn *c);

/* ---- http.c ---- */

/* Hands the answer that is ready to libmicrohttpd; from within oc_request_on_part. */
enum MHD_Result oc_http_queue(struct oc_http_request *r);
/* The one way to answer with a response of one's own (taken): headers set before, the security headers, `type` unless NULL. */
void oc_http_answer(struct oc_http_request *r, unsigned status, const char *type,
                    struct MHD_Response *response);
void oc_http_free(struct oc_http_request *r);

/* The headers of every answer; a pair without a name ends them. */
extern const struct oc_pair oc_http_security[];
#define OC_HTTP_HSTS "max-age=31536000"
/* The document of a failure; owned by the caller. */
json_t *oc_http_error_json(const struct oc_error *err);

/* ---- framing.c ---- */

/* False for what two programs on one connection could read differently (RFC 9112, 6.3): a NUL or another control character,
 * a header that may be there once and is there twice, a length that is none. */
bool oc_framing_is_sound(const struct oc_http_request *r);

/* ---- malformed.c ---- */

/* Every line of libmicrohttpd's log. */
void oc_malformed_on_log(struct oc_engine *e, const char *fmt, va_list ap);
/* A request is over that we have not answered, though it may have been; a connection is closed. */
void oc_malformed_on_end(const struct oc_http_request *r);
void oc_malformed_on_close(const struct oc_conn *c);

/* ---- stream.c ---- */

/* As if the clients of all streams of this engine had left. */
void oc_http_streams_break(struct oc_engine *engine);
/* Those that are let in no more. */
void oc_http_streams_judge(struct oc_engine *engine);

/* ---- upgrade.c ---- */

/* As if the client had left. */
void oc_http_upgrade_break(struct oc_http_upgrade *u);
/* After the client left, or the connection was closed: whoever waits for the socket hears that there is none. */
void oc_http_upgrade_gone(struct oc_http_upgrade *u);
/* How many there are that the library knows nothing of any more: of this listener, of this peer (NULL: of all). */
size_t oc_http_upgrades_apart(const struct oc_server *s, const struct oc_listen *listen,
                              const char *peer);
/* The listener is about to be destroyed. */
void oc_http_upgrades_forget(struct oc_server *s, const struct oc_listen *listen);
/* Whoever has one that is let in no more is told. */
void oc_http_upgrades_judge(struct oc_server *s);

/* ---- present.c ---- */

/* Why what was let in by this listener (NULL: it is gone) would not be let in any more; NULL when it would. */
const char *oc_listen_over(const struct oc_listen *l, const struct oc_api *api, uint64_t trust,
                           const struct oc_admission *admission);
const char *oc_engine_over(const struct oc_engine *e, const struct oc_admission *admission);
/* Streams and connections of another protocol that are let in no more are ended. */
void oc_server_judge(struct oc_server *s);
/* Of all kinds, also those that were there before its certificate was renewed. */
size_t oc_listen_connections(const struct oc_listen *l);
/* Of one address, by all listeners: with WebSockets. */
size_t oc_server_connections_of(const struct oc_server *s, const char *peer);
/* Whether certificates that were shown to this engine count no more: others have to sign them now, or its listener is gone. */
bool oc_engine_is_distrusted(const struct oc_engine *e);

/* ---- target.c ---- */

/* A target that names a place, too (`http://HOST/PATH`, RFC 9112, 3.2.2): who is asked for, and what of it, as one that begins with a
 * slash would say it; `*` for the server itself. Both owned by the caller. False: it is none, or not of this kind of listener. */
bool oc_target_split(const char *target, const char *method, bool tls, char **authority,
                     char **rest);
/* Splits and decodes `r->target`; OC_E_CONFIG when it is no sound path, or has a fragment, which no client sends (RFC 9112, 3.2). */
int oc_target_parse(const char *target, char **path, const char **query, struct oc_error *err);
/* Decodes %XX, and + when `plus`; NULL when it is malformed or holds a NUL. Owned by the caller. */
char *oc_target_decode(const char *text, size_t len, bool plus);

/* OC_E_CONFIG when a name or a value cannot be decoded: leaving it out could mean something else. NULL is fine. */
int oc_query_check(const char *query, struct oc_error *err);
/* Whether the path tries to leave where it is: `.` and `..`, a backslash, a NUL, however they are written. */
bool oc_target_climbs(const char *target);
/* For a trail: without the query, which may hold what is secret. Owned by the caller. */
char *oc_target_shown(const char *target);

/* ---- listen.c ---- */

#define OC_LISTEN_NAME 160
/* As people write it. */
const char *oc_listen_name(const struct oc_listen *l, char name[OC_LISTEN_NAME]);
/* Sets fd, port and loopback, or error. */
void oc_listen_open(struct oc_listen *l);
/* Takes the socket of `from`, when it is where `l` is to listen. */
void oc_listen_take_over(struct oc_listen *l, struct oc_listen *from);
void oc_listen_close(struct oc_listen *l); /* the file of a unix socket goes, too */

/* ---- engine.c ---- */

/* NULL and `why` (owned by the caller) when it cannot be. */
struct oc_engine *oc_engine_create(struct oc_listen *l, char **why);
size_t oc_engine_connections(const struct oc_engine *e);
/* No new connections; the listening socket stays ours. */
void oc_engine_quiesce(struct oc_engine *e);
/* Takes up a connection that was suspended: libmicrohttpd looks at it with the next turn of the loop. */
void oc_engine_resume(struct oc_engine *e, struct MHD_Connection *mhd);
void oc_engine_destroy(struct oc_engine *e); /* NULL is fine */

/* ---- tls.c ---- */

struct oc_tls_material {
    char *certificate, *key, *client_ca; /* PEM; owned */
    int64_t expires_ms;                  /* wall */
};
int oc_tls_load(const struct oc_api_options *o, struct oc_tls_material *m, struct oc_error *err);
void oc_tls_finish(struct oc_tls_material *m);
/* Whether the client has shown a certificate, whatever it is worth. */
bool oc_tls_is_certified(struct MHD_Connection *mhd);
/* Warnings about files that are not there or of no use, with the place where each is named: the host goes on without its listeners. */
void oc_tls_check(const struct oc_api_options *o, const struct oc_config *config,
                  struct oc_diags *diags);

#endif
