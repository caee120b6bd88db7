/* The set of policies, as the files of this floor see it. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_POLICY_POLICIES_H
#define OC_POLICY_POLICIES_H

#include "core/base/vec.h"
#include "core/policy/policy.h"

/* Which version of a file was looked at last. */
struct oc_policy_stamp {
    int64_t mtime_ns, size;
    uint64_t inode;
};

struct oc_policy {
    char *name;  /* "route" */
    char *file;  /* absolute; NULL while the shipped text is in force and no file replaces it */
    char *chunk; /* as messages call it: "policies/route.lua" */
    struct oc_policy_stamp stamp;
    bool seen; /* by the reload that is going on */
    /* in force: NULL until a first version was good */
    struct oc_lua *lua;
    char *text;
    size_t len;
    json_t *hooks; /* names of its functions */
    bool builtin;  /* what is in force was shipped */
    int64_t loaded_ms;
    /* the newest version, when it is not in force */
    char *error; /* NULL = none */
    int line;
    uint64_t calls, failures;
};

struct oc_policies {
    struct oc_bus *bus;              /* may be NULL */
    char *dir;                       /* may be NULL */
    OC_VEC(struct oc_policy *) list; /* in the order of rank */
};

struct oc_policy *oc_policies_find(struct oc_policies *p, const char *name);
bool oc_policy_has_hook(const struct oc_policy *policy, const char *hook);

#endif
