/* A name's addresses for whoever can wait. SPDX-License-Identifier: MIT */
#include "net/lookup.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int32_t begin(struct oc_lookup *l, struct oc_error *err)
{
    if (l->resolver) {
        return OC_OK;
    }
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->wake_fd < 0) {
        return oc_fail(err, OC_E_RETRY, "cannot make an event descriptor: %s", strerror(errno));
    }
    l->resolver = oc_resolver_create(l->wake_fd);
    if (!l->resolver) {
        close(l->wake_fd);
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    return OC_OK;
}

static int32_t await(struct oc_lookup *l, struct oc_name *name, const struct oc_wait *wait,
                     struct oc_error *err)
{
    uint64_t answers;
    int32_t code = OC_OK;
    while (code == OC_OK && !oc_resolver_ready(l->resolver, name, oc_monotonic_ms())) {
        code = oc_wait_fd(l->wake_fd, POLLIN, wait, err);
        if (read(l->wake_fd, &answers, sizeof answers) > 0) {
            oc_resolver_collect(l->resolver, oc_monotonic_ms());
        }
    }
    return code == OC_E_TIMEOUT
               ? oc_fail(err, code, "%.200s: the name service does not answer in time", name->text)
               : code;
}

static int32_t take(const struct oc_name *name, struct oc_addrs *addrs, struct oc_error *err)
{
    if (name->count == 0) {
        return oc_fail(err, OC_E_RETRY, "%.200s: %s", name->text, oc_resolver_reason(name));
    }
    memcpy(addrs->at, name->addrs, name->count * sizeof addrs->at[0]);
    addrs->count = name->count;
    return OC_OK;
}

int32_t oc_lookup_run(struct oc_lookup *l, const char *host, const struct oc_wait *wait,
                      struct oc_addrs *addrs, struct oc_error *err)
{
    addrs->count = oc_addr_parse(&addrs->at[0], host) ? 1 : 0;
    int32_t code = addrs->count ? OC_OK : begin(l, err);
    if (addrs->count || code != OC_OK) {
        return code;
    }
    struct oc_name *name = oc_resolver_get(l->resolver, host);
    if (!name) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    code = await(l, name, wait, err);
    code = code == OC_OK ? take(name, addrs, err) : code;
    oc_resolver_put(l->resolver, name);
    oc_resolver_tidy(l->resolver, oc_monotonic_ms());
    return code;
}

void oc_lookup_forget(struct oc_lookup *l, const char *host)
{
    if (l->resolver) {
        oc_resolver_forget(l->resolver, host);
    }
}

void oc_lookup_finish(struct oc_lookup *l)
{
    if (l->resolver) {
        oc_resolver_destroy(l->resolver);
        close(l->wake_fd);
    }
    memset(l, 0, sizeof *l);
}
