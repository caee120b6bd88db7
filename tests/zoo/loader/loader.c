/* Tries to open libraries that are not its own. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <dlfcn.h>
#include <stdio.h>

static const char *zoo_dir;

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    (void)self, (void)err;
    zoo_dir = host->plugin_dir;
    return OC_OK;
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    char path[256];
    double loaded = 0;
    snprintf(path, sizeof path, "%s/../calm_sandbox/calm_sandbox.so", zoo_dir);
    loaded += dlopen(path, RTLD_NOW | RTLD_LOCAL) != NULL;
    loaded += dlopen("/var/tmp/zoo/nothing.so", RTLD_NOW | RTLD_LOCAL) != NULL;
    return oc_emit_gauge(out, "zoo.got_through", loaded);
}

ZOO_ENTRY(start, NULL)
