/* The option table of the section `api`. SPDX-License-Identifier: MIT */
#include "core/api/options.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "core/base/json.h"

#define LISTEN(member) offsetof(struct oc_api_listen, member)
static const struct oc_option listen_options[] = {
    {.name = "address",
     .type = OC_OPT_STRING,
     .offset = LISTEN(address),
     .default_text = "127.0.0.1",
     .help = "address to listen on; beyond loopback every client needs credentials"},
    {.name = "port",
     .type = OC_OPT_INT,
     .offset = LISTEN(port),
     .default_text = "3000",
     .max = 65535,
     .help = "TCP port; 0 takes any that is free"},
    {.name = "unix",
     .type = OC_OPT_PATH,
     .offset = LISTEN(unix_path),
     .help = "a unix socket of this path instead of an address and a port"},
    {.name = "serves",
     .type = OC_OPT_ENUM,
     .offset = LISTEN(serves),
     .default_text = "all",
     .choices = "all|bridge",
     .help = "everything, or the message bridge alone"},
    {.name = "tls",
     .type = OC_OPT_BOOL,
     .offset = LISTEN(tls),
     .help = "speak TLS with the certificate of api.tls"},
    {.name = "client_certificate",
     .type = OC_OPT_ENUM,
     .offset = LISTEN(client_certificate),
     .default_text = "optional",
     .choices = "optional|required",
     .help = "with tls and api.tls.client_ca: whether a client is served without a certificate"},
    {0}};

#define CLIENT(member) offsetof(struct oc_api_client, member)
static const struct oc_option client_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = CLIENT(name),
     .help = "common name of the certificate's subject"},
    {.name = "role",
     .type = OC_OPT_ENUM,
     .offset = CLIENT(role),
     .default_text = "viewer",
     .choices = "viewer|operator|admin",
     .help = "what its holder may do"},
    {0}};

#define API(member) offsetof(struct oc_api_options, member)
static const struct oc_option tls_options[] = {
    {.name = "certificate",
     .type = OC_OPT_PATH,
     .offset = API(tls.certificate) - API(tls),
     .help = "certificate chain (PEM); read again when it changes"},
    {.name = "key",
     .type = OC_OPT_PATH,
     .offset = API(tls.key) - API(tls),
     .help = "its private key (PEM)"},
    {.name = "client_ca",
     .type = OC_OPT_PATH,
     .offset = API(tls.client_ca) - API(tls),
     .help =
         "clients may show a certificate that one of these (PEM) signed, and are then known by it"},
    {.name = "clients",
     .type = OC_OPT_GROUPS,
     .offset = offsetof(struct oc_api_options, tls.clients) - API(tls),
     .item_size = sizeof(struct oc_api_client),
     .options = client_options,
     .help = "roles of clients by the name in their certificate; the others are viewers"},
    {0}};

static const struct oc_option options[] = {
    {.name = "enabled",
     .type = OC_OPT_BOOL,
     .offset = API(enabled),
     .default_text = "true",
     .help = "serve the dashboard and the API over HTTP; OPENCLAW_API=off overrides it"},
    {.name = "listen",
     .type = OC_OPT_GROUPS,
     .offset = API(listen),
     .item_size = sizeof(struct oc_api_listen),
     .options = listen_options,
     .help = "where; default: 127.0.0.1:3000, and 127.0.0.1:3002 and :3003 for the bridge"},
    {.name = "tls",
     .type = OC_OPT_GROUP,
     .offset = API(tls),
     .options = tls_options,
     .help = "certificate of the listeners with tls = true"},
    {.name = "hosts",
     .type = OC_OPT_STRINGS,
     .offset = API(hosts),
     .help = "names by which this host is asked, beside localhost and its addresses"},
    {.name = "origins",
     .type = OC_OPT_STRINGS,
     .offset = API(origins),
     .help = "origins of other pages that may use the API (https://ops.example.org)"},
    {.name = "anonymous",
     .type = OC_OPT_ENUM,
     .offset = API(anonymous),
     .default_text = "none",
     .choices = "none|viewer",
     .help = "role of loopback clients without credentials"},
    {.name = "body_max",
     .type = OC_OPT_SIZE,
     .offset = API(body_max),
     .default_text = "8MB",
     .min = 1024,
     .max = 1073741824,
     .help = "longest body of a request"},
    {.name = "header_max",
     .type = OC_OPT_SIZE,
     .offset = API(header_max),
     .default_text = "32KB",
     .min = 4096,
     .max = 1048576,
     .help = "longest request line and headers together"},
    {.name = "header_timeout",
     .type = OC_OPT_DURATION,
     .offset = API(header_timeout_ms),
     .default_text = "10s",
     .min = 1000,
     .max = 600000,
     .help = "a request that has not arrived by then is given up"},
    {.name = "idle_timeout",
     .type = OC_OPT_DURATION,
     .offset = API(idle_timeout_ms),
     .default_text = "75s",
     .min = 1000,
     .max = 3600000,
     .help = "a connection without a request is closed"},
    {.name = "connections_max",
     .type = OC_OPT_INT,
     .offset = API(connections_max),
     .default_text = "12000",
     .min = 4,
     .max = 1000000,
     .help = "connections at once"},
    {.name = "connections_per_ip_max",
     .type = OC_OPT_INT,
     .offset = API(connections_per_ip_max),
     .default_text = "0",
     .max = 1000000,
     .help = "connections of one address at once; 0 is no limit"},
    {.name = "requests_per_second",
     .type = OC_OPT_INT,
     .offset = API(requests_per_second),
     .default_text = "1000",
     .max = 1000000,
     .help = "requests of one client, twice as many at once; 0 is no limit"},
    {.name = "job_after",
     .type = OC_OPT_DURATION,
     .offset = API(job_after_ms),
     .default_text = "2s",
     .min = 1,
     .max = 600000,
     .help = "an operation that takes longer is answered with a job to ask about"},
    {.name = "session",
     .type = OC_OPT_DURATION,
     .offset = API(session_ms),
     .default_text = "12h",
     .min = 60000,
     .max = 31536000000.0,
     .help = "how long a browser stays signed in without being used"},
    {.name = "status_page",
     .type = OC_OPT_BOOL,
     .offset = API(status_page),
     .help = "serve /status and the badges to everybody, without credentials"},
    {.name = "status_services",
     .type = OC_OPT_STRINGS,
     .offset = API(status_services),
     .help = "globs of the services that the status page names; the others are only counted"},
    {.name = "status_title",
     .type = OC_OPT_STRING,
     .offset = API(status_title),
     .default_text = "Service status",
     .help = "headline of /status"},
    {0}};

/* ---- names ---- */

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

static bool is_address(const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static bool is_host(const char *text)
{
    const size_t len = strlen(text);
    return is_address(text) ||
           (len && text[len - 1] != '.' && strspn(text, LETTERS DIGITS "-._") == len);
}

/* ":8443" as browsers write it: never the port that the scheme has anyway. */
static bool is_port(const char *text, bool https)
{
    const size_t digits = *text == ':' ? strspn(text + 1, DIGITS) : 0;
    const long port = digits && digits < 6 ? strtol(text + 1, NULL, 10) : 0;
    return !*text || (!text[1 + digits] && text[1] != '0' && port > 0 && port < 65536 &&
                      port != (https ? 443 : 80));
}

/* "scheme://host[:port]"; a slash behind it is no harm. */
static bool is_origin(const char *text)
{
    char host[256];
    const size_t scheme = strspn(text, LETTERS DIGITS "+-.");
    if (!scheme || strncmp(text + scheme, "://", 3) != 0) {
        return false;
    }
    const char *from = text + scheme + 3;
    const size_t slash = strlen(from) && from[strlen(from) - 1] == '/';
    const bool bracket = *from == '[';
    const size_t len = bracket ? strcspn(from, "]") : strcspn(from, ":/");
    char rest[16];
    snprintf(host, sizeof host, "%.*s", (int)(len - bracket), from + bracket);
    const char *behind = from + len + (bracket && from[len]);
    if (len >= sizeof host || strlen(behind) >= sizeof rest ||
        bracket != (strchr(host, ':') != 0)) {
        return false;
    }
    snprintf(rest, sizeof rest, "%.*s", (int)(strlen(behind) - slash), behind);
    return is_host(host) && is_port(rest, scheme == 5 && strncasecmp(text, "https", 5) == 0);
}

static void check_names(const struct oc_list *list, const char *key, bool (*is_one)(const char *),
                        const char *expected, const struct oc_config *config,
                        struct oc_diags *diags)
{
    const char *const *items = list->items;
    char path[64];
    for (size_t i = 0; i < list->count; i++) {
        if (!is_one(items[i])) {
            snprintf(path, sizeof path, "%s[%zu]", key, i);
            oc_diags_add(diags, false, oc_node_get(oc_config_root(config), path), path, "",
                         "expected %s, found \"%s\"", expected, items[i]);
        }
    }
}

void oc_api_options_bind(struct oc_api_options *o, const struct oc_config *config,
                         struct oc_arena *arena, struct oc_diags *diags)
{
    memset(o, 0, sizeof *o);
    oc_bind(options, sizeof *options, oc_node_get(oc_config_root(config), "api"), "api", NULL, o,
            sizeof *o, arena, diags);
    check_names(&o->hosts, "api.hosts", is_host, "a host's name or address without a port", config,
                diags);
    check_names(&o->origins, "api.origins", is_origin,
                "an origin such as https://ops.example.org:8443, without a path", config, diags);
}

/* ---- listeners ---- */

static bool same_place(const struct oc_api_listen *a, const struct oc_api_listen *b)
{
    if (a->unix_path || b->unix_path) {
        return a->unix_path && b->unix_path && strcmp(a->unix_path, b->unix_path) == 0;
    }
    return a->port && a->port == b->port && strcmp(a->address, b->address) == 0;
}

/* What keeps the listener `list[i]` from listening on any machine; NULL when nothing does. */
static const char *flaw_of(const struct oc_api_options *o, const struct oc_api_listen *list,
                           size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (same_place(&list[k], &list[i])) {
            return "another listener has this place already";
        }
    }
    if (list[i].unix_path) {
        return strlen(list[i].unix_path) < sizeof((struct sockaddr_un *)0)->sun_path
                   ? NULL
                   : "unix: the path of a socket has at most 107 bytes";
    }
    if (list[i].tls && (!o->tls.certificate || !o->tls.key)) {
        return "tls = true wants api.tls.certificate and api.tls.key";
    }
    if (list[i].client_certificate && !(list[i].tls && o->tls.client_ca)) {
        return "client_certificate = \"required\" wants tls = true and api.tls.client_ca";
    }
    return is_address(list[i].address) ? NULL : "address: expected an IPv4 or IPv6 address";
}

void oc_api_options_check(const struct oc_api_options *o, const struct oc_config *config,
                          struct oc_diags *diags)
{
    const struct oc_api_listen *list = o->listen.items;
    char path[64];
    for (size_t i = 0; i < o->listen.count; i++) {
        const char *flaw = flaw_of(o, list, i);
        if (flaw) {
            snprintf(path, sizeof path, "api.listen[%zu]", i);
            oc_diags_add(diags, false, oc_node_get(oc_config_root(config), path), path, "", "%s",
                         flaw);
        }
    }
}

void oc_api_describe(json_t *sections)
{
    oc_json_take(sections, "api", oc_options_json(options, sizeof *options));
}
