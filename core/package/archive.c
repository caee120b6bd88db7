/* Starts openclaw-archive and reads what it says. SPDX-License-Identifier: MIT */
#include "core/package/archive.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/run.h"
#include "core/sys/file.h"

#define LIMIT_MS (10 * 60 * 1000) /* its own limit of CPU time is shorter */

struct hearing {
    struct oc_work *w;
    json_t *files; /* owned */
    bool done, failed;
};

static void take_error(struct hearing *h, const json_t *error)
{
    const char *reason = oc_json_str(error, "reason", "");
    oc_error_set(&h->w->err, oc_error_code(oc_json_str(error, "code", "internal")), "%s",
                 oc_json_str(error, "message", "the archive cannot be read"));
    if (*reason) {
        oc_error_hint(&h->w->err, "Get the archive again from where it was published; "
                                  "`openclaw plugin pack` does not write such a thing.");
        oc_work_reason(h->w, reason);
    }
    h->failed = true;
}

static void on_line(void *ctx, const char *text)
{
    struct hearing *h = ctx;
    json_t *line = oc_json_parse(text, strlen(text), NULL);
    const char *file = oc_json_str(line, "file", NULL);
    if (file) {
        oc_json_set_str(h->files, file, oc_json_str(line, "sha256", ""));
    } else if (json_object_get(line, "error")) {
        take_error(h, json_object_get(line, "error"));
    } else if (json_object_get(line, "done")) {
        h->done = true;
    }
    json_decref(line);
}

/* `files` may be NULL. */
static int ask(struct oc_work *w, const char *verb, const char *from, const char *to,
               json_t **files)
{
    struct hearing h = {.w = w, .files = json_object()};
    struct oc_run_end end;
    char *program = oc_path_helper("openclaw-archive");
    if (!program) {
        json_decref(h.files);
        oc_error_set(&w->err, OC_E_UNSUPPORTED, "openclaw-archive cannot be found");
        oc_error_hint(&w->err, "Install openclaw whole: it lies in libexec/openclaw.");
        return OC_E_UNSUPPORTED;
    }
    const char *const argv[] = {program, verb, from, to, NULL};
    const struct oc_run run = {.argv = argv, .limit_ms = LIMIT_MS, .on_line = on_line, .ctx = &h};
    int code = oc_run(&run, &end, &w->err);
    if (code == OC_OK && h.failed) {
        code = w->err.code;
    } else if (code == OC_OK && (end.status != 0 || !h.done)) {
        oc_error_set(&w->err, OC_E_VERIFY, "the unpacker ended with status %d", end.status);
        oc_error_hint(&w->err, "The archive asks for more memory or time than a plugin needs.");
        oc_work_reason(w, "archive-format");
        code = OC_E_VERIFY;
    }
    if (code == OC_OK && files) {
        *files = json_incref(h.files);
    }
    json_decref(h.files);
    free(program);
    return code;
}

int oc_archive_unpack(struct oc_work *w, const char *file, const char *dir, json_t **files)
{
    return ask(w, "unpack", file, dir, files);
}

int oc_archive_pack(struct oc_work *w, const char *dir, const char *file)
{
    const int code = oc_file_replaceable(file, &w->err);
    return code == OC_OK ? ask(w, "pack", dir, file, NULL) : code;
}
