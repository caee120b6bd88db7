/* Who holds a plugin to its rights, and what this kernel cannot hold. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plugin/manifest/rights.h"

struct verdict {
    const char *by; /* "kernel" "broker" "partly" "no" */
    const char *note;
};

static struct verdict verdict(const char *by, const char *note)
{
    return (struct verdict){by, note};
}

static struct verdict file_verdict(const struct oc_right *r, const struct oc_kernel *k)
{
    const char *star = strchr(r->what, '*');
    if (k->landlock < OC_LANDLOCK_FILES) {
        return verdict("no", "this kernel has no Landlock: every file of the host's user is open");
    }
    if (k->landlock < OC_LANDLOCK_TRUNCATE) {
        return verdict("partly", "before Landlock 3 any file of the host's user can be cut off");
    }
    if (strcmp(r->what, "*") == 0 || strcmp(r->what, "/") == 0) {
        return verdict("kernel", "all files that the host's user may use");
    }
    return verdict("kernel", star && star[1] ? "the files that match when it starts" : "");
}

static struct verdict ports_verdict(const struct oc_right *r, const struct oc_kernel *k)
{
    bool all = r->lo == 0 && r->hi == UINT16_MAX;
    if (!k->seccomp && k->landlock < OC_LANDLOCK_PORTS) {
        return verdict("no", "this kernel has neither seccomp nor Landlock 4: the network is open");
    }
    if (k->landlock < OC_LANDLOCK_PORTS && !all) {
        return verdict("partly",
                       "before Landlock 4 the kernel does not hold ports: any port of TCP");
    }
    return r->host ? verdict("partly", "the port is held by the kernel, the host is not")
                   : verdict("kernel", "");
}

static struct verdict seccomp_verdict(const struct oc_kernel *k, const char *beyond)
{
    if (!k->seccomp) {
        return verdict("no", "this kernel has no seccomp filters");
    }
    return beyond ? verdict("partly", beyond) : verdict("kernel", "");
}

static struct verdict udp_verdict(const struct oc_right *r, const struct oc_kernel *k)
{
    bool all = r->lo == 0 && r->hi == UINT16_MAX && !r->host;
    return seccomp_verdict(k, all ? NULL : "that it is UDP is held, hosts and ports are not");
}

static struct verdict spawn_verdict(const struct oc_right *r, const struct oc_kernel *k)
{
    if (k->landlock < OC_LANDLOCK_FILES) {
        return seccomp_verdict(k, "without Landlock any program can be started");
    }
    struct verdict v = seccomp_verdict(k, NULL);
    if (k->seccomp) {
        v.note = strcmp(r->what, "*") == 0
                     ? "any program, with the rights of the plugin and not more"
                     : "the program has the rights of the plugin and not more";
    }
    return v;
}

static struct verdict sandbox_verdict(const struct oc_right *r, const struct oc_kernel *k)
{
    switch (r->kind) {
    case OC_RIGHT_FILE_READ:
    case OC_RIGHT_FILE_WRITE:
    case OC_RIGHT_FILE_EXECUTE:
        return file_verdict(r, k);
    case OC_RIGHT_NET_TCP:
    case OC_RIGHT_NET_HTTP:
    case OC_RIGHT_NET_LISTEN:
        return ports_verdict(r, k);
    case OC_RIGHT_NET_UDP:
        return udp_verdict(r, k);
    case OC_RIGHT_NET_UNIX:
        return seccomp_verdict(k, strcmp(r->what, "*") == 0
                                      ? NULL
                                      : "that it is a unix socket is held, which one is not");
    case OC_RIGHT_NET_DNS:
        return seccomp_verdict(k, "look-ups need UDP, and its hosts and ports are not held");
    case OC_RIGHT_SPAWN:
        return spawn_verdict(r, k);
    case OC_RIGHT_SIGNAL:
        return seccomp_verdict(k, NULL);
    case OC_RIGHT_ENV:
    case OC_RIGHT_SECRET:
    case OC_RIGHT_OP:
    case OC_RIGHT_TERMINAL:
        return verdict("broker", "");
    default:
        return verdict("no", "");
    }
}

static bool by_broker(enum oc_right_kind kind)
{
    return kind == OC_RIGHT_SECRET || kind == OC_RIGHT_OP;
}

static struct verdict verdict_of(const struct oc_right *r, const struct oc_kernel *k,
                                 enum oc_tier tier)
{
    if (by_broker(r->kind)) {
        return verdict("broker", "");
    }
    if (tier == OC_TIER_SANDBOX) {
        return sandbox_verdict(r, k);
    }
    if (tier == OC_TIER_PROCESS) {
        return r->kind == OC_RIGHT_ENV
                   ? verdict("partly", "other variables are taken away, and can be found in /proc")
                   : verdict("no", "the tier process is not confined: it has the rights of the "
                                   "host's user");
    }
    return verdict("no", "it runs inside the host and has its rights");
}

static json_t *row(const char *permission, bool granted, struct verdict v)
{
    json_t *out = json_object();
    oc_json_set_str(out, "permission", permission);
    oc_json_set_bool(out, "granted", granted);
    oc_json_set_str(out, "enforced", v.by);
    oc_json_set_str(out, "note", v.note);
    return out;
}

static bool is_granted(const struct oc_right *r, const struct oc_rights *have,
                       const json_t *granted)
{
    for (size_t i = 0; i < have->list.count; i++) {
        if (oc_right_covers(&have->list.items[i], r)) {
            return true;
        }
    }
    return granted == NULL;
}

json_t *oc_rights_explain(const json_t *requested, const json_t *granted,
                          const struct oc_kernel *kernel, enum oc_tier tier)
{
    struct oc_rights want, have;
    size_t i;
    json_t *left, *out = json_array();
    oc_rights_read(requested, &want);
    oc_rights_read(granted, &have);
    for (i = 0; i < want.list.count; i++) {
        const struct oc_right *r = &want.list.items[i];
        json_array_append_new(
            out, row(r->text, is_granted(r, &have, granted), verdict_of(r, kernel, tier)));
    }
    json_array_foreach(want.ignored, i, left)
    {
        const char *why = oc_json_str(left, "why", "");
        json_array_append_new(out,
                              row(oc_json_str(left, "permission", "?"), false, verdict("no", why)));
    }
    oc_rights_finish(&want);
    oc_rights_finish(&have);
    return out;
}

/* ---- what is missing ---- */

static bool ports_matter(const struct oc_rights *rights)
{
    bool some = false;
    for (size_t i = 0; i < rights->list.count; i++) {
        const struct oc_right *r = &rights->list.items[i];
        bool tcp = r->kind == OC_RIGHT_NET_TCP || r->kind == OC_RIGHT_NET_HTTP ||
                   r->kind == OC_RIGHT_NET_LISTEN;
        some = some || tcp || r->kind == OC_RIGHT_NET_DNS;
    }
    return some;
}

static void lacks(json_t *out, const struct oc_kernel *kernel, int abi, const char *what)
{
    if (kernel->landlock < abi) {
        json_array_append_new(out, json_sprintf("%s: needs Landlock %d, this kernel has %d", what,
                                                abi, kernel->landlock));
    }
}

json_t *oc_rights_missing(const struct oc_rights *rights, const struct oc_kernel *kernel)
{
    json_t *out = json_array();
    if (!kernel->seccomp) {
        json_array_append_new(out, json_string("system calls: this kernel has no seccomp filters"));
    }
    lacks(out, kernel, OC_LANDLOCK_FILES, "files");
    lacks(out, kernel, OC_LANDLOCK_TRUNCATE, "cutting files off");
    if (ports_matter(rights) || !kernel->seccomp) {
        lacks(out, kernel, OC_LANDLOCK_PORTS, "ports of TCP");
    }
    if (oc_rights_has(rights, OC_RIGHT_NET_UNIX) || !kernel->seccomp) {
        lacks(out, kernel, OC_LANDLOCK_SCOPES, "abstract unix sockets");
    }
    if (oc_rights_has(rights, OC_RIGHT_SPAWN) || !kernel->seccomp) {
        lacks(out, kernel, OC_LANDLOCK_SCOPES, "signals to other processes");
    }
    return out;
}
