/* Checks what a .ocp archive holds. SPDX-License-Identifier: MIT */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/check/child.h"
#include "core/package/check/internal.h"

#define UNPACK_MS 60000

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static void on_line(void *ctx, const json_t *line)
{
    struct oc_work *w = ctx;
    const json_t *error = json_object_get(line, "error");
    if (error) {
        oc_error_set(&w->err, oc_error_code(oc_json_str(error, "code", "internal")), "%s",
                     oc_json_str(error, "message", "the archive cannot be unpacked"));
        oc_error_hint(&w->err, "Pack the plugin again with `openclaw plugin pack`.");
        oc_work_reason(w, oc_json_str(error, "reason", "archive"));
    }
}

static int unpack(struct oc_work *w, const char *path, const char *dir)
{
    const char *const argv[] = {"openclaw-archive", "unpack", path, dir, NULL};
    const struct oc_child child = {.program = "openclaw-archive",
                                   .argv = argv,
                                   .timeout_ms = UNPACK_MS,
                                   .on_line = on_line,
                                   .ctx = w};
    struct oc_run_end end;
    bool late;
    const int code = oc_child_run(&child, &end, &late, &w->err);
    if (code) {
        return code;
    }
    if (late) {
        return oc_error_set(&w->err, OC_E_TIMEOUT, "%s could not be unpacked in time", path);
    }
    if (end.status) {
        return w->err.code ? w->err.code
                           : oc_error_set(&w->err, OC_E_INTERNAL,
                                          "openclaw-archive ended with status %d", end.status);
    }
    return OC_OK;
}

int oc_check_archive(struct oc_work *w, const char *path, const struct oc_check_options *options,
                     json_t **result)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = oc_asprintf("%s/openclaw-check-XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
    if (!mkdtemp(dir)) {
        free(dir);
        return oc_error_set(&w->err, OC_E_INTERNAL, "cannot make a scratch folder");
    }
    struct oc_check_options inner = *options;
    inner.packed = true;
    int code = unpack(w, path, dir);
    code = code ? code : oc_check_path(w, dir, &inner, result);
    if (*result) {
        oc_json_set_str(*result, "path", path);
    }
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(dir);
    return code;
}
