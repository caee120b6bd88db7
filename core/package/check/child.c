/* Runs one helper program and reads what it says. SPDX-License-Identifier: MIT */
#include "core/package/check/child.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/sys/file.h"

static void on_line(void *ctx, const char *text)
{
    const struct oc_child *child = ctx;
    json_t *line = oc_json_parse(text, strlen(text), NULL);
    if (json_is_object(line)) {
        child->on_line(child->ctx, line);
    }
    json_decref(line);
}

int oc_child_run(const struct oc_child *child, struct oc_run_end *end, bool *late,
                 struct oc_error *err)
{
    char *path = oc_path_helper(child->program);
    if (!path) {
        oc_error_set(err, OC_E_UNSUPPORTED, "%s cannot be found", child->program);
        oc_error_hint(err, "Install openclaw whole: it lies in libexec/openclaw.");
        return OC_E_UNSUPPORTED;
    }
    const struct oc_run run = {.program = path,
                               .argv = child->argv,
                               .input = child->input,
                               .limit_ms = child->timeout_ms,
                               .apart = true,
                               .on_line = on_line,
                               .ctx = (void *)(uintptr_t)child};
    struct oc_error why;
    oc_error_init(&why);
    const int code = oc_run(&run, end, &why);
    *late = code == OC_E_TIMEOUT;
    free(path);
    if (code == OC_OK || *late) {
        return OC_OK;
    }
    *err = why;
    return code;
}
