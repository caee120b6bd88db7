/* Loads the TLS module. SPDX-License-Identifier: MIT */
#include "probe/tls.h"

#include <dlfcn.h>
#include <stdio.h>

#include <openclaw/emit.h>

const struct oc_tls_api *oc_tls_load(const char *dir, struct oc_error *err)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/" OC_TLS_MODULE, dir);
    if (len < 0 || (size_t)len >= sizeof path) {
        oc_fail(err, OC_E_CONFIG, "the plugin's folder has too long a name");
        return NULL;
    }
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    const struct oc_tls_api *api = module ? dlsym(module, OC_TLS_SYMBOL) : NULL;
    if (!api || api->struct_size < sizeof *api) {
        const char *why = module ? "it is not the module of this build" : dlerror();
        oc_fail(err, OC_E_UNSUPPORTED, "TLS is not available: %s", why ? why : path);
        snprintf(err->hint, sizeof err->hint,
                 "Install OpenSSL 3 and put " OC_TLS_MODULE " beside the plugin.");
        return NULL;
    }
    return api;
}
