/* Whether a collector would ask this host itself for another service. SPDX-License-Identifier: MIT */
#include "core/service/schedule/own.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"

struct address {
    char host[256];
    long port;
};

/* "http://host:3000/path", "https://[::1]". False when it is no such thing. */
static bool read_url(const char *url, struct address *a)
{
    const char *from = strstr(url, "://");
    if (!from) {
        return false;
    }
    a->port = oc_starts(url, "https:") ? 443 : 80;
    from += strlen("://");
    const bool v6 = *from == '[';
    from += v6 ? 1 : 0;
    const size_t len = strcspn(from, v6 ? "]" : ":/?#");
    if (len == 0 || len >= sizeof a->host) {
        return false;
    }
    memcpy(a->host, from, len);
    a->host[len] = '\0';
    const char *rest = from + len + (v6 && from[len] ? 1 : 0);
    a->port = *rest == ':' ? strtol(rest + 1, NULL, 10) : a->port;
    return true;
}

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 || oc_starts(host, "127.");
}

static bool is_at(const json_t *listener, const struct address *a)
{
    const char *own = oc_json_str(listener, "address", "");
    const bool any = strcmp(own, "0.0.0.0") == 0 || strcmp(own, "::") == 0;
    const bool named = strcmp(a->host, "localhost") == 0 && is_loopback(own);
    return oc_json_bool(listener, "listening", false) &&
           oc_json_int(listener, "port", 0) == a->port &&
           (strcmp(own, a->host) == 0 || named || (any && is_loopback(a->host)));
}

bool oc_own_is_meant(const struct oc_env *env, const struct oc_node *group)
{
    const struct oc_node *said = oc_node_get(group, "unless_own");
    const struct oc_node *url = oc_node_get(group, "url");
    struct address address;
    if (!said || said->type != OC_NODE_BOOL || !said->boolean) {
        return false;
    }
    if (!url || url->type != OC_NODE_STRING || !read_url(url->string, &address) ||
        !oc_ops_find(env->ops, "api.listeners")) {
        return false;
    }
    json_t *rows = oc_ops_ask(env->ops, "api.listeners", NULL), *row;
    size_t i;
    bool own = false;
    json_array_foreach(rows, i, row)
    {
        own = own || is_at(row, &address);
    }
    json_decref(rows);
    return own;
}
