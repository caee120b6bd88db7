/* Bringing the archive of a release. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/package/registry/client.h"
#include "core/package/release.h"
#include "core/sys/file.h"
#include "core/sys/sign.h"

#define TELL_THEM   "Tell whoever keeps the registry; nothing was installed."
#define PROGRESS_MS 100

struct download {
    struct oc_work *w;
    const struct oc_release *r;
    int fd;
    uint64_t got;
    struct oc_sha256 hash;
    int64_t told_ms;
};

static void tell(struct download *d)
{
    const int64_t now = oc_time_mono();
    if (d->told_ms == 0 || now - d->told_ms >= PROGRESS_MS || d->got == d->r->size) {
        char text[160], got[32], all[32];
        snprintf(text, sizeof text, "%s %s: %s of %s", d->r->id, d->r->version,
                 oc_size_human((double)d->got, got, sizeof got),
                 oc_size_human((double)d->r->size, all, sizeof all));
        oc_work_progress(d->w, (double)d->got / (double)d->r->size, text);
        d->told_ms = now;
    }
}

static int on_data(void *ctx, const void *data, size_t len)
{
    struct download *d = ctx;
    if (oc_work_cancelled()) {
        return oc_error_set(&d->w->err, OC_E_CANCELLED, "cancelled");
    }
    const int rc = oc_fd_write_all(d->fd, data, len);
    if (rc != 0) {
        return oc_error_errno(&d->w->err, 0, -rc, "cannot write the archive");
    }
    oc_sha256_add(&d->hash, data, len);
    d->got += len;
    tell(d);
    return OC_OK;
}

static int check(struct download *d)
{
    char hex[OC_SHA256_HEX];
    oc_sha256_end(&d->hash, hex);
    if (d->got != d->r->size) {
        return oc_refuse(d->w, OC_E_VERIFY, "artifact-length", TELL_THEM,
                         "the archive of %s %s has %" PRIu64 " bytes in place of %" PRIu64,
                         d->r->id, d->r->version, d->got, d->r->size);
    }
    return strcmp(hex, d->r->digest) == 0
               ? OC_OK
               : oc_refuse(d->w, OC_E_VERIFY, "artifact-digest", TELL_THEM,
                           "the archive of %s %s is not the one that its publisher signed",
                           d->r->id, d->r->version);
}

static int download(struct oc_client *c, struct download *d)
{
    char *path = oc_asprintf("v1/blob/sha256/%.2s/%s", d->r->digest, d->r->digest);
    oc_sha256_begin(&d->hash);
    int code = oc_source_get(c->source, d->w, path, d->r->size, on_data, d);
    free(path);
    if (code == OC_OK) {
        code = check(d);
    }
    if (code == OC_OK && fsync(d->fd) != 0) {
        code = oc_error_errno(&d->w->err, 0, errno, "cannot write the archive");
    }
    return code;
}

int oc_release_fetch(struct oc_work *w, const struct oc_release *r, const char *path)
{
    struct download d = {.w = w, .r = r};
    struct oc_client *c = oc_session_find(w, r->registry);
    if (!c) {
        return w->err.code;
    }
    d.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (d.fd < 0) {
        return oc_error_errno(&w->err, 0, errno, "cannot write %s", path);
    }
    const int code = download(c, &d);
    close(d.fd);
    if (code != OC_OK) {
        unlink(path);
    }
    return code;
}

int oc_release_signature(struct oc_work *w, const struct oc_release *r, struct oc_buf *minisig,
                         struct oc_public_key *key)
{
    const char *text = oc_json_str(r->artifact, "minisig", "");
    uint8_t id[8];
    int code = oc_minisign_key_id(text, strlen(text), id, &w->err);
    for (size_t i = 0; code == OC_OK && i < json_array_size(r->keys); i++) {
        const char *k = json_string_value(json_array_get(r->keys, i));
        if (k && oc_key_public_parse(k, strlen(k), key, NULL) == OC_OK &&
            memcmp(key->id, id, sizeof id) == 0) {
            oc_buf_adds(minisig, text);
            return OC_OK;
        }
    }
    return oc_refuse(w, OC_E_VERIFY, "publisher-signature", TELL_THEM,
                     "the archive of %s %s is not signed by a key of its publisher", r->id,
                     r->version);
}
