/* One download at a time through libcurl. SPDX-License-Identifier: MIT */
#ifndef OC_FETCH_TRANSFER_H
#define OC_FETCH_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oc_transfer;

struct oc_transfer_request {
    const char *url;    /* http or https */
    uint64_t max;       /* more bytes than these are never passed on */
    int64_t timeout_ms; /* to connect, and without progress */
    const char *ca;     /* certificates to trust instead of the system's; NULL */
    bool (*take)(void *ctx, const void *data, size_t len); /* false: nobody listens any more */
    void *ctx;
};

struct oc_transfer_failure {
    const char *reason; /* "download-missing", ...: the words of core/package/registry/source.h */
    char message[256];
};

struct oc_transfer *oc_transfer_create(void); /* NULL: libcurl cannot start */
void oc_transfer_destroy(struct oc_transfer *t);
/* Connections stay open from one call to the next. */
bool oc_transfer_run(struct oc_transfer *t, const struct oc_transfer_request *request,
                     struct oc_transfer_failure *failure);

#endif
