/* The hooks: every question that the host asks policies. SPDX-License-Identifier: MIT
 *
 * The one table from which come the checks of answers, `openclaw policy hooks` and the pages about policies. [any] */
#ifndef OC_POLICY_HOOKS_H
#define OC_POLICY_HOOKS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define OC_HOOK_ARGS 4

struct oc_hook_arg {
    const char *name;
    const char *shape; /* as people read it (shape.h); what the host gives, so nothing checks it */
    const char *help;
};

struct oc_hook {
    const char *name;
    const char *summary; /* what is asked, one sentence without a full stop */
    struct oc_hook_arg args[OC_HOOK_ARGS];
    const char *returns; /* the shape of the answer (shape.h): what does not fit is a failure */
    const char *meaning; /* what the answer means */
    const char
        *otherwise; /* what is done when no policy has the hook, or the one that was asked failed */
    const char *asked; /* when, and by whom */
    bool outside; /* not by the host: what others ask with `policy eval` are its real questions */
};

#define OC_HOOKS_MAX 32
extern const struct oc_hook oc_hooks[]; /* a NULL name ends it */

/* The place of a hook in oc_hooks, or -1. */
int oc_hook_index(const char *name);
/* {"hook","summary","signature","args":[{"name","shape","help"}],"returns","meaning","otherwise","asked"}; caller owns. */
json_t *oc_hook_json(const struct oc_hook *hook);

#endif
