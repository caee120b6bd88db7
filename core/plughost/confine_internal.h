/* The steps of confinement, shared by the files confine*.c only. SPDX-License-Identifier: MIT */
#ifndef OC_PLUGHOST_CONFINE_INTERNAL_H
#define OC_PLUGHOST_CONFINE_INTERNAL_H

#include "core/plughost/confine.h"
#include "core/plugin/manifest/rights.h"
#include "core/sys/kernel.h"
#include "core/sys/limit.h"

struct confinement {
    const json_t *init; /* borrowed */
    bool sandbox;
    struct oc_rights rights;
    struct oc_kernel kernel;
    const char *plugin_dir, *state_dir, *tmp_dir; /* borrowed from init; NULL = none */
    json_t *report;                               /* owned */
    json_t *missing;                              /* in report */
};

/* Session, parent, out-of-memory score, umask, descriptors, environment. */
int oc_confine_process(struct confinement *c, struct oc_error *err);
/* Resource limits. */
int oc_confine_limits(struct confinement *c, struct oc_error *err);
/* Root without its powers: keeps only the capabilities that the rights need. */
int oc_confine_capabilities(struct confinement *c, struct oc_error *err);
/* Files, ports and scopes; nothing where the kernel has no Landlock. */
int oc_confine_landlock(struct confinement *c, struct oc_error *err);
/* System calls; nothing where the kernel has no filters. Last: what comes before needs calls that it takes. */
int oc_confine_seccomp(struct confinement *c, struct oc_error *err);

/* A path of a right with its variable replaced and a last star taken off; NULL when the variable has no folder. Owned. */
char *oc_confine_path(const struct confinement *c, const char *path);
/* {"missing":[.., text]} */
void oc_confine_miss(struct confinement *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
