/* One helper program: JSON in, JSON lines out, an end within a time. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_PACKAGE_CHECK_CHILD_H
#define OC_PACKAGE_CHECK_CHILD_H

#include <jansson.h>

#include "core/package/run.h"

struct oc_child {
    const char *program;                            /* of oc_path_helper: "openclaw-plugcheck" */
    const char *const *argv;                        /* NULL-terminated; argv[0] included */
    const char *input;                              /* for its stdin; NULL = nothing */
    int64_t timeout_ms;                             /* then it and its children are ended */
    void (*on_line)(void *ctx, const json_t *line); /* each line of stdout that is a JSON object */
    void *ctx;
};

/* OC_OK when it ran, however it ended: *late says that it was ended by us. OC_E_UNSUPPORTED when the program cannot be found;
 * OC_E_CANCELLED when this program was told to end. */
int oc_child_run(const struct oc_child *child, struct oc_run_end *end, bool *late,
                 struct oc_error *err);

#endif
