/* Who is connected: counted, and judged again when the configuration is another. SPDX-License-Identifier: MIT */
#include "core/api/server_internal.h"

/* ---- how many ---- */

static size_t count_of(const struct oc_listen *l, const char *peer)
{
    size_t n = l->engine ? oc_conn_count(l->engine, peer) : 0;
    for (size_t i = 0; i < l->leaving.count; i++) {
        n += oc_conn_count(l->leaving.items[i], peer);
    }
    return n;
}

size_t oc_server_connections_of(const struct oc_server *s, const char *peer)
{
    size_t n = oc_http_upgrades_apart(s, NULL, peer);
    for (size_t i = 0; i < s->list.count; i++) {
        n += count_of(s->list.items[i], peer);
    }
    for (size_t i = 0; i < s->retired.count; i++) {
        n += count_of(s->retired.items[i], peer);
    }
    return n;
}

size_t oc_listen_connections(const struct oc_listen *l)
{
    size_t n = l->engine ? oc_engine_connections(l->engine) : 0;
    for (size_t i = 0; i < l->leaving.count; i++) {
        n += oc_engine_connections(l->leaving.items[i]);
    }
    return n + oc_http_upgrades_apart(l->server, l, NULL);
}

/* ---- and whether they may stay ---- */

bool oc_engine_is_distrusted(const struct oc_engine *e)
{
    const struct oc_listen *l = e->listen;
    return l->retired_ms || (l->engine && l->engine->trust != e->trust);
}

const char *oc_listen_over(const struct oc_listen *l, const struct oc_api *api, uint64_t trust,
                           const struct oc_admission *admission)
{
    if (!l || l->retired_ms) {
        return "the listener has been closed";
    }
    if (admission->certified && l->engine && l->engine->trust != trust) {
        return "certificates of clients are signed by others now";
    }
    return oc_admission_over(admission, &api->options, l->wants_certificate);
}

/* A listener that is gone lets its streams end first (sweep_retired). */
const char *oc_engine_over(const struct oc_engine *e, const struct oc_admission *admission)
{
    return e->listen->retired_ms
               ? NULL
               : oc_listen_over(e->listen, e->listen->server->api, e->trust, admission);
}

void oc_server_judge(struct oc_server *s)
{
    for (size_t i = 0; i < s->list.count; i++) {
        struct oc_listen *l = s->list.items[i];
        if (l->engine) {
            oc_http_streams_judge(l->engine);
        }
        for (size_t k = 0; k < l->leaving.count; k++) {
            oc_http_streams_judge(l->leaving.items[k]);
        }
    }
    oc_http_upgrades_judge(s);
}
