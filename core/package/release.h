/* A release that a registry offers: found, verified, fetched. SPDX-License-Identifier: MIT  [any]
 *
 * Implemented by the registry client (core/package/registry/), used by the installer. */
#ifndef OC_PACKAGE_RELEASE_H
#define OC_PACKAGE_RELEASE_H

#include <jansson.h>

#include "core/package/keys.h"
#include "core/package/work.h"

struct oc_release {
    char *id;   /* "publisher/name" */
    char *name; /* the last part: must be the manifest's name */
    char *version;
    char *digest; /* SHA-256 of the .ocp, hex */
    uint64_t size;
    char *registry; /* its local name */
    char *trust;    /* "publisher" or "community" */
    char *tier;     /* lowest tier that the registry's policy allows, or NULL */
    json_t *row;    /* the whole version row, publisher-signed and verified; owned */
    const json_t
        *artifact;  /* the one of the row's artifacts that fits this host; borrowed from row */
    json_t *keys;   /* the publisher's keys, texts as in minisign's .pub files; owned */
    json_t *status; /* {"yanked":bool,"deprecated":text,"advisories":[..]} of this version; owned */
};
void oc_release_finish(struct oc_release *r);

/* What to install for "name", "publisher/name", "name@1.2.0", "name@^1", "registry:publisher/name@...": the newest release
 * that fits this host (os, arch, libc, ABI, tier), not yanked, without a malicious advisory. Metadata is refreshed by the
 * update framework's client order when it is older than it may be; `offline` uses what is there, and refuses what has
 * expired. An exact version that does not fit fails with the field, both values and what to do. OC_E_NOT_FOUND (with near
 * names), OC_E_NETWORK, OC_E_VERIFY, OC_E_REFUSED, OC_E_CONFLICT (a bare name that two publishers have). Reasons are set with
 * oc_work_reason. */
int oc_release_resolve(struct oc_work *w, const char *spec, bool offline, struct oc_release *out);
/* Brings the archive to `path` (a new file): length and digest are checked while it comes, never more than `size` bytes are
 * written, the partial file goes on failure. Progress is told through w. */
int oc_release_fetch(struct oc_work *w, const struct oc_release *r, const char *path);
/* The publisher's public key for the release, as the registry's delegations give it, and its .minisig text. */
int oc_release_signature(struct oc_work *w, const struct oc_release *r, struct oc_buf *minisig,
                         struct oc_public_key *key);

/* This host's target: "linux-x86_64-glibc". */
const char *oc_target(void);

#endif
