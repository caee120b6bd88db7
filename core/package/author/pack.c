/* The verb plugin.pack: a folder as one archive. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/author/author.h"
#include "core/package/build.h"
#include "core/package/check/check.h"
#include "core/package/run.h"
#include "core/plugin/manifest/manifest.h"
#include "core/sys/file.h"
#include "core/sys/sign.h"

#define ARCHIVE_MAX (UINT64_C(1) << 30)

struct said {
    json_t *error; /* the helper's; owned */
};

static void on_line(void *ctx, const char *line)
{
    struct said *said = ctx;
    json_t *json = oc_json_parse(line, strlen(line), NULL);
    json_t *error = json_object_get(json, "error");
    if (error) {
        json_decref(said->error);
        said->error = json_incref(error);
    }
    json_decref(json);
}

static int fail_with(struct oc_work *w, const json_t *error)
{
    oc_error_set(&w->err, error ? oc_error_code(oc_json_str(error, "code", "")) : OC_E_INTERNAL,
                 "%s", oc_json_str(error, "message", "openclaw-archive failed without a reason"));
    const char *reason = oc_json_str(error, "reason", "");
    return *reason ? oc_work_reason(w, reason) : w->err.code;
}

/* Written beside `file` and renamed: an old archive stays whole until the new one is. */
static int archive(struct oc_work *w, const char *dir, const char *file)
{
    char *helper = oc_path_helper("openclaw-archive");
    struct said said = {0};
    struct oc_run_end end;
    if (!helper) {
        oc_error_set(&w->err, OC_E_UNSUPPORTED, "openclaw-archive cannot be found");
        oc_error_hint(&w->err, "Install openclaw whole: it lies in libexec/openclaw.");
        return OC_E_UNSUPPORTED;
    }
    const char *const argv[] = {helper, "pack", dir, file, NULL};
    const struct oc_run run = {.argv = argv, .on_line = on_line, .ctx = &said};
    int code = oc_run(&run, &end, &w->err);
    if (code == OC_OK && end.status != 0) {
        code = fail_with(w, said.error);
    }
    json_decref(said.error);
    free(helper);
    return code;
}

static int describe(struct oc_work *w, const struct oc_manifest *m, const char *file)
{
    char hex[OC_SHA256_HEX];
    uint64_t size = 0;
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    int code = fd < 0 ? oc_error_errno(&w->err, 0, errno, "cannot read %s", file)
                      : oc_sha256_fd(fd, ARCHIVE_MAX, hex, &size, &w->err);
    if (fd >= 0) {
        close(fd);
    }
    if (code == OC_OK) {
        json_t *result = json_object();
        oc_json_set_str(result, "file", file);
        oc_json_set_str(result, "name", m->name);
        oc_json_set_str(result, "version", m->version);
        oc_json_set_int(result, "size", (int64_t)size);
        oc_json_set_str(result, "sha256", hex);
        oc_work_result(w, result);
    }
    return code;
}

/* The file that is asked for, or NAME-VERSION.ocp where the caller stands. Owned. */
static char *target_of(const struct oc_work *w, const struct oc_manifest *m)
{
    const char *output = oc_json_str(w->params, "output", "");
    char *name = oc_asprintf("%s-%s.ocp", m->name, m->version);
    char *file = oc_path_expand(*output ? output : name, NULL);
    free(name);
    return file;
}

int oc_author_pack(struct oc_work *w)
{
    char *dir = oc_path_expand(oc_json_str(w->params, "path", "."), NULL), *built = NULL;
    char *file = NULL;
    struct oc_manifest *m = NULL;
    int code = oc_build_folder(w, dir, &built);
    if (code == OC_OK) {
        m = oc_manifest_load(built, &w->err);
        code = m ? oc_check_gate(w, built, NULL) : OC_E_CONFIG;
    }
    if (code == OC_OK) {
        oc_work_progress(w, 0.9, "packing");
        file = target_of(w, m);
        code = oc_file_replaceable(file, &w->err);
    }
    if (code == OC_OK) {
        code = archive(w, built, file);
    }
    if (code == OC_OK) {
        code = describe(w, m, file);
    }
    oc_manifest_free(m);
    free(file);
    free(built);
    free(dir);
    return code;
}
