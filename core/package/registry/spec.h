/* "registry:publisher/name@range", in its parts. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_PACKAGE_REGISTRY_SPEC_H
#define OC_PACKAGE_REGISTRY_SPEC_H

#include <stdbool.h>

#include "core/base/error.h"

struct oc_spec {
    char registry[65];  /* "" when any */
    char publisher[65]; /* "" when any */
    char name[65];
    char range[257]; /* "" = the newest */
};

/* OC_E_CONFIG says what is wrong. */
int oc_spec_parse(const char *text, struct oc_spec *spec, struct oc_error *err);
/* Does "publisher/name" fit? */
bool oc_spec_names(const struct oc_spec *spec, const char *id);

#endif
