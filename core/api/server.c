/* Which listeners there are: opened, kept and closed as the configuration says. SPDX-License-Identifier: MIT */
#include "core/api/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/api/server_internal.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/config/config.h"

#define SWEEP_MS    OC_SECOND
#define RETRY_MS    (5 * OC_SECOND) /* whoever has the port may let go of it */
#define CERT_PERIOD (5 * OC_SECOND)
#define LEAVE_MS    (5 * OC_SECOND) /* to end what runs on a listener that is no more */

/* ---- engines ---- */

static void add_stamp(struct oc_buf *b, const char *path)
{
    struct stat st;
    if (path && stat(path, &st) == 0) {
        oc_buf_addf(b, "%s %lld.%ld %lld;", path, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
                    (long long)st.st_ino);
    }
}

/* What an engine is made of; another text calls for another engine. */
static char *made_of(const struct oc_listen *l)
{
    const struct oc_api_options *o = &l->server->api->options;
    struct oc_buf b = {0};
    oc_buf_addf(&b, "%lld %lld %lld %lld;", (long long)o->header_max, (long long)o->connections_max,
                (long long)o->connections_per_ip_max, (long long)o->idle_timeout_ms);
    if (l->tls) {
        add_stamp(&b, o->tls.certificate);
        add_stamp(&b, o->tls.key);
        add_stamp(&b, o->tls.client_ca);
    }
    return oc_buf_take(&b);
}

/* The old engine serves the connections that it has, until they end. A new one that cannot be made leaves it in force. */
static void renew_engine(struct oc_listen *l)
{
    char *text = made_of(l), *why = NULL, name[OC_LISTEN_NAME];
    if (l->fd < 0 || (l->engine && strcmp(text, l->made_of) == 0)) {
        free(text);
        return;
    }
    struct oc_engine *fresh = oc_engine_create(l, &why);
    free(l->error);
    l->error = why;
    if (fresh) {
        struct oc_engine *old = l->engine;
        l->engine = fresh;
        if (old) {
            oc_engine_quiesce(old);
            OC_VEC_PUSH(&l->leaving, old);
            oc_info("listener renewed", "listener=%s", oc_listen_name(l, name));
        }
        if (old && oc_engine_is_distrusted(old)) {
            oc_conn_distrust(old);
        }
    }
    free(l->made_of);
    l->made_of = text;
}

static void let_go(struct oc_listen *l)
{
    for (size_t i = l->leaving.count; i-- > 0;) {
        if (oc_engine_connections(l->leaving.items[i]) == 0) {
            oc_engine_destroy(l->leaving.items[i]);
            OC_VEC_REMOVE(&l->leaving, i);
        }
    }
}

static void listener_destroy(struct oc_listen *l)
{
    oc_http_upgrades_forget(l->server, l);
    oc_engine_destroy(l->engine);
    for (size_t i = 0; i < l->leaving.count; i++) {
        oc_engine_destroy(l->leaving.items[i]);
    }
    OC_VEC_FINISH(&l->leaving);
    oc_listen_close(l);
    free(l->made_of);
    free(l->error);
    free(l->path);
    free(l->key);
    free(l);
}

/* Nobody new comes in; whoever is in, and be it the request that led to this, gets its answer first. */
static void retire(struct oc_server *s, struct oc_listen *l)
{
    if (l->engine) {
        oc_engine_quiesce(l->engine);
        OC_VEC_PUSH(&l->leaving, l->engine);
        l->engine = NULL;
    }
    oc_listen_close(l);
    l->retired_ms = oc_time_mono();
    OC_VEC_PUSH(&s->retired, l);
}

/* ---- the list ---- */

static char *key_of(const struct oc_api_listen *c)
{
    return c->unix_path
               ? oc_asprintf("unix:%s %d", c->unix_path, c->serves)
               : oc_asprintf("%s:%lld %d %d", c->address, (long long)c->port, c->serves, c->tls);
}

static struct oc_listen *find(const struct oc_server *s, const char *key)
{
    for (size_t i = 0; i < s->list.count; i++) {
        if (!s->list.items[i]->seen && strcmp(s->list.items[i]->key, key) == 0) {
            return s->list.items[i];
        }
    }
    return NULL;
}

static struct oc_listen *make(struct oc_server *s, const struct oc_api_listen *c)
{
    struct oc_listen *l = oc_calloc(1, sizeof *l);
    l->server = s;
    l->key = key_of(c);
    l->path = c->unix_path ? oc_strdup(c->unix_path) : NULL;
    l->serves = (enum oc_serves)c->serves;
    l->tls = c->tls && !c->unix_path;
    l->fd = -1;
    l->wanted_port = c->port;
    oc_copy(l->address, sizeof l->address, c->unix_path ? "" : c->address);
    OC_VEC_PUSH(&s->list, l);
    return l;
}

/* One that is as before, if there is one. */
static struct oc_listen *keep(struct oc_server *s, const struct oc_api_listen *c)
{
    char *key = key_of(c);
    struct oc_listen *l = find(s, key);
    free(key);
    if (l) {
        l->seen = true;
    }
    return l;
}

/* One that is new. Where another listened that is no more, its socket goes over: nobody finds the place closed. */
static struct oc_listen *add(struct oc_server *s, const struct oc_api_listen *c)
{
    struct oc_listen *l = make(s, c);
    l->seen = true;
    for (size_t i = 0; i < s->list.count && l->fd < 0; i++) {
        if (!s->list.items[i]->seen) {
            oc_listen_take_over(l, s->list.items[i]);
        }
    }
    return l;
}

static void use(struct oc_server *s, struct oc_listen *l, const struct oc_api_listen *c, size_t i,
                struct oc_diags *diags)
{
    char path[64], name[OC_LISTEN_NAME];
    l->wants_certificate = c->client_certificate;
    if (l->fd < 0) {
        oc_listen_open(l);
    }
    renew_engine(l);
    if (l->error) {
        snprintf(path, sizeof path, "api.listen[%zu]", i);
        oc_diags_add_passing(
            diags, oc_node_get(oc_config_root(s->api->outside.config(s->api->outside.ctx)), path),
            path, "Set it right, or listen elsewhere; the rest of the host goes on.", "%s: %s",
            oc_listen_name(l, name), l->error);
        oc_warn(l->engine ? "listener keeps its old certificate" : "listener does not listen",
                "listener=%s reason=%s", oc_listen_name(l, name), l->error);
    }
}

/* Where nothing is said. */
static const struct oc_api_listen usual[] = {
    {.address = "127.0.0.1", .port = 3000, .serves = OC_SERVES_ALL},
    {.address = "127.0.0.1", .port = 3002, .serves = OC_SERVES_BRIDGE},
    {.address = "127.0.0.1", .port = 3003, .serves = OC_SERVES_BRIDGE},
};

void oc_server_configure(struct oc_server *s, struct oc_diags *diags)
{
    const struct oc_list *given = &s->api->options.listen;
    const struct oc_api_listen *list = given->count ? given->items : usual;
    const size_t count = given->count ? given->count : OC_COUNT(usual);
    for (size_t i = 0; i < s->list.count; i++) {
        s->list.items[i]->seen = false;
    }
    struct oc_listen **used = oc_calloc(count, sizeof *used);
    for (size_t i = 0; i < count; i++) {
        used[i] = keep(s, &list[i]);
    }
    for (size_t i = 0; i < count; i++) {
        used[i] = used[i] ? used[i] : add(s, &list[i]);
    }
    for (size_t i = s->list.count;
         i-- > 0;) { /* before a new one opens: it may want the place of an old one */
        if (!s->list.items[i]->seen) {
            retire(s, s->list.items[i]);
            OC_VEC_REMOVE(&s->list, i);
        }
    }
    for (size_t i = 0; i < count; i++) {
        use(s, used[i], &list[i], i, diags);
    }
    free(used);
    oc_server_judge(s);
    oc_bus_publish(s->api->env->bus, "api.listening", json_object());
}

static void sweep_retired(struct oc_server *s, int64_t now)
{
    for (size_t i = s->retired.count; i-- > 0;) {
        struct oc_listen *l = s->retired.items[i];
        for (size_t k = 0; k < l->leaving.count; k++) {
            oc_conn_sweep(l->leaving.items[k], now);
            if (now - l->retired_ms >= LEAVE_MS) {
                oc_conn_evict(l->leaving.items[k]);
            }
        }
        let_go(l);
        if (!l->leaving.count) {
            listener_destroy(l);
            OC_VEC_REMOVE(&s->retired, i);
        }
    }
}

/* Files that changed: what they hold now is used, or it is said why not. Each change is told of once. */
static void look_at_files(struct oc_listen *l)
{
    char *before = l->made_of ? oc_strdup(l->made_of) : NULL, name[OC_LISTEN_NAME];
    renew_engine(l);
    if (l->error && l->engine && before && strcmp(before, l->made_of) != 0) {
        oc_warn("listener keeps its old certificate", "listener=%s reason=%s",
                oc_listen_name(l, name), l->error);
    }
    free(before);
}

/* Its place was taken, or its certificate was none: that may have changed by itself. */
static void try_again(struct oc_listen *l)
{
    char name[OC_LISTEN_NAME];
    const bool closed = l->fd < 0;
    if (closed) {
        oc_listen_open(l);
    }
    renew_engine(l);
    if (closed && l->fd >= 0) {
        oc_bus_publish(l->server->api->env->bus, "api.listening", json_object());
    }
    if (l->engine && !l->error) {
        oc_info("listener listens now", "listener=%s", oc_listen_name(l, name));
    }
}

static bool is_due(int64_t *at, int64_t now, int64_t period)
{
    const bool due = now >= *at;
    *at = due ? now + period : *at;
    return due;
}

static void sweep(void *ctx)
{
    struct oc_server *s = ctx;
    const int64_t now = oc_time_mono();
    const bool certificates = is_due(&s->certificates_at, now, CERT_PERIOD);
    const bool retry = is_due(&s->retry_at, now, RETRY_MS);
    for (size_t i = 0; i < s->list.count; i++) {
        struct oc_listen *l = s->list.items[i];
        if (l->engine && certificates && l->tls && !s->quiesced) {
            look_at_files(l);
        } else if (!l->engine && retry && !s->quiesced) {
            try_again(l);
        }
        if (l->engine) {
            oc_conn_sweep(l->engine, now);
        }
        for (size_t k = 0; k < l->leaving.count; k++) {
            oc_conn_sweep(l->leaving.items[k], now);
        }
        let_go(l);
    }
    sweep_retired(s, now);
    if (certificates) { /* of clients, too: they may have expired, or their CA is another */
        oc_server_judge(s);
    }
}

struct oc_server *oc_server_create(struct oc_api *api)
{
    struct oc_server *s = oc_calloc(1, sizeof *s);
    s->api = api;
    s->sweep = oc_timer_create(api->env->loop, sweep, s);
    oc_timer_start(s->sweep, SWEEP_MS, SWEEP_MS);
    return s;
}

void oc_server_quiesce(struct oc_server *s)
{
    s->quiesced = true;
    for (size_t i = 0; i < s->list.count; i++) {
        if (s->list.items[i]->engine) {
            oc_engine_quiesce(s->list.items[i]->engine);
        }
    }
}

size_t oc_server_busy(const struct oc_server *s)
{
    size_t n = 0;
    for (const struct oc_http_request *r = s->pending; r; r = r->next) {
        n += r->handed; /* nobody waits for one that is still on its way in */
    }
    return n;
}

void oc_server_destroy(struct oc_server *s)
{
    if (!s) {
        return;
    }
    s->closed = true;
    while (s->pending) { /* its operation may end later than we do, and must not find it then */
        oc_conn_give_up(s->pending, "the host is stopping");
    }
    for (size_t i = 0; i < s->retired.count; i++) {
        listener_destroy(s->retired.items[i]);
    }
    OC_VEC_FINISH(&s->retired);
    for (size_t i = 0; i < s->list.count; i++) {
        listener_destroy(s->list.items[i]);
    }
    OC_VEC_FINISH(&s->list);
    oc_timer_destroy(s->sweep);
    free(s);
}

static json_t *listener_json(const struct oc_listen *l)
{
    json_t *o = json_object();
    char *url = NULL;
    const int64_t port = l->port ? l->port : l->wanted_port; /* also of one that cannot have it */
    if (!l->path && port > 0) {
        const bool any = strcmp(l->address, "0.0.0.0") == 0 || strcmp(l->address, "::") == 0;
        const char *host = any ? "localhost" : l->address;
        const char *open = strchr(host, ':') ? "[" : "", *shut = *open ? "]" : "";
        url = oc_asprintf("%s://%s%s%s:%lld", l->tls ? "https" : "http", open, host, shut,
                          (long long)port);
    }
    oc_json_set_str(o, "url", url);
    oc_json_set_str(o, "unix", l->path);
    oc_json_set_str(o, "address", l->path ? NULL : l->address);
    oc_json_set_int(o, "port", port);
    oc_json_set_bool(o, "listening", l->fd >= 0);
    oc_json_set_str(o, "serves", l->serves == OC_SERVES_ALL ? "all" : "bridge");
    oc_json_set_bool(o, "tls", l->tls);
    oc_json_set_bool(o, "loopback", l->loopback);
    oc_json_set_int(o, "connections", (int64_t)oc_listen_connections(l));
    oc_json_set_bool(o, "client_certificate", l->wants_certificate);
    if (l->engine && l->engine->expires_ms) {
        oc_json_set_time(o, "certificate_expires_at", l->engine->expires_ms);
    }
    oc_json_set_str(o, "error", l->error);
    free(url);
    return o;
}

json_t *oc_server_json(const struct oc_server *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->list.count; i++) {
        json_array_append_new(list, listener_json(s->list.items[i]));
    }
    return list;
}
