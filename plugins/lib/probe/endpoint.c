/* Endpoints and TLS contexts: what probes are made of before they run. SPDX-License-Identifier: MIT */
#include "probe/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <openclaw/emit.h>

static int need_resolver(struct oc_prober *pr, struct oc_error *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (pr->resolver) {
        return OC_OK;
    }
    if (pr->epoll_fd < 0) {
        pr->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    }
    if (pr->wake_fd < 0) {
        pr->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    }
    if (pr->epoll_fd < 0 || pr->wake_fd < 0 ||
        epoll_ctl(pr->epoll_fd, EPOLL_CTL_ADD, pr->wake_fd, &event) < 0) {
        return oc_fail(err, OC_E_RETRY, "cannot make descriptors for name look-ups: %s",
                       strerror(errno));
    }
    pr->resolver = oc_resolver_create(pr->wake_fd);
    return pr->resolver ? OC_OK : oc_fail(err, OC_E_INTERNAL, "out of memory");
}

int oc_endpoint_init(struct oc_endpoint *to, struct oc_prober *pr, struct oc_error *err)
{
    to->name = NULL;
    if (oc_addr_parse(&to->addr, to->host)) {
        bool v6 = to->addr.any.sa_family == AF_INET6;
        oc_addr_set_port(&to->addr, to->port);
        if (to->ip_version != OC_IP_ANY && v6 != (to->ip_version == OC_IP_6)) {
            return oc_fail(err, OC_E_CONFIG, "%s is not an IPv%c address", to->host,
                           v6 ? '4' : '6');
        }
        return OC_OK;
    }
    int code = need_resolver(pr, err);
    if (code != OC_OK) {
        return code;
    }
    to->name = oc_resolver_get(pr->resolver, to->host);
    return to->name ? OC_OK : oc_fail(err, OC_E_INTERNAL, "out of memory");
}

void oc_endpoint_finish(struct oc_endpoint *to, struct oc_prober *pr)
{
    if (to->name) {
        oc_resolver_put(pr->resolver, to->name);
    }
    memset(to, 0, sizeof *to);
}

int oc_probe_init(struct oc_probe *p, struct oc_prober *pr, struct oc_error *err)
{
    p->prober = pr;
    p->fd = -1;
    return oc_endpoint_init(&p->to, pr, err);
}

void oc_probe_finish(struct oc_probe *p)
{
    if (!p->prober) {
        return;
    }
    oc_conn_close(p);
    oc_endpoint_finish(&p->to, p->prober);
    free(p->detail_text);
    memset(p, 0, sizeof *p);
    p->fd = -1;
}

/* ---- TLS contexts ---- */

struct oc_tls_entry {
    struct oc_tls_entry *next;
    struct oc_tls_options options; /* the strings belong to the instance's options */
    struct oc_tls_context *context;
};

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_options(const struct oc_tls_options *a, const struct oc_tls_options *b)
{
    return a->verify == b->verify && same_text(a->ca_file, b->ca_file) &&
           same_text(a->cert_file, b->cert_file) && same_text(a->key_file, b->key_file);
}

struct oc_tls_context *oc_prober_tls(struct oc_prober *pr, const struct oc_tls_options *options,
                                     struct oc_error *err)
{
    for (struct oc_tls_entry *e = pr->contexts; e; e = e->next) {
        if (same_options(&e->options, options)) {
            return e->context;
        }
    }
    if (!pr->tls && !(pr->tls = oc_tls_load(pr->plugin_dir, err))) {
        return NULL;
    }
    struct oc_tls_entry *entry = calloc(1, sizeof *entry);
    if (!entry) {
        oc_fail(err, OC_E_INTERNAL, "out of memory");
        return NULL;
    }
    entry->options = *options;
    entry->context = pr->tls->context_create(options, err);
    if (!entry->context) {
        free(entry);
        return NULL;
    }
    entry->next = pr->contexts;
    pr->contexts = entry;
    return entry->context;
}

void oc_prober_forget_tls(struct oc_prober *pr)
{
    while (pr->contexts) {
        struct oc_tls_entry *entry = pr->contexts;
        pr->contexts = entry->next;
        pr->tls->context_destroy(entry->context);
        free(entry);
    }
}
