/* Whether a collector would ask this host itself for another service. SPDX-License-Identifier: MIT */
#include "core/service/schedule/own.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/address.h"
#include "core/base/json.h"
#include "core/base/text.h"

struct place {
    char host[256];
    long port;
};

/* "http://host:3000/path", "https://user@[::1]". False when it is no such thing. */
static bool read_url(const char *url, struct place *p)
{
    const char *from = strstr(url, "://");
    if (!from) {
        return false;
    }
    p->port = oc_starts(url, "https:") ? 443 : 80;
    from += strlen("://");
    const char *at = memchr(from, '@', strcspn(from, "/?#"));
    from = at ? at + 1 : from;
    const bool v6 = *from == '[';
    from += v6 ? 1 : 0;
    const size_t len = strcspn(from, v6 ? "]" : ":/?#");
    if (len == 0 || len >= sizeof p->host) {
        return false;
    }
    memcpy(p->host, from, len);
    p->host[len] = '\0';
    const char *rest = from + len + (v6 && from[len] ? 1 : 0);
    p->port = *rest == ':' ? strtol(rest + 1, NULL, 10) : p->port;
    return true;
}

/* A listener of any address takes those of its family alone. */
static bool is_at(const json_t *listener, const struct place *p)
{
    const char *own = oc_json_str(listener, "address", "");
    const bool any4 = strcmp(own, "0.0.0.0") == 0, any6 = oc_address_same(own, "::");
    if (!oc_json_bool(listener, "listening", false) ||
        oc_json_int(listener, "port", 0) != p->port) {
        return false;
    }
    if (strcasecmp(p->host, "localhost") == 0) {
        return any4 || any6 || oc_address_is_loopback(own);
    }
    const bool v6 = strchr(p->host, ':') != NULL;
    return oc_address_same(own, p->host) || ((v6 ? any6 : any4) && oc_address_is_loopback(p->host));
}

/* What the plugin would ask when its item does not say it. */
static const char *default_url(const struct oc_env *env, const char *name)
{
    struct oc_plugin *plugin = oc_plugin_find(env->plugins, name);
    size_t stride, size;
    bool known = false;
    const struct oc_option *table =
        plugin ? oc_plugin_options(plugin, &stride, &size, &known) : NULL;
    if (plugin && !known && oc_plugin_load(plugin, NULL) == OC_OK) {
        table = oc_plugin_options(plugin, &stride, &size, &known);
    }
    for (size_t i = 0; table && oc_option_at(table, stride, i)->name; i++) {
        const struct oc_option *o = oc_option_at(table, stride, i);
        if (strcmp(o->name, "url") == 0) {
            return o->default_text;
        }
    }
    return NULL;
}

bool oc_own_is_asked(const struct oc_node *group)
{
    const struct oc_node *said = oc_node_get(group, "unless_own");
    return said && said->type == OC_NODE_BOOL && said->boolean;
}

bool oc_own_is_meant(const struct oc_env *env, const char *plugin, const struct oc_node *group)
{
    struct place place;
    if (!oc_own_is_asked(group) || !oc_ops_find(env->ops, "api.listeners")) {
        return false;
    }
    const struct oc_node *given = oc_node_get(group, "url");
    const char *url = !given                          ? default_url(env, plugin)
                      : given->type == OC_NODE_STRING ? given->string
                                                      : NULL;
    if (!url || !read_url(url, &place)) {
        return false;
    }
    json_t *rows = oc_ops_ask(env->ops, "api.listeners", NULL), *row;
    size_t i;
    bool own = false;
    json_array_foreach(rows, i, row)
    {
        own = own || is_at(row, &place);
    }
    json_decref(rows);
    return own;
}
