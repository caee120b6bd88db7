/* The servers that a dsn names, with their addresses. SPDX-License-Identifier: MIT */
#include "hosts.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the dsn and the environment say ---- */

struct settings {
    PQconninfoOption *dsn, *defaults;
};

static const char *value_in(const PQconninfoOption *options, const char *keyword)
{
    for (; options && options->keyword; options++) {
        if (strcmp(options->keyword, keyword) == 0) {
            return options->val;
        }
    }
    return NULL;
}

static const char *value_of(const struct settings *s, const char *keyword)
{
    const char *value = value_in(s->dsn, keyword);
    value = value ? value : value_in(s->defaults, keyword);
    return value ? value : "";
}

/* ---- lists ---- */

static size_t count_of(const char *list)
{
    size_t count = 1;
    for (; *list; list++) {
        count += *list == ',';
    }
    return count;
}

/* Entry `i` of a list into `text`; "" when it is longer. */
static const char *entry_of(const char *list, size_t i, char text[256])
{
    while (i > 0 && *list) {
        i -= *list++ == ',';
    }
    size_t len = strcspn(list, ",");
    snprintf(text, 256, "%.*s", len < 256 ? (int)len : 0, list);
    return text;
}

struct lists {
    FILE *host, *hostaddr, *port;
    size_t count;
    bool named; /* a name was looked up: without one, nothing has to be changed */
};

static void add(struct lists *l, const char *host, const char *hostaddr, const char *port)
{
    const char *comma = l->count++ > 0 ? "," : "";
    fprintf(l->host, "%s%s", comma, host);
    fprintf(l->hostaddr, "%s%s", comma, hostaddr);
    fprintf(l->port, "%s%s", comma, port);
}

static void add_addrs(struct lists *l, const char *host, const struct oc_addrs *addrs,
                      const char *port)
{
    char text[INET6_ADDRSTRLEN];
    for (unsigned i = 0; i < addrs->count; i++) {
        const union oc_addr *a = &addrs->at[i];
        const void *bytes = a->any.sa_family == AF_INET6 ? (const void *)&a->v6.sin6_addr
                                                         : (const void *)&a->v4.sin_addr;
        add(l, host, inet_ntop(a->any.sa_family, bytes, text, sizeof text), port);
    }
    l->named = true;
}

/* ---- looking up ---- */

static bool is_name(const char *host, const char *hostaddr)
{
    union oc_addr literal;
    return !*hostaddr && *host && *host != '/' && *host != '@' && !oc_addr_parse(&literal, host);
}

/* Each host but the last gets half of the time that is left. */
static int32_t find_all(struct lists *l, const struct settings *s, struct oc_lookup *lookup,
                        const struct oc_wait *wait, struct oc_error *err)
{
    const char *hosts = value_of(s, "host"), *hostaddrs = value_of(s, "hostaddr");
    const char *ports = value_of(s, "port");
    const size_t count = count_of(hosts);
    int32_t code = OC_OK;
    for (size_t i = 0; i < count && code != OC_E_CANCELLED; i++) {
        char host[256], hostaddr[256], port[256];
        struct oc_addrs addrs;
        struct oc_wait part = *wait;
        part.deadline -= i + 1 < count ? oc_left_ms(wait->deadline) / 2 : 0;
        entry_of(hosts, i, host);
        entry_of(hostaddrs, i, hostaddr);
        entry_of(ports, count_of(ports) > 1 ? i : 0, port);
        if (!is_name(host, hostaddr)) {
            add(l, host, hostaddr, port);
            continue;
        }
        int32_t rc = oc_lookup_run(lookup, host, &part, &addrs, err);
        if (rc == OC_OK) {
            add_addrs(l, host, &addrs, port);
        } else {
            l->named = true;
            code = rc;
        }
    }
    return l->count > 0 && code != OC_E_CANCELLED ? OC_OK : code;
}

/* Lists whose lengths do not fit are libpq's to refuse, and so are entries of unheard-of length. */
static bool is_sound(const struct settings *s)
{
    const char *hosts = value_of(s, "host"), *hostaddrs = value_of(s, "hostaddr");
    const char *ports = value_of(s, "port");
    const size_t count = count_of(hosts);
    return *hosts && (!*hostaddrs || count_of(hostaddrs) == count) &&
           (count_of(ports) == 1 || count_of(ports) == count) && strlen(hosts) < 4096;
}

static int32_t find(struct oc_pg_hosts *h, const struct settings *s, struct oc_lookup *lookup,
                    const struct oc_wait *wait, struct oc_error *err)
{
    size_t sizes[3];
    struct lists l = {.host = open_memstream(&h->host, &sizes[0]),
                      .hostaddr = open_memstream(&h->hostaddr, &sizes[1]),
                      .port = open_memstream(&h->port, &sizes[2])};
    bool open = l.host && l.hostaddr && l.port;
    int32_t code =
        open ? find_all(&l, s, lookup, wait, err) : oc_fail(err, OC_E_INTERNAL, "out of memory");
    FILE *files[] = {l.host, l.hostaddr, l.port};
    for (size_t i = 0; i < 3; i++) {
        if (files[i] && fclose(files[i]) != 0 && code == OC_OK) {
            code = oc_fail(err, OC_E_INTERNAL, "out of memory");
        }
    }
    if (code != OC_OK || !l.named) {
        oc_pg_hosts_finish(h);
    }
    return code;
}

int32_t oc_pg_hosts_find(struct oc_pg_hosts *h, const char *dsn, struct oc_lookup *lookup,
                         const struct oc_wait *wait, struct oc_error *err)
{
    struct settings s = {PQconninfoParse(dsn, NULL), PQconndefaults()};
    int32_t code = OC_OK;
    memset(h, 0, sizeof *h);
    if (s.dsn && is_sound(&s) && !value_in(s.dsn, "service")) {
        code = find(h, &s, lookup, wait, err);
    }
    PQconninfoFree(s.dsn);
    PQconninfoFree(s.defaults);
    return code;
}

void oc_pg_hosts_forget(const struct oc_pg_hosts *h, struct oc_lookup *lookup)
{
    const size_t count = h->host ? count_of(h->host) : 0;
    for (size_t i = 0; i < count; i++) {
        char host[256];
        oc_lookup_forget(lookup, entry_of(h->host, i, host));
    }
}

void oc_pg_hosts_finish(struct oc_pg_hosts *h)
{
    free(h->host);
    free(h->hostaddr);
    free(h->port);
    memset(h, 0, sizeof *h);
}
