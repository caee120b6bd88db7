/* Verifies an installed artifact. SPDX-License-Identifier: MIT */
#include "core/package/install/check_stored.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/keys.h"
#include "core/package/tree.h"
#include "core/sys/file.h"

#define MINISIG_MAX (16u << 10)
#define ARCHIVE_MAX (UINT64_C(512) << 20)

struct finding {
    json_t *problems;
    const char *signature, *running;
    size_t files;
};

static void complain(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void complain(struct finding *f, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    json_array_append_new(f->problems, json_string(text));
    free(text);
}

/* ---- files ---- */

static void compare(struct finding *f, const json_t *wanted, const json_t *found)
{
    const char *path;
    json_t *sum;
    json_object_foreach((json_t *)(uintptr_t)wanted, path, sum)
    {
        const json_t *is = json_object_get(found, path);
        if (!is) {
            complain(f, "%s is missing", path);
        } else if (!json_equal(is, sum)) {
            complain(f, "%s was changed", path);
        }
    }
    json_object_foreach((json_t *)(uintptr_t)found, path, sum)
    {
        if (!json_object_get(wanted, path)) {
            complain(f, "%s was added", path);
        }
    }
}

static void check_files(struct finding *f, const char *place, const json_t *receipt)
{
    struct oc_error err;
    oc_error_init(&err);
    json_t *found = oc_tree_files(place, &err);
    if (found) {
        f->files = json_object_size(found);
        compare(f, json_object_get(receipt, "files"), found);
    } else {
        complain(f, "%s", err.message);
    }
    json_decref(found);
}

/* ---- archive and signature ---- */

static void check_signature(struct finding *f, int fd, const char *archive, const char *key_text)
{
    struct oc_buf minisig = {0};
    struct oc_public_key key;
    struct oc_error err;
    oc_error_init(&err);
    char *path = oc_asprintf("%s.minisig", archive);
    if (!key_text) {
        f->signature = "none";
    } else if (oc_file_read(path, MINISIG_MAX, &minisig, &err) != OC_OK ||
               oc_key_public_parse(key_text, strlen(key_text), &key, &err) != OC_OK ||
               oc_minisign_verify(&key, fd, minisig.data ? minisig.data : "", minisig.len, NULL,
                                  &err) != OC_OK) {
        f->signature = "wrong";
        complain(f, "signature: %s", err.message);
    } else {
        f->signature = "good";
    }
    oc_buf_finish(&minisig);
    free(path);
}

static void check_archive(struct finding *f, const char *place, const struct oc_installed *p)
{
    char *archive = oc_path_join(place, ".openclaw/artifact.ocp");
    char hex[OC_SHA256_HEX] = "";
    struct oc_error err;
    oc_error_init(&err);
    const int fd = open(archive, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        complain(f, "the archive that was kept is missing");
    } else {
        if (oc_sha256_fd(fd, ARCHIVE_MAX, hex, NULL, &err) != OC_OK || strcmp(hex, p->digest)) {
            complain(f, "the archive that was kept was changed");
        }
        check_signature(f, fd, archive, oc_json_str(p->json, "key", NULL));
        close(fd);
    }
    free(archive);
}

/* ---- what runs ---- */

static void check_instance(struct finding *f, const struct oc_installed *p, const json_t *receipt,
                           const json_t *instance)
{
    const char *name = oc_json_str(instance, "instance", "");
    const char *digest = oc_json_str(instance, "digest", ""),
               *sha256 = oc_json_str(instance, "library_sha256", NULL);
    const char *path;
    json_t *sum;
    bool known = !sha256; /* nothing was told: then its digest has to do */
    json_object_foreach(json_object_get(receipt, "files"), path, sum)
    {
        known = known || strcmp(json_string_value(sum) ? json_string_value(sum) : "", sha256) == 0;
    }
    if (strcmp(digest, p->digest) != 0) {
        complain(f, "%s runs other bytes: those of the artifact %.16s", name,
                 *digest ? digest : "of another folder");
    } else if (!known) {
        complain(f, "%s runs a library that is no file of this artifact: %.16s", name, sha256);
    }
}

/* Every instance of it against its receipt. */
static void check_running(struct finding *f, struct oc_work *w, const struct oc_installed *p,
                          const json_t *receipt)
{
    const json_t *instance;
    const size_t before = json_array_size(f->problems);
    size_t i;
    json_array_foreach(json_object_get(w->params, "running"), i, instance)
    {
        if (strcmp(oc_json_str(instance, "name", ""), p->name) == 0) {
            check_instance(f, p, receipt, instance);
            f->running = json_array_size(f->problems) == before ? "good" : "wrong";
        }
    }
}

static void check_artifact(struct finding *f, struct oc_work *w, const struct oc_installed *p)
{
    struct oc_error err;
    oc_error_init(&err);
    json_t *receipt = oc_state_receipt(w->home, p, &err);
    char *place = oc_asprintf("%s/packages/store/sha256/%s", w->home, p->digest);
    if (receipt) {
        check_files(f, place, receipt);
        check_running(f, w, p, receipt);
    } else {
        complain(f, "receipt: %s", err.message);
    }
    check_archive(f, place, p);
    free(place);
    json_decref(receipt);
}

json_t *oc_check_stored(struct oc_work *w, const struct oc_installed *p)
{
    struct finding f = {.problems = json_array(), .signature = "none", .running = "-"};
    json_t *row = json_object();
    if (*p->digest) {
        check_artifact(&f, w, p);
    } else if (!oc_file_exists(p->source + strlen("link:"))) {
        complain(&f, "the linked folder %s is gone", p->source + strlen("link:"));
    }
    oc_json_set_str(row, "name", p->name);
    oc_json_set_str(row, "id", p->id);
    oc_json_set_str(row, "version", p->version);
    oc_json_set_str(row, "digest", p->digest);
    oc_json_set_bool(row, "ok", json_array_size(f.problems) == 0);
    oc_json_set_int(row, "files", (int64_t)f.files);
    oc_json_set_str(row, "signature", f.signature);
    oc_json_set_str(row, "running", f.running);
    oc_json_take(row, "problems", f.problems);
    return row;
}
