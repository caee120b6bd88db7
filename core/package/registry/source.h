/* Where a registry's files are read from: a folder, or a web server. SPDX-License-Identifier: MIT
 *
 * One interface for both. Nothing that is read is trusted here; every read has a limit, and is cut there. Folders are read by this
 * process, http and https by openclaw-fetch, a process of its own that is started at the first read and lives as long as the source. */
#ifndef OC_PACKAGE_REGISTRY_SOURCE_H
#define OC_PACKAGE_REGISTRY_SOURCE_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/package/work.h"

struct oc_source;

struct oc_source_options {
    const char *ca;     /* file of certificates to trust instead of the system's; NULL */
    int64_t timeout_ms; /* without a byte; 0 = 15 s */
};

/* `url`: "https://host/path", "http://..", "file:///path" or a folder; its "v1/" is below it. OC_E_CONFIG for others. The text is made
 * absolute and without a '/' at the end in *real (owned by the caller), unless that is NULL. */
struct oc_source *oc_source_open(struct oc_work *w, const char *url,
                                 const struct oc_source_options *options, char **real);
void oc_source_close(struct oc_source *s);

/* Takes what comes; anything but OC_OK ends the read with it (the error is set by then). */
typedef int (*oc_source_sink)(void *ctx, const void *data, size_t len);
/* Reads the file `path` ("v1/timestamp.json"), at most `max` bytes. Reasons: download-missing (OC_E_NOT_FOUND), download-too-large,
 * download-truncated, download-stalled, download-redirect, registry-unreachable. */
int oc_source_get(struct oc_source *s, struct oc_work *w, const char *path, uint64_t max,
                  oc_source_sink sink, void *ctx);
int oc_source_read(struct oc_source *s, struct oc_work *w, const char *path, uint64_t max,
                   struct oc_buf *out);
/* What has been read so far. */
void oc_source_count(const struct oc_source *s, unsigned *requests, uint64_t *bytes);
bool oc_source_remote(const struct oc_source *s);

#endif
