/* The set of policies, as the files of this floor see it. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_POLICY_POLICIES_H
#define OC_POLICY_POLICIES_H

#include "core/base/vec.h"
#include "core/policy/hooks.h"
#include "core/policy/inputs.h"
#include "core/policy/policy.h"
#include "core/policy/shape.h"

#define OC_POLICY_NAME_MAX 65

/* Which version of a file was looked at last. */
struct oc_policy_stamp {
    int64_t mtime_ns, size;
    uint64_t inode;
};

/* What answers in the name of a policy. */
enum oc_policy_standing {
    OC_POLICY_NONE, /* its file never loaded */
    OC_POLICY_FILE, /* the file as it is */
    OC_POLICY_KEPT, /* the file as it was before: it does not load any more */
    OC_POLICY_LAST, /* NAME.lua.last, what was in force before the host was started: the file does not load */
    OC_POLICY_SHIPPED, /* what the binary carries */
};

struct oc_policy {
    char *name;  /* "route" */
    char *file;  /* absolute; NULL while the shipped text is in force and no file replaces it */
    char *chunk; /* as messages call it: "policies/route.lua" */
    struct oc_policy_stamp stamp;
    bool seen; /* by the reload that is going on */
    /* in force: no text until a first version was good */
    struct oc_lua *lua; /* NULL: a shipped text that nobody has asked yet (sleep.c) */
    const char *text;
    size_t len;
    char *own;           /* owned: `text`, unless it is the shipped one */
    const char *shipped; /* the text that the binary carries, or NULL */
    json_t *hooks;       /* names of its functions */
    json_t *reads;       /* reads.h; NULL: it does not say, or sleeps */
    bool builtin;        /* what is in force was shipped */
    enum oc_policy_standing in_force;
    int64_t loaded_ms;
    /* the newest version, when it is not in force */
    char *error; /* NULL = none */
    int line;
    uint64_t calls, failures;
    char *
        failing; /* what it failed with when asked, until it was well for a while; NULL = it is well */
    int64_t failed_ms;          /* monotonic: the last time */
    struct oc_lua_trace *cover; /* where its lines are marked, or NULL; borrowed */
};

struct oc_policies {
    struct oc_bus *bus;              /* may be NULL */
    char *dir;                       /* may be NULL */
    OC_VEC(struct oc_policy *) list; /* in the order of rank */
    uint64_t generation;             /* from 1: another one whenever something else is in force */
    struct oc_shape *shapes[OC_HOOKS_MAX];
    struct oc_inputs *inputs; /* NULL: inputs are not kept */
    bool keeps_last;          /* what is in force is written to NAME.lua.last */
    bool quiet;               /* somebody tries something out: no failure is told */
    bool trial;               /* and the question is no real one */
};

/* Adds one that has nothing in force yet. */
struct oc_policy *oc_policies_add(struct oc_policies *p, const char *name);
void oc_policy_set_chunk(struct oc_policy *policy, const char *dir);
/* Puts a text in force when it compiles, runs and is a policy (oc_policy_vet); else what was in force stays. */
int oc_policy_load(struct oc_policy *policy, const char *text, size_t len, struct oc_error *err);
/* check.c: whether what the chunk `name` ("policies/route.lua") defined is a policy: its functions are hooks, there is one, and when it is
 * named after a hook, that one. Without that a file that lost its hook would switch off what it guards. OC_E_CONFIG. */
int oc_policy_vet(struct oc_lua *lua, const char *name, const json_t *functions,
                  struct oc_error *err);
/* sleep.c: puts a shipped text in force without running it. Its state is made when it is asked for the first time. */
void oc_policy_sleep(struct oc_policy *policy, const char *text, size_t len);
/* To be called before `lua` is used. */
void oc_policy_wake(struct oc_policy *policy);
/* last.c: the text in force survives a restart, also of a file that was broken by hand. */
void oc_policy_keep_last(const struct oc_policy *policy);
/* Its file does not load: what was in force stays; after a start it is NAME.lua.last, or what was shipped. Sets `in_force`. */
void oc_policy_fall_back(struct oc_policy *policy);
const char *oc_policy_in_force(const struct oc_policy *policy); /* as it is told: "kept" */
/* NAME.lua.last becomes NAME.lua.previous: its file is gone. */
void oc_policies_put_aside(const struct oc_policies *p, const char *dir, const char *name);
/* Whether `entry` of the folder is a NAME.lua.last whose NAME.lua is gone; `name` gets NAME. */
bool oc_policy_is_orphan(const char *dir, const char *entry, char *name, size_t size);

/* To be called when something else is in force: brings the list into the order of rank. */
void oc_policies_changed(struct oc_policies *p);
/* Without a single policy. */
struct oc_policies *oc_policies_create_empty(struct oc_bus *bus);

struct oc_policy *oc_policies_find(struct oc_policies *p, const char *name);
bool oc_policy_has_hook(const struct oc_policy *policy, const char *hook);

#endif
