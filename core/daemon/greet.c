/* What the first start says. SPDX-License-Identifier: MIT */
#include "core/daemon/greet.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"

static void on_link(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    (void)ctx;
    (void)err;
    if (code == OC_OK) {
        fprintf(stderr, "Sign in (once, within 15 minutes): %s\n", oc_json_str(result, "url", ""));
    }
}

void oc_greet(struct oc_ops *ops, bool foreground)
{
    json_t *answer = oc_ops_ask(ops, "access.first", NULL);
    const bool first = oc_json_bool(answer, "first", false);
    json_decref(answer);
    if (first && foreground && isatty(STDERR_FILENO)) {
        oc_ops_call(ops, &(struct oc_call_request){.op = "login",
                                                   .actor = {.name = "host", .role = OC_ROLE_ADMIN},
                                                   .on_done = on_link});
    } else if (first) {
        oc_info("nobody has signed in yet: `openclaw login` makes a link", NULL);
    }
}
