/* Where a plugin comes from: a registry, a file, a folder, the store, a link. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/archive.h"
#include "core/package/build.h"
#include "core/package/install/candidate.h"
#include "core/package/install/lockfile.h"
#include "core/package/registry/meta.h"
#include "core/package/registry/refuse.h"
#include "core/package/tree.h"
#include "core/sys/file.h"
#include "core/sys/sign.h"

#define ARCHIVE_MAX (UINT64_C(512) << 20)
#define MINISIG_MAX (16u << 10)

/* ---- helpers ---- */

/* Size and SHA-256 of c->archive. */
static int measure(struct oc_selection *s, struct oc_candidate *c)
{
    char hex[OC_SHA256_HEX];
    const int fd = open(c->archive, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return oc_error_errno(&s->w->err, 0, errno, "cannot open %s", c->archive);
    }
    const int code = oc_sha256_fd(fd, ARCHIVE_MAX, hex, &c->size, &s->w->err);
    close(fd);
    if (code != OC_OK) {
        return code == OC_E_VERIFY ? oc_work_reason(s->w, "archive-size") : code;
    }
    free(c->digest);
    c->digest = oc_strdup(hex);
    return OC_OK;
}

static int check_size(struct oc_selection *s, const char *path)
{
    struct stat st;
    if (stat(path, &st)) {
        return oc_error_errno(&s->w->err, 0, errno, "cannot open %s", path);
    }
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > ARCHIVE_MAX) {
        return oc_refuse(s->w, OC_E_REFUSED, "archive-size",
                         "A plugin's archive is a regular file of a few megabytes.",
                         "%s is no file of at most %llu MB", path,
                         (unsigned long long)(ARCHIVE_MAX >> 20));
    }
    return OC_OK;
}

/* A copy of `path` in a staging folder: what is looked at is what is installed, whatever happens to the original. */
static int stage_file(struct oc_selection *s, struct oc_candidate *c, const char *path)
{
    char *folder = oc_txn_stage(s->t), *real = realpath(path, NULL);
    int code = folder ? check_size(s, path) : s->w->err.code;
    if (code == OC_OK) {
        c->archive = oc_path_join(folder, "artifact.ocp");
        code = oc_tree_copy(real ? real : path, c->archive, &s->w->err);
    }
    if (code == OC_OK) {
        code = measure(s, c);
    }
    free(real);
    free(folder);
    return code;
}

static int read_minisig(struct oc_selection *s, struct oc_candidate *c, const char *archive)
{
    char *path = oc_asprintf("%s.minisig", archive);
    int code = OC_OK;
    if (oc_file_exists(path)) {
        code = oc_file_read(path, MINISIG_MAX, &c->minisig, &s->w->err);
    }
    free(path);
    return code;
}

/* ---- files and folders ---- */

int oc_source_add_file(struct oc_selection *s, const char *path, const char *source)
{
    struct oc_candidate *c = oc_candidate_add(s);
    c->source = source ? oc_strdup(source) : oc_asprintf("file:%s", path);
    int code = stage_file(s, c, path);
    return code == OC_OK ? read_minisig(s, c, path) : code;
}

int oc_source_add_folder(struct oc_selection *s, const char *path)
{
    struct oc_candidate *c = oc_candidate_add(s);
    char *built = NULL, *folder = oc_txn_stage(s->t);
    int code = folder ? OC_OK : s->w->err.code;
    c->source = oc_asprintf("folder:%s", path);
    if (code == OC_OK) {
        code = oc_build_folder(s->w, path, &built);
    }
    if (code == OC_OK) {
        c->archive = oc_path_join(folder, "artifact.ocp");
        code = oc_archive_pack(s->w, built, c->archive);
    }
    if (code == OC_OK) {
        code = measure(s, c);
    }
    free(folder);
    free(built);
    return code;
}

int oc_source_add_link(struct oc_selection *s, const char *path)
{
    struct oc_candidate *c = oc_candidate_add(s);
    char *real = realpath(path, NULL);
    struct stat st;
    if (!real || stat(real, &st) != 0 || !S_ISDIR(st.st_mode)) {
        free(real);
        return oc_refuse(s->w, OC_E_NOT_FOUND, "folder-unknown",
                         "Name a folder that holds plugin.json and what was built.",
                         "%s is no folder", path);
    }
    c->source = oc_asprintf("link:%s", real);
    c->dir = real;
    c->digest = oc_strdup("");
    return OC_OK;
}

/* ---- the store ---- */

/* Only bytes that are in the store already, under the digest that was verified then. What the lock says beyond that is a claim:
 * origin and trust come from the receipt. */
int oc_source_add_stored(struct oc_selection *s, const json_t *wanted)
{
    const char *digest = oc_lockfile_digest(wanted);
    char *place = oc_txn_artifact(s->t, digest);
    char *archive = oc_path_join(place, ".openclaw/artifact.ocp");
    int code = OC_E_NOT_FOUND;
    if (oc_hex64(digest) && oc_file_exists(archive)) {
        struct oc_candidate *c = oc_candidate_add(s);
        c->wanted = wanted;
        const struct oc_installed p = {.name = oc_json_str(wanted, "name", ""), .digest = digest};
        c->receipt = oc_state_receipt(s->w->home, &p, &s->w->err);
        c->source = oc_strdup(oc_json_str(c->receipt, "source", "store:lock"));
        code = c->receipt ? stage_file(s, c, archive) : s->w->err.code;
        if (code == OC_OK) {
            code = read_minisig(s, c, archive);
        }
    } else {
        oc_refuse(s->w, OC_E_NOT_FOUND, "artifact-missing",
                  "Install it from its registry or from a bundle.",
                  "%s is not in the store of this home", oc_json_str(wanted, "name", "the plugin"));
    }
    free(archive);
    free(place);
    return code;
}

/* ---- registries ---- */

/* The archive from the store when it was installed before, from the plan's download, else from the registry. */
static int bring(struct oc_selection *s, struct oc_candidate *c)
{
    char *place = oc_txn_artifact(s->t, c->release.digest);
    char *stored = oc_path_join(place, ".openclaw/artifact.ocp");
    char *fetched = oc_txn_fetched(s->t, c->release.digest);
    char *folder = oc_path_dir(fetched);
    int code = oc_dir_make(folder, 0755, &s->w->err);
    if (code == OC_OK && oc_file_exists(stored)) {
        code = stage_file(s, c, stored);
        if (code == OC_OK && strcmp(c->digest, c->release.digest) != 0) {
            OC_FREE(c->archive); /* damaged on disk: get it again */
        }
    }
    if (code == OC_OK && !c->archive) {
        c->archive = oc_strdup(fetched);
        code = oc_file_exists(fetched) ? measure(s, c) : OC_OK;
        if (code == OC_OK && (!c->digest || strcmp(c->digest, c->release.digest) != 0)) {
            unlink(fetched);
            code = oc_release_fetch(s->w, &c->release, fetched);
        }
        if (code == OC_OK) {
            code = measure(s, c);
        }
    }
    free(folder);
    free(fetched);
    free(stored);
    free(place);
    return code;
}

static int check_bytes(struct oc_selection *s, const struct oc_candidate *c)
{
    if (strcmp(c->digest, c->release.digest) != 0 || c->size != c->release.size) {
        return oc_refuse(s->w, OC_E_VERIFY, "artifact-swapped",
                         "Nothing was installed. Tell the registry: it serves other bytes than "
                         "the publisher signed.",
                         "the archive of %s is not the one that was published", c->release.id);
    }
    return OC_OK;
}

/* "main:acme/hello@^1" -> "^1"; NULL when there is none. Owned. */
static char *range_of(const char *spec)
{
    const char *at = strrchr(spec, '@');
    return at && at[1] ? oc_strdup(at + 1) : NULL;
}

int oc_source_take_release(struct oc_selection *s, const struct oc_release *release,
                           const char *spec, const json_t *wanted)
{
    struct oc_candidate *c = oc_candidate_add(s);
    struct oc_public_key key;
    c->release = *release;
    c->source = oc_asprintf("registry:%s", release->registry);
    c->range = range_of(spec);
    c->wanted = wanted;
    int code = bring(s, c);
    if (code == OC_OK) {
        code = check_bytes(s, c);
    }
    if (code == OC_OK) {
        code = oc_release_signature(s->w, &c->release, &c->minisig, &key);
    }
    if (code == OC_OK) {
        struct oc_buf text = {0};
        oc_key_public_text(&key, &text);
        c->key = oc_buf_take(&text);
    }
    return code;
}

int oc_source_add_release(struct oc_selection *s, const char *spec, const json_t *wanted)
{
    struct oc_release release = {0};
    const int code = oc_release_resolve(s->w, spec, s->o.offline, &release);
    return code == OC_OK ? oc_source_take_release(s, &release, spec, wanted) : code;
}

/* ---- by form ---- */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int oc_source_add(struct oc_selection *s, const char *text)
{
    if (*text != '/') {
        return oc_source_add_release(s, text, NULL);
    }
    if (is_folder(text)) {
        return oc_source_add_folder(s, text);
    }
    if (!oc_file_exists(text)) {
        return oc_refuse(s->w, OC_E_NOT_FOUND, "source-unknown",
                         "Give a folder, a .ocp archive, or name[@range] of a registry.",
                         "%s is not there", text);
    }
    return oc_source_add_file(s, text, NULL);
}
