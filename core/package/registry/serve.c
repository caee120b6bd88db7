/* registry.serve: a folder over HTTP, by a helper. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/registry/keeper.h"
#include "core/package/run.h"
#include "core/sys/file.h"

struct hearing {
    struct oc_work *w;
    bool serves;
    char said[256]; /* its last words that are no JSON */
};

static void on_line(void *ctx, const char *text)
{
    struct hearing *h = ctx;
    json_t *line = oc_json_parse(text, strlen(text), NULL);
    if (json_is_object(line)) {
        h->serves = true;
        oc_work_row(h->w, line);
    } else {
        json_decref(line);
        snprintf(h->said, sizeof h->said, "%s", text);
    }
}

static int run(struct oc_work *w, const char *dir, const char *program)
{
    struct hearing h = {.w = w};
    char port[16];
    struct oc_run_end end;
    snprintf(port, sizeof port, "%d", (int)oc_json_int(w->params, "port", 0));
    const char *const argv[] = {
        program, dir, "--bind", oc_json_str(w->params, "bind", "127.0.0.1"), "--port", port, NULL};
    const struct oc_run options = {.argv = argv, .on_line = on_line, .ctx = &h};
    const int code = oc_run(&options, &end, &w->err);
    if (code == OC_OK && end.status != 0) {
        return oc_refuse(w, OC_E_PERMANENT, "serve-failed",
                         "Choose another --port, or another --bind address.", "%s",
                         h.said[0] ? h.said : "openclaw-serve failed");
    }
    return code;
}

int oc_keeper_serve(struct oc_work *w)
{
    struct oc_folder f;
    char *program = oc_path_helper("openclaw-serve");
    int code = oc_folder_open(w, &f);
    if (code == OC_OK && !program) {
        code = oc_error_set(&w->err, OC_E_UNSUPPORTED, "openclaw-serve cannot be found");
        oc_error_hint(&w->err, "Install openclaw whole: it lies in libexec/openclaw.");
    }
    if (code == OC_OK) {
        code = run(w, f.dir, program);
    }
    oc_folder_close(&f);
    free(program);
    return code;
}
