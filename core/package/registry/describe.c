/* What an .ocp archive is, for the version row. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/archive.h"
#include "core/package/author/stage.h"
#include "core/package/registry/keeper.h"
#include "core/plugin/manifest/manifest.h"
#include "core/plugin/manifest/note.h"
#include "core/sys/file.h"

static void set_value(json_t *artifact, const char *key, const struct oc_note *note,
                      const char *note_key, const char *fallback)
{
    const struct oc_view v = oc_note_value(note, note_key);
    char *text = v.len ? oc_strndup(v.ptr, (size_t)v.len) : oc_strdup(fallback);
    oc_json_set_str(artifact, key, text);
    free(text);
}

static int64_t note_number(const struct oc_note *note, const char *key)
{
    const struct oc_view v = oc_note_value(note, key);
    char *text = oc_strndup(v.ptr ? v.ptr : "", (size_t)v.len);
    const long long n = strtoll(text, NULL, 10);
    free(text);
    return n;
}

/* The build signature of the library says what it runs on; the manifest's word alone would not do. */
static int describe_library(struct oc_work *w, const char *dir, const char *library,
                            json_t *artifact)
{
    struct oc_buf image = {0};
    struct oc_note note;
    char *path = oc_path_join(dir, library);
    int code = oc_file_read(path, OC_ELF_MAX, &image, &w->err);
    if (code == OC_OK) {
        code = oc_note_find(image.data, image.len, &note, &w->err);
    }
    if (code == OC_OK) {
        set_value(artifact, "arch", &note, "arch", "unknown");
        set_value(artifact, "libc", &note, "libc", "glibc");
        set_value(artifact, "libc_min", &note, "libc_min", "");
        oc_json_set_str(artifact, "os", "linux");
        oc_json_take(artifact, "abi",
                     json_pack("{s:I, s:I}", "major", (json_int_t)note_number(&note, "abi_major"),
                               "min_minor", (json_int_t)note_number(&note, "abi_min_minor")));
    }
    free(path);
    oc_buf_finish(&image);
    return code;
}

static void describe_data(json_t *artifact, const struct oc_manifest *m)
{
    static const char *const keys[] = {"os", "arch", "libc"};
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        oc_json_set_str(artifact, keys[i], "any");
    }
    oc_json_take(artifact, "abi",
                 json_pack("{s:I, s:I}", "major",
                           (json_int_t)(m->abi_major ? m->abi_major : OC_ABI_MAJOR), "min_minor",
                           (json_int_t)m->abi_minor));
}

static json_t *describe_folder(struct oc_work *w, const char *dir)
{
    struct oc_manifest *m = oc_manifest_load(dir, &w->err);
    json_t *artifact = json_object(), *out = NULL;
    int code = m ? OC_OK : OC_E_CONFIG;
    if (code == OC_OK && m->library) {
        code = describe_library(w, dir, m->library, artifact);
    } else if (code == OC_OK) {
        describe_data(artifact, m);
    }
    if (code == OC_OK) {
        oc_json_set_str(artifact, "tier", oc_json_str(w->params, "tier", "sandbox"));
        out = json_pack("{s:O, s:O}", "artifact", artifact, "manifest", m->json);
    }
    oc_manifest_free(m);
    json_decref(artifact);
    return out;
}

static int measure(struct oc_work *w, const char *file, json_t *artifact)
{
    char hex[OC_SHA256_HEX];
    uint64_t size = 0;
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return oc_error_errno(&w->err, 0, errno, "cannot read %s", file);
    }
    const int code = oc_sha256_fd(fd, OC_ARTIFACT_MAX, hex, &size, &w->err);
    close(fd);
    oc_json_set_str(artifact, "sha256", hex);
    oc_json_set_int(artifact, "size", (int64_t)size);
    return code;
}

json_t *oc_keeper_describe(struct oc_work *w, const char *file)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = oc_asprintf("%s/openclaw-publish-XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
    json_t *files = NULL, *out = NULL;
    if (!mkdtemp(dir)) {
        oc_error_errno(&w->err, 0, errno, "cannot make a folder in %s", dir);
        free(dir);
        return NULL;
    }
    if (oc_archive_unpack(w, file, dir, &files) == OC_OK) {
        out = describe_folder(w, dir);
    }
    if (out && measure(w, file, json_object_get(out, "artifact")) != OC_OK) {
        json_decref(out);
        out = NULL;
    }
    oc_stage_remove(dir);
    json_decref(files);
    free(dir);
    return out;
}
